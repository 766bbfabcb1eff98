"""What a grant does to states, scores and verdicts, and what is left of it when it ends."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.assessment.grants import operations
from readiness.assessment.grants.models import Grant
from readiness.assessment.grants.queries import standing_grants
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, Flip, SiteScore
from tests.readiness.assessment.grants.conftest import DAY, WAIVABLE

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def on_battery(well):
    """The plant with its UPS battery low: backup power, a BLOCK check, fails."""
    well.change(upsBatteryStatus=3)
    well.run(5)
    assert well.evaluate().state(WAIVABLE) == "fail"
    return well


def rescore(plant):
    """As the workers do: what claims name, then what the clock alone changes."""
    scoring.rescore_changed(now=plant.clock.at)
    scoring.rescore_aged(now=plant.clock.at)
    return plant


def check_flip(plant, to_state):
    """The latest of the check itself; its sub-measures flip too."""
    found = Flip.objects.filter(site=plant.site, subject="check", key=WAIVABLE, to_state=to_state)
    return found.latest("at", "id")


def test_an_approved_waiver_shows_at_once_and_its_cause_is_told(on_battery, ask, manager):
    asked = ask(on_battery.site)
    assert rescore(on_battery).state(WAIVABLE) == "fail"
    on_battery.clock.move(seconds=3)
    operations.approve(asked, by=manager, now=on_battery.clock.at)
    check = rescore(on_battery).check(WAIVABLE)
    assert (check.state, check.measured_state) == ("waived", "fail")
    flip = check_flip(on_battery, "waived")
    assert (flip.from_state, flip.cause) == ("fail", "waiver")
    assert on_battery.score.counts["waived"] == 1


def test_it_fails_again_the_minute_it_ends(on_battery, grant):
    given = grant(on_battery.site, ends_at=on_battery.clock.at + timedelta(hours=1))
    assert rescore(on_battery).state(WAIVABLE) == "waived"
    assert on_battery.score.changes_at <= given.ends_at
    # Nothing is sent and nobody writes: the clock alone.
    on_battery.clock.at = given.ends_at - SECOND
    assert rescore(on_battery).state(WAIVABLE) == "waived"
    on_battery.clock.at = given.ends_at
    assert rescore(on_battery).state(WAIVABLE) != "waived"
    flip = check_flip(on_battery, on_battery.state(WAIVABLE))
    assert (flip.from_state, flip.at) == ("waived", given.ends_at)


def test_the_end_alone_makes_the_failure_due(on_battery, grant):
    """With fresh samples up to the end, the waiver's end is what the evaluation waits for."""
    given = grant(on_battery.site, ends_at=on_battery.clock.at + timedelta(minutes=2, seconds=30))
    on_battery.run(2)
    rescore(on_battery)
    assert on_battery.score.changes_at == given.ends_at
    on_battery.clock.at = given.ends_at
    assert scoring.rescore_aged(now=on_battery.clock.at) == 1
    flip = check_flip(on_battery, "fail")
    assert (flip.from_state, flip.cause, flip.at) == ("waived", "waiver", given.ends_at)


def test_one_that_begins_later_counts_from_then(on_battery, grant):
    starts_at = on_battery.clock.at + timedelta(minutes=2)
    grant(on_battery.site, starts_at=starts_at)
    assert rescore(on_battery).state(WAIVABLE) == "fail"
    assert on_battery.score.changes_at <= starts_at
    on_battery.clock.at = starts_at
    assert rescore(on_battery).state(WAIVABLE) == "waived"


def test_one_that_follows_another_takes_over_without_a_gap(on_battery, grant):
    first = grant(on_battery.site, ends_at=on_battery.clock.at + timedelta(minutes=2))
    grant(on_battery.site, starts_at=first.ends_at, days=1)
    rescore(on_battery)
    on_battery.clock.at = first.ends_at
    assert rescore(on_battery).state(WAIVABLE) == "waived"
    assert on_battery.flips(key=WAIVABLE)[-1][2] == "waived"


def test_revoking_brings_the_failure_back_at_once(on_battery, grant, manager):
    given = grant(on_battery.site)
    rescore(on_battery)
    on_battery.clock.move(seconds=3)
    operations.revoke(given, note="not any more", by=manager, now=on_battery.clock.at)
    assert rescore(on_battery).state(WAIVABLE) == "fail"
    assert check_flip(on_battery, "fail").cause == "waiver"


