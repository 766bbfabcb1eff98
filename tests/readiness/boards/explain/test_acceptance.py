"""From samples to the explanation: what is published, waived, silent or worse is what the explanation says it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from readiness.assessment.framework import operations as framework
from readiness.assessment.framework.core import shipped
from readiness.boards.explain.queries import site_explained
from readiness.boards.explain.sentences import check_sentence
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.boards.explain.scene import DAY, good
from web.versioned.core.documents import written

pytestmark = pytest.mark.django_db
BACKUP = "p2-backup-power"


def stricter():
    """The shipped framework, which lets a UPS be loaded to 80 %, with 40 % instead."""
    mapping = written(shipped.shipped()) | {"version": "muster-3"}
    for check in mapping["checks"]:
        for part in check["parts"]:
            if (check["id"], part["id"]) == (BACKUP, "output-load"):
                part["pass"] = part["pass"] | {"value": 40}
                part["warn"] = part["warn"] | {"value": 50}
    return mapping


def explained(plant, days=1):
    today = plant.clock.at.date()
    return site_explained(plant.site, today - timedelta(days=days), today)


def next_day(plant):
    plant.clock.move(days=1)
    plant.run(30)
    return plant.evaluate()


def by_cause(found):
    return {str(cause): share for cause, share in found.explanation.score.by.items() if share}


def test_after_publishing_it_is_the_rule(well, client_of):
    assert well.state(BACKUP) == "pass"
    framework.publish(stricter(), by=None, now=well.clock.at)
    next_day(well)
    assert well.state(BACKUP) == "fail"
    found = explained(well)
    assert by_cause(found) == {"rule": pytest.approx(found.explanation.score.change, abs=1e-9)}
    assert found.explanation.score.change < 0
    [move] = found.explanation.checks
    assert (move.check_id, move.moved_by) == (BACKUP, (("rule",),))
    assert check_sentence(move, found) == "From muster-2 to muster-3: limit ≤ 80 % became ≤ 40 %."
    assert well.flip(BACKUP, "fail").cause == "rule"
    page = client_of("viewer").get(
        "/readiness/explain/", {"site": found.site.slug, "start": found.start.on_date}
    )
    difference = f"/readiness/framework/{found.start.version_id}/difference/?to={found.end.version_id}"
    assert f'<a href="{difference}">muster-2 → muster-3</a>' in page.content.decode()


def test_a_worse_figure_is_data(well):
    well.change(upsOutputPercentLoad=99)
    next_day(well)
    found = explained(well)
    assert set(by_cause(found)) == {"data"}
    [move] = [move for move in found.explanation.checks if move.check_id == BACKUP]
    assert check_sentence(move, found) == "UPS load, worst UPS: 55 % → 99 %, limit ≤ 80 %."


def test_a_day_on_which_nothing_happened_moves_nothing(well):
    found = explained(next_day(well))
    assert by_cause(found) == {}
    assert found.explanation.checks == ()


def test_silence_is_age_and_what_measures_silence_is_data(well):
    well.clock.move(days=1)
    well.evaluate()
    found = explained(well)
    assert set(by_cause(found)) <= {"evidence-age", "data"}
    causes = {move.check_id: move.moved_by for move in found.explanation.checks}
    assert causes["p5-telemetry-coverage"] == (("data",),)
    assert causes["p5-accelerator-health"] == (("evidence-age",),)


INTRA = ("p1-intra-node", "busbw")


@pytest.fixture
def around_a_declaration(db, frozen_now):
    """The same figure at both days, `declared` at one of them as what somebody entered."""
    there = made.site(name="Turin", slug="turin")

    def kept(*, declared):
        for day, at in (("before", frozen_now.at - DAY), ("after", frozen_now.at)):
            inputs = good(at)
            if day == declared:
                entered = inputs.readings[INTRA]._replace(declaration="recorded fact 3")
                inputs = replace(inputs, readings={**inputs.readings, INTRA: entered})
            stored.kept(there, inputs, at=at)
        today = frozen_now.at.date()
        found = site_explained(there, today - DAY, today)
        [move] = [move for move in found.explanation.checks if move.check_id == INTRA[0]]
        return check_sentence(move, found)

    return kept


def test_a_declaration_in_place_of_a_measurement_is_named(around_a_declaration):
    sentence = around_a_declaration(declared="after")
    assert "Declared only (recorded fact 3): Warn at best until a validation run is imported." in sentence


def test_a_measurement_in_place_of_a_declaration_is_named(around_a_declaration):
    assert around_a_declaration(declared="before").endswith(", and it was only declared before.")
