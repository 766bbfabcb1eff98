"""What an evaluation writes is the same however it got there: what it skips is only work."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import Port
from readiness.assessment.evidence.models import RecordedFact
from readiness.assessment.evidence.operations import attest, record_fact
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.operations import publish
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, ScorePoint, SiteScore
from readiness.assessment.scoring.operations import evaluate

pytestmark = pytest.mark.django_db


def stored():
    """Every stored row but for its key, and for the columns that only say what need not be written or read."""
    found = []
    for model in (CheckResult, SiteScore, ScorePoint, DomainHealth, Flip):
        for row in model.objects.values():
            found.append(
                (
                    model.__name__,
                    {
                        name: row[name]
                        for name in row
                        if name not in ("id", "digest", "records_token", "facts_token")
                    },
                )
            )
    return sorted(found, key=repr)


def then_undone(work):
    """What is stored after `work`, which is taken back."""
    with transaction.atomic():
        work()
        found = stored()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def fleet(plant_of, frozen_now):
    """Two sites that were evaluated, and then fared differently."""
    faro, porto = plant_of(name="Faro"), plant_of(name="Porto")
    for plant in (faro, porto):
        values = {"taken_on": frozen_now.at.date(), "by": None, "now": frozen_now.at}
        record_fact(
            site=plant.site, check="p2-unit-cost", part="cost-to-budget", value=90, source="ledger", **values
        )
        said = {"statement": "so it is", "attested_by": "R. Costa"}
        attest(site=plant.site, check="p3-role-coverage", part="people-per-role", value=2, **said, **values)
        plant.run(10)
        plant.evaluate()
    faro.change(DCGM_FI_DEV_XID_ERRORS={"1": 79}, site_power_watts=130_000)
    RecordedFact.objects.filter(site=porto.site).delete()
    Port.objects.filter(device=porto.switch, name="eth1").update(status="disabled")
    porto.stop("rtt", "node_load1")
    for plant in (faro, porto):
        plant.run(10)
    return [faro.site.pk, porto.site.pk]


def test_together_or_alone_is_the_same(fleet, frozen_now):
    together = then_undone(lambda: evaluate(site_ids=fleet, now=frozen_now.at))
    alone = then_undone(lambda: [evaluate(site_ids=[site_id], now=frozen_now.at) for site_id in fleet])
    assert together == alone


def test_a_slow_sender_beside_it_does_not_make_a_silent_site_heard(plant_of, frozen_now):
    faro, porto = plant_of(name="Faro"), plant_of(name="Porto", cadence_s=3600)
    sites = [faro.site.pk, porto.site.pk]
    for plant in (faro, porto):
        plant.run(10)
    frozen_now.move(minutes=40)
    together = then_undone(lambda: evaluate(site_ids=sites, now=frozen_now.at))
    assert together == then_undone(lambda: [evaluate(site_ids=[pk], now=frozen_now.at) for pk in sites])


def test_what_need_not_be_written_is_as_if_it_were(fleet, frozen_now):
    def anew():
        CheckResult.objects.update(digest="")
        evaluate(site_ids=fleet, now=frozen_now.at)

    skipping = then_undone(lambda: evaluate(site_ids=fleet, now=frozen_now.at))
    assert then_undone(anew) == skipping
    assert skipping != stored()


def test_one_that_finds_the_same_writes_no_result(fleet, frozen_now):
    evaluate(site_ids=fleet, now=frozen_now.at)
    with CaptureQueriesContext(connection) as captured:
        evaluate(site_ids=fleet, now=frozen_now.at)
    assert not [query for query in captured if 'INSERT INTO "scoring_checkresult"' in query["sql"]]
    assert [query for query in captured if 'INSERT INTO "scoring_sitescore"' in query["sql"]]


def test_a_version_in_other_words_is_all_that_changes(fleet, frozen_now):
    evaluate(site_ids=fleet, now=frozen_now.at)
    before = stored()
    definition = FrameworkVersion.objects.published().get().definition
    definition["version"] = "in-other-words"
    definition["checks"][0]["why"] += " So it is."
    version = publish(definition, by=None, now=frozen_now.at)
    evaluate(site_ids=fleet, now=frozen_now.at)
    assert set(CheckResult.objects.values_list("framework_version", flat=True)) == {version.pk}

    def but_for_the_version(rows):
        return [
            (name, row | {"framework_version_id": 0})
            for name, row in rows
            if name in ("CheckResult", "Flip", "DomainHealth")
        ]

    assert but_for_the_version(stored()) == but_for_the_version(before)
