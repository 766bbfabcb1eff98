"""A firing alert is always carried by somebody, whatever happens in any order, over both changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.loop.alerts.core.kinds import AlertSeverity, AlertStanding, NoticeReason
from readiness.loop.alerts.core.life import (
    Ack,
    AlertCause,
    Firing,
    SilencedSpan,
    escalation_of,
    is_muted_by,
    standing_of,
)
from readiness.loop.alerts.core.steps import StoredLife, step

LISBON = ZoneInfo("Europe/Lisbon")
SWITCHES = (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC))
LEVELS = (timedelta(), timedelta(minutes=10), timedelta(minutes=30))
AT = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
minutes = st.integers(0, 300)
lasting = st.integers(1, 240)
severities = st.sampled_from(list(AlertSeverity))
what_happens = st.one_of(
    st.tuples(st.just("acknowledge"), minutes, lasting),
    st.tuples(st.just("silence"), minutes, lasting),
    st.tuples(st.just("window"), minutes, lasting),
    st.tuples(st.just("worse"), minutes, st.just(0)),
    st.tuples(st.just("cause"), minutes, lasting),
)


def wall_span(began_at, after_min, lasts_min):
    """A window as people enter it: from one time of the clocks at the site to another."""
    starts_at = (began_at + timedelta(minutes=after_min)).astimezone(LISBON)
    ends_at = (starts_at + timedelta(minutes=lasts_min)).astimezone(UTC)
    starts_at = starts_at.astimezone(UTC)
    return SilencedSpan(starts_at, max(ends_at, starts_at + timedelta(minutes=1)), "window:1")


def history(began_at, happenings):
    """What is known of the alert at an instant: nothing is known before it happens, but silences are planned."""

    def facts_at(now):
        spans, ack, worse_at, cause = [], None, None, None
        for what, after_min, lasts_min in sorted(happenings, key=lambda each: each[1]):
            at = began_at + timedelta(minutes=after_min)
            if what == "window":
                spans.append(wall_span(began_at, after_min, lasts_min))
            elif at > now:
                continue
            elif what == "silence":
                spans.append(SilencedSpan(at, at + timedelta(minutes=lasts_min), "silence:1"))
            elif what == "acknowledge":
                ack = Ack(at, at + timedelta(minutes=lasts_min))
            elif what == "worse":
                worse_at = at
            else:
                ends_at = at + timedelta(minutes=lasts_min)
                standing = AlertStanding.OVER if ends_at <= now else AlertStanding.ESCALATING
                cause = AlertCause(
                    began_at=began_at - timedelta(minutes=lasts_min % 3 - 1),
                    severity=AlertSeverity.CRITICAL,
                    standing=standing,
                    told_to=frozenset({"user:1"}),
                )
        return Firing(
            severity=AlertSeverity.CRITICAL,
            began_at=began_at,
            told_to=frozenset({"user:1"}),
            worse_at=worse_at,
            ack=ack,
            spans=tuple(spans),
            cause=cause,
        )

    return facts_at


@given(st.sampled_from(SWITCHES), st.integers(0, 120), st.lists(what_happens, max_size=6))
def test_a_firing_critical_alert_is_always_carried(switch, before_min, happenings):
    began_at = switch - timedelta(minutes=before_min)
    facts_at = history(began_at, happenings)
    instants = {began_at + timedelta(minutes=after) for _, after, _ in happenings}
    instants |= {began_at + timedelta(minutes=after + lasts) for _, after, lasts in happenings}
    end = began_at + timedelta(hours=9)
    stored = StoredLife(
        standing=AlertStanding.ESCALATING,
        since=began_at,
        severity=AlertSeverity.CRITICAL,
        escalating_since=began_at,
    )
    now, told = began_at, []
    while now < end:
        firing = facts_at(now)
        taken = step(stored, standing_of(firing, now=now), LEVELS, now=now)
        told += [(now, *each) for each in taken.tells]
        carried_by(taken, firing, now)
        assert taken.next_at is None or taken.next_at > now
        upcoming = min(at for at in {*instants, taken.next_at, end} if at is not None and at > now)
        unchanged(firing, taken, now, upcoming)
        stored = StoredLife(
            standing=taken.standing,
            since=taken.since,
            severity=AlertSeverity.CRITICAL,
            by=taken.by,
            escalating_since=taken.escalating_since,
            level=taken.level,
            worse_at=firing.worse_at,
            ack=firing.ack,
        )
        now = upcoming
    assert told or any(what != "worse" for what, *_ in happenings)


def carried_by(taken, firing, now):
    match taken.standing:
        case AlertStanding.ACKNOWLEDGED:
            assert firing.ack.at <= now < firing.ack.until
            assert firing.worse_at is None or firing.worse_at <= firing.ack.at
        case AlertStanding.SILENCED:
            assert any(span.starts_at <= now < span.ends_at for span in firing.spans)
            assert taken.by
        case AlertStanding.MUTED:
            assert is_muted_by(firing, firing.cause)
        case AlertStanding.ESCALATING:
            assert taken.level >= 1
            assert taken.next_at is not None
            assert taken.next_at <= now + timedelta(minutes=20)
        case _:
            pytest.fail("It still fires.")


def unchanged(firing, taken, now, upcoming):
    """Between two looks the clock changes nothing that a look would have seen."""
    for part in range(1, 8):
        at = now + (upcoming - now) * part / 8
        assert standing_of(firing, now=at).standing is taken.standing


@given(severities, severities, minutes, st.sampled_from(list(AlertStanding)), st.booleans())
def test_a_cause_covers_nothing_that_was_worse_or_began_before_or_is_told_to_others(
    severity, severity_of_cause, after_min, standing, is_for_others
):
    told_to = frozenset({"user:1", "user:2"}) if is_for_others else frozenset({"user:1"})
    firing = Firing(severity=severity, began_at=AT, told_to=told_to)
    cause = AlertCause(
        began_at=AT + timedelta(minutes=after_min - 150),
        severity=severity_of_cause,
        standing=standing,
        told_to=frozenset({"user:1"}),
    )
    covers = is_muted_by(firing, cause)
    if after_min > 150 or severity_of_cause.rank > severity.rank or is_for_others:
        assert not covers
    if standing not in (AlertStanding.ESCALATING, AlertStanding.ACKNOWLEDGED):
        assert not covers


def test_a_cause_that_became_more_severe_still_covers_what_is_less_severe():
    firing = Firing(severity=AlertSeverity.ERROR, began_at=AT + timedelta(minutes=10))
    cause = AlertCause(
        began_at=AT,
        worse_at=AT + timedelta(minutes=20),
        severity=AlertSeverity.CRITICAL,
        standing=AlertStanding.ESCALATING,
        told_to=frozenset(),
    )
    assert is_muted_by(firing, cause)


@pytest.mark.parametrize(
    ("child_worse_min", "is_muted"),
    [pytest.param(None, False, id="it was critical before"), pytest.param(20, True, id="both got worse")],
)
def test_a_cause_that_became_critical_later_covers_nothing_that_was_before(child_worse_min, is_muted):
    worse_at = AT + timedelta(minutes=20)
    firing = Firing(
        severity=AlertSeverity.CRITICAL,
        began_at=AT + timedelta(minutes=10),
        worse_at=None if child_worse_min is None else AT + timedelta(minutes=child_worse_min),
    )
    cause = AlertCause(
        began_at=AT,
        worse_at=worse_at,
        severity=AlertSeverity.CRITICAL,
        standing=AlertStanding.ACKNOWLEDGED,
        told_to=frozenset(),
    )
    assert is_muted_by(firing, cause) is is_muted


ESCALATIONS = [
    pytest.param(AlertSeverity.CRITICAL, 0, 1, 10, id="the first level is told at once"),
    pytest.param(AlertSeverity.CRITICAL, 10, 2, 30, id="the second level at its minute"),
    pytest.param(AlertSeverity.CRITICAL, 44, 3, 45, id="the last level waits 15 minutes"),
    pytest.param(AlertSeverity.CRITICAL, 75, 6, 90, id="and repeats every 15 minutes"),
    pytest.param(AlertSeverity.ERROR, 300, 3, None, id="an error goes through all levels once"),
    pytest.param(AlertSeverity.WARNING, 300, 1, None, id="what can wait goes to the first level"),
]


@pytest.mark.parametrize(("severity", "after_min", "told", "next_min"), ESCALATIONS)
def test_an_escalation_goes_by_its_levels(severity, after_min, told, next_min):
    escalation = escalation_of(LEVELS, severity=severity, since=AT, now=AT + timedelta(minutes=after_min))
    next_at = None if next_min is None else AT + timedelta(minutes=next_min)
    assert (escalation.told, escalation.next_at) == (told, next_at)


def left(standing, **columns):
    usual = {"since": AT, "severity": AlertSeverity.CRITICAL, "escalating_since": AT, "level": 1}
    return StoredLife(standing=standing, **{**usual, **columns})


STEPS = [
    pytest.param(left("escalating", level=0), [("began", 1)], id="it begins"),
    pytest.param(
        left("escalating", level=0, was_open_at_start=True), [("first-start", 1)], id="alerting begins"
    ),
    pytest.param(
        left("escalating", level=0, worse_at=AT), [("worse", 1)], id="it gets worse and begins anew"
    ),
    pytest.param(left("escalating"), [], id="nothing is told twice"),
    pytest.param(left("acknowledged", level=4), [("ack-ended", 1)], id="an acknowledgement ends"),
    pytest.param(
        left("silenced"), [("silence-ended", 1)], id="what still fires after a silence comes at once"
    ),
    pytest.param(left("muted", level=0), [("cause-ended", 1)], id="a cause ends"),
    pytest.param(
        left("acknowledged", worse_at=AT, ack=Ack(AT - timedelta(hours=1), AT + timedelta(hours=1))),
        [("worse", 1)],
        id="an acknowledgement ends as it gets worse",
    ),
    pytest.param(
        left("escalating", escalating_since=AT - timedelta(minutes=31)),
        [("escalated", 2), ("escalated", 3)],
        id="levels that were due while Muster was away",
    ),
    pytest.param(
        left("escalating", escalating_since=AT - timedelta(minutes=45), level=3),
        [("repeated", 3)],
        id="the last level again",
    ),
    pytest.param(
        left("escalating", escalating_since=AT - timedelta(hours=9), level=3),
        [("last-resort", 3)],
        id="of several missed repetitions one",
    ),
]


@pytest.mark.parametrize(("stored", "tells"), STEPS)
def test_a_step_says_why_and_to_which_level(stored, tells):
    stored = StoredLife(
        **{
            **{name: getattr(stored, name) for name in stored.__slots__},
            "standing": AlertStanding(stored.standing),
        }
    )
    taken = step(stored, standing_of(Firing(severity=stored.severity, began_at=AT), now=AT), LEVELS, now=AT)
    assert list(taken.tells) == [(NoticeReason(reason), level) for reason, level in tells]


def test_a_silence_that_another_one_continues_ends_with_it():
    spans = (
        SilencedSpan(AT, AT + timedelta(hours=1), "silence:1"),
        SilencedSpan(AT + timedelta(minutes=30), AT + timedelta(hours=3), "silence:2"),
    )
    standing = standing_of(Firing(severity=AlertSeverity.CRITICAL, began_at=AT, spans=spans), now=AT)
    assert (standing.standing, standing.until) == (AlertStanding.SILENCED, AT + timedelta(hours=3))
