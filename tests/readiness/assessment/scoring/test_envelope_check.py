"""p2-envelope-declared, worked out of the envelopes of the classes placed at a site."""

from datetime import date, timedelta

import pytest

from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.demand.workloads import operations
from readiness.demand.workloads.models import WorkloadClass
from tests.inventory import made

pytestmark = pytest.mark.django_db
CHECK = "p2-envelope-declared"


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto", profiles=["inference"], contracted_kw=100.0)


@pytest.fixture
def placed(chat, porto, planner, frozen_now):
    for index in range(8):
        made.accelerator(device=porto.devices.first() or made.device(site=porto, name="n1"), index=index)
    return operations.place(chat, site=porto, on=date(2026, 1, 1), by=planner, now=frozen_now.at)


@pytest.fixture
def judged(porto, frozen_now):
    """The check, or a sub-measure of it, after an evaluation now or at an instant."""

    def look(part=None, at=None):
        frozen_now.move(seconds=1)
        evaluate(site_ids=[porto.pk], now=at or frozen_now.at)
        result = CheckResult.objects.get(site=porto, check_id=CHECK)
        return result if part is None else next(one for one in result.parts if one["part"] == part)

    return look


@pytest.fixture
def bare(porto, planner, frozen_now):
    """A second class at Porto, of which nothing is declared."""
    found = operations.declare(name="Bare", slug="bare", by=planner, now=frozen_now.at)
    operations.place(found, site=porto, on=date(2026, 1, 1), by=planner, now=frozen_now.at)
    return found


def record(site, part, value, now):
    record_fact(
        site=site, check=CHECK, part=part, value=value, taken_on=now.date(), source="report", by=None, now=now
    )


def test_a_whole_envelope_passes_and_says_what_it_was_told_from(placed, judged):
    assert judged().state == "pass"
    part = judged("classes-complete")
    assert (part["value"], part["evidence"], part["provenance"]) == (100, "envelopes:porto", "declared")


def test_a_class_that_lacks_a_part_counts_against_the_site(placed, chat, judged, planner, frozen_now):
    operations.change(chat, cost_ceiling=None, cost_currency="", cost_unit="", by=planner, now=frozen_now.at)
    part = judged("classes-complete")
    assert (part["state"], part["value"], "Chat lacks cost" in part["detail"]) == ("fail", 0, True)


def test_a_class_that_is_not_declared_counts_beside_one_that_is(placed, bare, judged):
    part = judged("classes-complete")
    assert (part["state"], part["value"], "Bare is not declared" in part["detail"]) == ("fail", 50, True)


def test_it_goes_stale_after_180_days_and_is_confirmed(placed, chat, judged, planner, frozen_now):
    frozen_now.move(days=182)
    assert judged().state == "stale"
    operations.confirm(chat, by=planner, now=frozen_now.at)
    assert judged().state == "pass"


def test_a_past_day_is_judged_by_what_somebody_stood_by_then(placed, chat, judged, planner, frozen_now):
    began = frozen_now.at
    frozen_now.move(days=182)
    operations.confirm(chat, by=planner, now=frozen_now.at)
    assert judged(at=began - timedelta(days=2)).state == "unknown"
    assert judged(at=began + timedelta(days=181)).state == "stale"


def test_what_all_need_together_contradicts_what_the_site_has(
    placed, chat, judged, planner, frozen_now, h100
):
    operations.change(chat, accelerators=[(h100, 16)], it_kw=120.0, by=planner, now=frozen_now.at)
    part = judged("contradictions")
    assert (part["state"], part["value"]) == ("fail", 2)
    assert "16 accelerators, and the site has 8" in part["detail"]


def test_a_contradiction_written_past_the_operations_is_found(placed, judged):
    WorkloadClass.objects.update(it_kw=0)
    assert "no power" in judged("contradictions")["detail"]


def test_a_recorded_fact_counts_until_somebody_declares(bare, porto, judged, frozen_now):
    record(porto, "classes-complete", 100, frozen_now.at)
    record(porto, "contradictions", 0, frozen_now.at)
    assert judged().state == "pass"
    assert judged("classes-complete")["evidence"].startswith("fact:")


def test_a_recorded_fact_yields_to_the_envelopes(placed, bare, porto, judged, frozen_now):
    record(porto, "classes-complete", 100, frozen_now.at)
    part = judged("classes-complete")
    assert (part["state"], part["evidence"]) == ("fail", "envelopes:porto")
    frozen_now.move(days=182)
    record(porto, "classes-complete", 100, frozen_now.at)
    assert judged("classes-complete")["state"] == "fail"