@pytest.mark.parametrize("how", ["requested", "denied"])
def test_what_was_not_approved_changes_nothing(on_battery, ask, manager, how):
    asked = ask(on_battery.site)
    if how == "denied":
        operations.deny(asked, note="no", by=manager, now=on_battery.clock.at)
    assert rescore(on_battery).state(WAIVABLE) == "fail"


def test_a_check_that_passes_meanwhile_passes(on_battery, grant):
    grant(on_battery.site)
    on_battery.change(upsBatteryStatus=2)
    on_battery.run(5)
    assert rescore(on_battery).state(WAIVABLE) == "pass"


class TestScore:
    def test_waived_weight_is_a_band_of_its_own(self, on_battery, grant):
        before = on_battery.score
        grant(on_battery.site)
        after = rescore(on_battery).score
        assert after.score == before.score
        assert after.score_upper == before.score_upper
        assert (before.waived, before.pillars["p2"]["waived"]) == (0, 0)
        applicable = CheckResult.objects.filter(site=on_battery.site, pillar="p2").exclude(state="n-a")
        weight = sum({"BLOCK": 3, "COND": 2, "INFO": 0}[one.gate] for one in applicable)
        assert after.pillars["p2"]["waived"] == pytest.approx(3 / weight)
        assert after.pillars["p2"]["upper"] + after.pillars["p2"]["waived"] <= 1 + 1e-9

    def test_an_unknown_check_that_is_waived_loses_its_upper_band(self, well, grant):
        """What is waived is not awaited any more."""
        before = well.score
        grant(well.site, check_id="p3-role-coverage")
        after = rescore(well).score
        assert after.score == before.score
        assert after.score_upper < before.score_upper
        assert after.waived == pytest.approx(before.score_upper - after.score_upper)


class TestVerdict:
    def test_waiving_every_block_check_but_one_by_one_lifts_nothing(self, well, grant):
        blocking = [each for each in well.score.deciding if each.startswith("p3")]
        assert blocking
        for check_id in blocking:
            grant(well.site, check_id=check_id)
        after = rescore(well).score
        assert {well.state(check_id) for check_id in blocking} == {"waived"}
        assert after.verdict == "not-ready"
        assert set(blocking) <= set(after.deciding)
        assert after.first_blocker == after.deciding[0]

    def test_exceptions_for_all_that_block_make_it_conditional_and_it_says_so(self, well, grant):
        blocking = well.score.deciding
        for check_id in blocking:
            grant(well.site, kind="exception", check_id=check_id)
        after = rescore(well).score
        assert after.verdict == "conditional"
        assert after.excepted == sorted(blocking)
        assert after.verdict_reason.startswith(f"A signed exception lifts {blocking[0]}, ")
        flip = well.flip("", "conditional")
        assert (flip.subject, flip.from_state, flip.cause) == ("verdict", "not-ready", "waiver")

    def test_all_but_one_exception_is_not_enough(self, well, grant):
        *lifted, left = well.score.deciding
        for check_id in lifted:
            grant(well.site, kind="exception", check_id=check_id)
        after = rescore(well).score
        assert (after.verdict, after.deciding, after.first_blocker) == ("not-ready", [left], left)

    def test_an_exception_leaves_the_state_of_the_check(self, on_battery, grant):
        grant(on_battery.site, kind="exception")
        assert rescore(on_battery).state(WAIVABLE) == "fail"
        assert WAIVABLE in on_battery.score.excepted

    def test_the_verdict_falls_when_the_first_exception_ends(self, well, grant):
        ends_at = well.clock.at + timedelta(minutes=30)
        blocking = well.score.deciding
        for check_id in blocking:
            until = ends_at if check_id == blocking[-1] else ends_at + DAY
            grant(well.site, kind="exception", check_id=check_id, ends_at=until)
        assert rescore(well).score.verdict == "conditional"
        # Samples go on, so that only the exception's end is due.
        well.run(29)
        assert rescore(well).score.verdict == "conditional"
        well.clock.at = ends_at
        after = rescore(well).score
        assert after.verdict == "not-ready"
        assert after.deciding == [blocking[-1]]
        assert well.flip("", "not-ready").cause == "waiver"

    def test_a_waived_cond_check_still_holds_ready_back(self, well, grant):
        for check_id in well.score.deciding:
            grant(well.site, kind="exception", check_id=check_id)
        well.clock.move(seconds=3)
        grant(well.site, check_id="p5-goodput")
        after = rescore(well).score
        assert well.state("p5-goodput") == "waived"
        assert after.verdict == "conditional"
        assert "p5-goodput" in after.deciding
        assert "p5-goodput" not in after.excepted


