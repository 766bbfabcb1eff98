"""How far an item is: from the state of its sub-measures, and from what proves them."""

from datetime import UTC, date, datetime

import pytest

from readiness.assessment.framework import queries as framework_queries
from readiness.golive.campaigns.doers import PlannedRun, next_run, shares
from readiness.golive.campaigns.planning import Since, Sum, progress_of
from readiness.golive.models import CampaignItem

pytestmark = pytest.mark.django_db
AT = "2026-11-20T08:00:00+00:00"


@pytest.fixture
def intra():
    return framework_queries.current()[1].check("p1-intra-node")


def part(state, *, evidence="run:7", code="", tier="measured", reason="Why.", at=AT):
    return {
        "state": state,
        "code": code,
        "tier": tier,
        "reason": reason,
        "evidence": evidence,
        "taken_at": at,
        "detail": "",
    }


@pytest.mark.parametrize(
    ("stored", "progress"),
    [
        pytest.param(part("pass"), "done", id="a run that counts passes"),
        pytest.param(part("warn"), "done", id="inside the warn region is acceptable"),
        pytest.param(part("fail"), "failed", id="a run shows that it is not met"),
        pytest.param(part("stale"), "stale", id="too old or voided"),
        pytest.param(part("unknown", code="no-evidence", evidence=""), "missing", id="nobody ran it"),
        pytest.param(part("unknown", code="cannot-judge"), "blocked", id="no floor for the platform"),
        pytest.param(part("unknown", code="no-limit"), "blocked", id="no limit is declared"),
        pytest.param(part("pass", evidence="fact:3"), "missing", id="a fact is no run"),
        pytest.param(part("pass", evidence="attestation:3"), "missing", id="a word is no run"),
        pytest.param(part("warn", tier="capped", code="capped"), "missing", id="a table may be no run"),
        pytest.param(
            part("pass", evidence="series"), "missing", id="telemetry proves no check of runs alone"
        ),
        pytest.param(part("n-a", evidence="", code="declared"), "n-a", id="declared not applicable"),
        pytest.param(None, "missing", id="never evaluated"),
    ],
)
def test_one_sub_measure(intra, stored, progress):
    found = progress_of(intra, ["busbw"], {"busbw": stored} if stored else {})
    assert (found.progress, found.part) == (progress, "busbw")
    assert found.reason


def test_telemetry_counts_where_the_check_takes_it():
    soak = framework_queries.current()[1].check("p1-soak-24h")
    assert progress_of(soak, ["inlet-p99"], {"inlet-p99": part("pass", evidence="series")}).progress == "done"


def test_the_worst_of_an_item_decides(intra):
    of = {
        "busbw": part("pass"),
        "wrong-values": part("fail"),
        "nodes-covered": part("unknown", code="no-limit"),
    }
    assert progress_of(intra, list(of), of).progress == "failed"
    of["wrong-values"] = part("pass")
    assert progress_of(intra, list(of), of).progress == "blocked"
    of["nodes-covered"] = part("n-a")
    assert progress_of(intra, list(of), of).progress == "done"


def test_runs_of_before_do_not_count_where_a_day_is_set(intra):
    of = {"busbw": part("pass")}
    assert progress_of(intra, ["busbw"], of, since=Since(date(2026, 11, 20), "UTC")).progress == "done"
    late = progress_of(intra, ["busbw"], of, since=Since(date(2026, 11, 21), "UTC"))
    assert (late.progress, "21 Nov 2026" in late.reason) == ("missing", True)
    # 08:00 UTC is the evening before on the date line's other side.
    assert Since(date(2026, 11, 20), "Pacific/Honolulu").is_before(datetime(2026, 11, 20, 8, tzinfo=UTC))


def test_what_a_framework_dropped_is_in_no_share(intra):
    assert progress_of(None, ["busbw"], {}).progress == "n-a"
    assert progress_of(intra, ["gone"], {}).progress == "n-a"


def test_shares_leave_out_what_was_dropped_or_does_not_apply():
    found = Sum({"done": 3, "failed": 1, "dropped": 4, "n-a": 2})
    assert (found.done, found.total, found.open, found.percent) == (3, 4, 1, 75.0)
    assert Sum({"n-a": 2}).percent is None


def test_shares_begin_with_what_nobody_does_then_with_the_next_day():
    def run(pk, progress, day, doer=""):
        return PlannedRun(CampaignItem(pk=pk, assigned_to=doer), f"check {pk}", progress, date(2026, 12, day))

    runs = [
        run(1, "done", 1, "vendor"),
        run(2, "missing", 9, "vendor"),
        run(3, "failed", 9, "vendor"),
        run(4, "missing", 3, "ana"),
        run(5, "missing", 20),
        run(6, "dropped", 1),
    ]
    found = shares(runs)
    assert [(each.sum.done, each.sum.total, each.next_run.item.pk) for each in found] == [
        *((0, 1, 5), (0, 1, 4), (1, 3, 3))
    ]
    assert next_run(runs).item.pk == 4
    assert shares(runs[:1])[0].next_run is None
