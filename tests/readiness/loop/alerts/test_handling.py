"""What people do about alerts, and what the clock does after it. Nothing changes an alert that is over."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.life import operations
from readiness.loop.alerts.life.run import run
from readiness.loop.alerts.models import Alert, AlertEvent
from tests.readiness.loop.alerts.made import (
    MINUTE,
    NOW,
    alert_of,
    change,
    end,
    events_of,
    loaded_site,
    look,
    open_alert,
    problem,
)
from web.workflows import NotInState

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def site():
    look()
    return loaded_site()


@pytest.fixture
def hot(site):
    row = problem(site)
    look(NOW + MINUTE)
    return row


@pytest.fixture
def alert(hot):
    return alert_of(hot)


def acknowledged(alert, by, *, at=NOW + 2 * MINUTE, lasts=HOUR):
    return operations.acknowledge(alert, until=at + lasts, note="I look at it.", by=by, now=at)


def test_a_new_alert_escalates_from_the_first_level(alert):
    assert (alert.standing, alert.level, alert.escalating_since) == ("escalating", 1, NOW + MINUTE)
    assert alert.next_at == NOW + 16 * MINUTE


def test_an_acknowledgement_holds_until_its_end_and_then_the_alert_returns(alert, ops):
    acknowledged(alert, ops)
    run(now=NOW + 30 * MINUTE)
    alert.refresh_from_db()
    assert (alert.standing, alert.acknowledged_by, alert.next_at) == ("acknowledged", ops, NOW + 62 * MINUTE)
    run(now=NOW + 62 * MINUTE)
    alert.refresh_from_db()
    assert (alert.standing, alert.acknowledged_by, alert.level) == ("escalating", None, 1)
    assert events_of(alert) == ["raised", "acknowledged", "ack-ended"]


def test_an_acknowledgement_during_a_run_holds(alert, ops):
    """The run goes by the instant at which it began, and reads what was written after it."""
    acknowledged(alert, ops, at=NOW + 2 * MINUTE)
    Alert.objects.update(next_at=NOW + MINUTE)
    run(now=NOW + MINUTE)
    alert.refresh_from_db()
    assert (alert.standing, alert.acknowledged_by, alert.next_at) == ("acknowledged", ops, NOW + 62 * MINUTE)
    assert events_of(alert) == ["raised", "acknowledged"]


def test_without_an_end_it_lasts_a_shift(alert, ops):
    operations.acknowledge(alert, until=None, note="", by=ops, now=NOW)
    alert.refresh_from_db()
    assert alert.acknowledged_until == NOW + 8 * HOUR


@pytest.mark.parametrize("lasts", [timedelta(), -HOUR, timedelta(days=31)])
def test_no_acknowledgement_is_without_an_end_soon(alert, ops, lasts):
    with pytest.raises(ValidationError):
        acknowledged(alert, ops, lasts=lasts)


def test_a_late_acknowledgement_changes_nothing_that_is_over(hot, alert, ops):
    end(hot, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    with pytest.raises(NotInState):
        acknowledged(alert, ops, at=NOW + 3 * MINUTE)
    run(now=NOW + 3 * MINUTE)
    alert.refresh_from_db()
    assert (alert.standing, alert.acknowledged_by, alert.next_at) == ("over", None, None)


def test_a_second_acknowledgement_takes_the_place_of_the_first(alert, ops, planner):
    acknowledged(alert, ops)
    acknowledged(alert, planner, at=NOW + 5 * MINUTE)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged_until) == (planner, NOW + 65 * MINUTE)


def test_an_acknowledged_alert_that_gets_worse_returns_at_once(site, ops):
    source = problem(site, "7", kind="source", state="silent")
    look(NOW + MINUTE)
    acknowledged(alert_of(source), ops)
    change(source, state="critical")
    look(NOW + 3 * MINUTE)
    assert (alert_of(source).standing, alert_of(source).escalating_since) == ("escalating", NOW + 3 * MINUTE)


def test_whoever_may_not_handle_alerts_acknowledges_none(alert, viewer):
    with pytest.raises(PermissionDenied):
        acknowledged(alert, viewer)


def test_somebody_in_another_system_acknowledges_with_a_note(alert):
    operations.acknowledge(alert, until=None, note="Jo in PagerDuty", by=None, now=NOW + 2 * MINUTE)
    event = AlertEvent.objects.get(kind="acknowledged")
    assert (event.by, event.text) == (None, "Jo in PagerDuty")


def test_what_follows_from_a_cause_is_told_with_it_until_it_ends(site):
    source = problem(site, "7", kind="source", state="silent")
    silent = problem(site, "compute", state="silent", cause=source, at=NOW + MINUTE)
    look(NOW + MINUTE)
    follows = alert_of(silent)
    assert (follows.standing, follows.cause, follows.level) == ("muted", alert_of(source), 0)
    end(source, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    follows.refresh_from_db()
    assert (follows.standing, follows.level) == ("escalating", 1)
    assert events_of(follows) == ["raised", "muted", "cause-ended"]


def test_acknowledging_a_cause_covers_nothing_that_was_critical_before(site, ops):
    node = problem(site, at=NOW - HOUR)
    look(NOW + MINUTE)
    feed = problem(site, "energy-feed-1", at=NOW)
    change(node, is_cause=False, cause_kind=feed.kind, cause_key=feed.key)
    look(NOW + 2 * MINUTE)
    acknowledged(alert_of(feed), ops)
    run(now=NOW + 3 * MINUTE)
    assert (alert_of(node).cause, alert_of(node).standing) == (alert_of(feed), "escalating")


def test_an_alert_is_assigned_to_somebody_who_sees_it(alert, ops, planner, user_of):
    operations.assign(alert, to=planner, note="", by=ops, now=NOW + 2 * MINUTE)
    alert.refresh_from_db()
    assert alert.assigned_to == planner
    scoped = user_of("ops", username="elsewhere", scopes=[("site", loaded_site().slug)])
    with pytest.raises(ValidationError):
        operations.assign(alert, to=scoped, note="", by=ops, now=NOW + 3 * MINUTE)
    assert AlertEvent.objects.get(kind="assigned").whom == planner


def test_the_alert_of_a_certificate_that_nobody_probes_is_ended_with_a_reason(site, alert, ops):
    left = open_alert("date:certificate:1", site=site, kind=AlertKind.CERTIFICATE)
    operations.end(left, reason="The probe is gone.", by=ops, now=NOW + 2 * MINUTE)
    run(now=NOW + 2 * MINUTE)
    left.refresh_from_db()
    assert (left.standing, left.ended_by, left.next_at) == ("over", "person", None)
    ended = left.events.get(kind="ended")
    assert (ended.by, ended.text) == (ops, "The probe is gone.")
    with pytest.raises(NotInState, match="ends by evidence"):
        operations.end(alert, reason="It is well.", by=ops, now=NOW + 3 * MINUTE)
    with pytest.raises(ValidationError):
        operations.end(
            open_alert("date:certificate:2", kind=AlertKind.CERTIFICATE), reason=" ", by=ops, now=NOW
        )


def test_an_incident_is_an_address_of_the_web(alert, ops):
    operations.link_incident(alert, url="https://tracker.example/INC-7", by=ops, now=NOW)
    with pytest.raises(ValidationError):
        operations.link_incident(alert, url="javascript:alert(1)", by=ops, now=NOW)
    alert.refresh_from_db()
    assert alert.incident_url == "https://tracker.example/INC-7"


def test_a_comment_may_follow_the_end(hot, alert, ops):
    end(hot, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    operations.comment(alert, text="It was the fan.", by=ops, now=NOW + HOUR)
    assert events_of(alert)[-1] == "commented"


def test_whoever_is_on_several_objects_is_on_the_last_of_them(site, ops):
    several = problem(site, "compute-DCGM_FI_DEV_GPU_TEMP", at=NOW)
    hot = problem(site, cause=several, at=NOW)
    look(NOW + MINUTE)
    acknowledged(alert_of(several), ops)
    look(NOW + 3 * MINUTE)
    assert alert_of(hot).standing == "muted"
    end(several, at=NOW + 4 * MINUTE, by="regrouped")
    change(hot, is_cause=True, cause_kind=hot.kind, cause_key=hot.key)
    look(NOW + 4 * MINUTE)
    assert (alert_of(hot).standing, alert_of(hot).acknowledged_by) == ("acknowledged", ops)
    assert events_of(alert_of(hot)) == ["raised", "muted", "acknowledged", "cause-ended"]