class TestDeclared:
    def test_a_check_leaves_the_denominator_with_the_reason(self, on_battery, grant):
        before = on_battery.score
        grant(on_battery.site, kind="n-a", reason="No UPS by design")
        check = rescore(on_battery).check(WAIVABLE)
        assert (check.state, check.code, check.reason) == ("n-a", "declared", "No UPS by design")
        assert on_battery.score.pillars["p2"]["score"] > before.pillars["p2"]["score"]
        assert check_flip(on_battery, "n-a").cause == "applicability"
        assert WAIVABLE not in on_battery.score.deciding

    def test_a_sub_measure_leaves_the_comparison(self, on_battery, grant):
        grant(on_battery.site, kind="n-a", part="battery-status", reason="The card reports no battery")
        rescore(on_battery)
        part = on_battery.part(WAIVABLE, "battery-status")
        assert (part["state"], part["reason"]) == ("n-a", "The card reports no battery")
        assert on_battery.state(WAIVABLE) != "fail"

    def test_it_is_back_when_the_declaration_ends(self, on_battery, grant):
        given = grant(on_battery.site, kind="n-a", ends_at=on_battery.clock.at + timedelta(minutes=2))
        assert rescore(on_battery).state(WAIVABLE) == "n-a"
        on_battery.clock.at = given.ends_at
        assert rescore(on_battery).state(WAIVABLE) == "fail"
        assert check_flip(on_battery, "fail").cause == "applicability"


class TestHistory:
    def test_the_past_is_scored_by_what_had_been_decided_then(self, porto, grant, manager, frozen_now):
        """Approved on day 0, revoked on day 3: on day 2 it stood, whatever became of it."""
        begin = frozen_now.at
        given = grant(porto, days=7)
        frozen_now.move(days=3)
        operations.revoke(given, note="met", by=manager, now=frozen_now.at)

        def stood(at):
            found = standing_grants([porto.pk], now=at).get(porto.pk)
            return bool(found and found.waivers[WAIVABLE].is_live(at))

        assert [stood(begin - SECOND), stood(begin), stood(begin + 2 * DAY)] == [False, True, True]
        assert [stood(frozen_now.at), stood(begin + 8 * DAY)] == [False, False]

    def test_a_request_counts_from_its_approval_not_from_its_start(self, porto, ask, manager, frozen_now):
        asked, begin = ask(porto), frozen_now.at
        frozen_now.move(days=2)
        operations.approve(asked, by=manager, now=frozen_now.at)
        assert standing_grants([porto.pk], now=begin + DAY) == {}
        assert WAIVABLE in standing_grants([porto.pk], now=frozen_now.at)[porto.pk].waivers

    def test_evaluating_the_past_uses_it(self, porto, grant, frozen_now):
        begin = frozen_now.at
        grant(porto, days=1, check_id="p3-role-coverage")
        for days, state in ((0.5, "waived"), (1, "unknown")):
            scoring.evaluate(site_ids=[porto.pk], now=begin + days * DAY)
            assert CheckResult.objects.get(site=porto, check_id="p3-role-coverage").state == state


def test_grants_cost_one_statement_however_many(porto, grant, frozen_now):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            standing_grants([porto.pk], now=frozen_now.at)
        return len(captured)

    grant(porto)
    one = statements()
    for check_id in ("p1-intra-node", "p1-rdma-port", "p5-goodput"):
        grant(porto, check_id=check_id)
        grant(porto, kind="n-a", check_id=check_id)
    assert statements() == one == 1
    assert Grant.objects.only_in_force(frozen_now.at).count() == 7
    assert SiteScore.objects.count() == 0
