"""Runs against their baseline, from the file to the check; and who may mark a baseline."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Device, SiteChange
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import (
    RunContext,
    import_run,
    mark_baseline,
    record_fact,
    void_changed,
)
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from web.permissions import MissingPermission

pytestmark = pytest.mark.django_db
CHECK = "p5-baseline-regression"


@pytest.fixture
def node(porto):
    node = made.device(site=porto, name="node-1", firmware_version="1.2")
    made.accelerator(device=node, index=0)
    return node


@pytest.fixture
def take(porto, node, frozen_now):
    """`take(470, days=9)` imports a collective of so many GB/s, taken so many days ago."""

    def one(busbw, *, days=0.0, tool="nccl-tests", content=None):
        return import_run(
            site=porto,
            tool=tool,
            content=content or outputs.collective(busbw=busbw, mark=str(days)),
            file_name="out.log",
            by=None,
            now=frozen_now.at,
            context=RunContext(taken_at=frozen_now.at - timedelta(days=days)),
        )

    return one


@pytest.fixture
def parts(porto, frozen_now):
    """`parts()` evaluates Porto and gives the sub-measures of the check by id."""

    def look():
        frozen_now.move(seconds=1)
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        found = CheckResult.objects.get(site=porto, check_id=CHECK).parts
        return {part["part"]: part for part in found}

    return look


def test_a_node_that_got_slower_fails_until_its_run_is_the_baseline(take, parts, planner, frozen_now):
    take(470, days=9)
    assert parts()["nodes-beyond"]["state"] == "unknown"
    slow = take(423, days=1)
    beyond = parts()["nodes-beyond"]
    assert (beyond["state"], beyond["value"], beyond["evidence"]) == ("fail", 100, f"run:{slow.pk}")
    assert "node-1: all_reduce -10.0 % of 470 GB/s" in beyond["reason"]
    mark_baseline(slow, marked=True, by=planner, now=frozen_now.at)
    assert {part["state"] for part in parts().values()} == {"pass"}


def test_a_node_out_of_service_is_counted_no_more(porto, node, take, parts):
    made.device(site=porto, name="node-2")
    take(470, days=9)
    take(400, days=1)
    assert parts()["nodes-beyond"]["value"] == 50
    Device.objects.filter(pk=node.pk).update(status=Device.Status.OFFLINE)
    assert parts()["nodes-beyond"]["state"] == "unknown"


def test_a_change_of_firmware_makes_it_stale_and_two_runs_prove_it_again(
    porto, node, take, parts, frozen_now
):
    for days in (9, 8):
        take(470, days=days)
    why = {"void_changes": ["firmware"], "void_reason": "firmware 1.2 → 1.3."}
    ValidationRun.objects.update(voided_at=frozen_now.at, **why)
    assert parts()["nodes-beyond"]["code"] == "voided"
    frozen_now.move(hours=1)
    take(400, days=0.001)
    assert "no result newer than a baseline" in parts()["nodes-beyond"]["reason"]
    frozen_now.move(hours=1)
    take(401)
    assert parts()["nodes-beyond"]["state"] == "pass"


def test_tickets_are_recorded_after_the_result_that_asks_for_them(porto, take, parts, frozen_now):
    def tickets(days, now):
        day = (frozen_now.at - timedelta(days=days)).date()
        record_fact(
            site=porto,
            check=CHECK,
            part="nodes-without-ticket",
            value=0,
            taken_on=day,
            source="tracker",
            by=None,
            now=now,
        )

    take(470, days=9)
    take(400, days=1)
    tickets(5, frozen_now.at)
    assert parts()["nodes-without-ticket"]["state"] == "unknown"
    tickets(0, frozen_now.at)
    assert parts()["nodes-without-ticket"]["state"] == "pass"


def test_the_first_three_of_many_runs_are_read(take, parts):
    for days in (90, 80, 70):
        take(470, days=days)
    for days in range(60, 0, -10):
        take(430, days=days)
    assert parts()["nodes-beyond"]["value"] == 100


def test_statements_do_not_depend_on_how_many_runs_there_are(take, parts):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            parts()
        return len(captured)

    take(470, days=9)
    parts()
    take(470, days=8)
    few = statements()
    for days in range(1, 7):
        take(470, days=days)
    assert statements() <= few


def test_a_baseline_is_marked_by_whoever_may_and_claims_the_site(take, user_of, frozen_now):
    run = take(470)
    SiteChange.objects.all().delete()
    with pytest.raises(MissingPermission):
        mark_baseline(run, marked=True, by=user_of("ops"), now=frozen_now.at)
    mark_baseline(run, marked=True, by=user_of("planner"), now=frozen_now.at)
    assert SiteChange.objects.get().site_id == run.site_id
    mark_baseline(run, marked=False, by=user_of("planner"), now=frozen_now.at)
    run.refresh_from_db()
    assert (run.baseline_at, run.baseline_by) == (None, None)


@pytest.mark.parametrize(
    ("tool", "content", "words"),
    [
        ("dcgm-diag", outputs.diagnostic({0: 0}), "no rate or latency"),
        ("perftest", outputs.write_bandwidth(lids=("0x01", "0x01")), "crosses no network"),
    ],
)
def test_what_can_be_no_baseline_is_refused(take, planner, frozen_now, tool, content, words):
    with pytest.raises(EvidenceRefused, match=words):
        mark_baseline(take(0, tool=tool, content=content), marked=True, by=planner, now=frozen_now.at)


def test_a_run_that_was_voided_can_be_no_baseline(porto, node, take, planner, frozen_now):
    run = take(470)
    Device.objects.filter(pk=node.pk).update(firmware_version="1.3")
    void_changed(site_ids=[porto.pk], now=frozen_now.at)
    with pytest.raises(EvidenceRefused, match="voided"):
        mark_baseline(run, marked=True, by=planner, now=frozen_now.at)


def test_a_baseline_counts_from_when_it_was_marked(porto, take, planner, frozen_now):
    take(470, days=9)
    slow = take(400, days=3)
    mark_baseline(slow, marked=True, by=planner, now=frozen_now.at)
    evaluate(site_ids=[porto.pk], now=frozen_now.at - timedelta(days=1))
    assert CheckResult.objects.get(site=porto, check_id=CHECK).parts[0]["value"] == 100


class TestShown:
    def test_the_page_of_a_run_offers_it_to_whoever_may(self, client_of, take):
        run = take(470)
        path = f"/evidence/runs/{run.pk}/"
        assert b"Mark as baseline" not in client_of("ops").get(path).content
        client = client_of("planner")
        assert b"Mark as baseline" in client.get(path).content
        client.post(f"{path}baseline/", {"marked": "yes"})
        assert b"Remove baseline mark" in client.get(path).content
        assert ValidationRun.objects.get().baseline_by.username == "planner"
        assert client_of("ops").post(f"{path}baseline/").status_code == 403

    def test_a_refusal_is_said_on_the_page(self, client_of, take):
        run = take(0, tool="dcgm-diag", content=outputs.diagnostic({0: 0}))
        client = client_of("planner")
        answer = client.post(f"/evidence/runs/{run.pk}/baseline/", {"marked": "yes"}, follow=True)
        assert b"no rate or latency" in answer.content

    def test_over_http(self, api_of, take):
        run = take(470)
        path = f"/api/readiness/validation-runs/{run.pk}/baseline/"
        assert api_of("ops").post(path, {"marked": True}).status_code == 403
        answer = api_of("planner").post(path, {"marked": True})
        assert answer.status_code == 200, answer.content
        assert answer.json()["baseline_at"]
        assert api_of("planner").post(path, {"marked": "often"}).status_code == 400
        assert api_of("planner").post(path, {"marked": False}).json()["baseline_at"] is None
