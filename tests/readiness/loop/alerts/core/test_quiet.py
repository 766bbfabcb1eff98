"""Quiet hours over both switches of the clocks, and one message a minute."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.loop.alerts.core.quiet import ChannelPace, Preferences, held_until

LISBON, CHICAGO = ZoneInfo("Europe/Lisbon"), ZoneInfo("America/Chicago")
MINUTE = timedelta(minutes=1)
NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        pytest.param("2026-11-24T21:59", None, id="the minute before"),
        pytest.param("2026-11-24T22:00", "2026-11-25T07:00", id="over midnight"),
        pytest.param("2026-11-25T06:59", "2026-11-25T07:00", id="the last minute"),
        pytest.param("2026-11-25T07:00", None, id="the end"),
        pytest.param("2026-03-28T23:00", "2026-03-29T06:00", id="clocks go forward: an hour less"),
        pytest.param("2026-10-24T22:00", "2026-10-25T07:00", id="clocks go back: an hour more"),
    ],
)
def test_a_night_in_lisbon(now, until):
    preferences = Preferences(zone=LISBON, **NIGHT)
    assert held_until(preferences, now=at(now)) == (at(until) if until else None)


def test_hours_within_a_day():
    preferences = Preferences(zone=CHICAGO, quiet_from=time(12), quiet_until=time(13))
    assert held_until(preferences, now=at("2026-11-24T18:30")) == at("2026-11-24T19:00")
    assert held_until(preferences, now=at("2026-11-24T19:00")) is None


def test_awake_until_the_later_of_both():
    awake = Preferences(zone=UTC, awake_until=at("2026-11-25T08:00"), **NIGHT)
    assert held_until(awake, now=at("2026-11-24T23:00")) == at("2026-11-25T08:00")
    assert held_until(awake, now=at("2026-11-25T08:00")) is None


@given(st.integers(0, 390_000), st.times(), st.times(), st.sampled_from([LISBON, CHICAGO]))
def test_what_is_held_is_held_to_an_end_within_a_day(minutes, start, end, zone):
    now = at("2026-03-01T00:00") + minutes * MINUTE
    preferences = Preferences(zone=zone, quiet_from=start, quiet_until=end)
    until = held_until(preferences, now=now)
    assert until is None or now < until <= now + timedelta(hours=25)
    if until is not None:
        following = held_until(preferences, now=until)
        # Equal times are a whole day, which the next one follows.
        assert (
            following is None
            or start == end
            or until.astimezone(zone).utcoffset() != now.astimezone(zone).utcoffset()
        )


@pytest.mark.parametrize(
    ("sent", "page_sent", "lesser", "page"),
    [
        pytest.param(None, None, True, True, id="nothing before"),
        pytest.param(0.5, None, False, True, id="a page does not wait for a lesser message"),
        pytest.param(0.5, 0.5, False, False, id="of two pages the second waits"),
        pytest.param(0.5, 1, False, True, id="a lesser one after a page"),
        pytest.param(1, 1, True, True, id="after a minute"),
    ],
)
def test_one_message_a_minute(sent, page_sent, lesser, page):
    now = at("2026-11-24T12:00")
    pace = ChannelPace(
        sent_at=None if sent is None else now - sent * MINUTE,
        page_sent_at=None if page_sent is None else now - page_sent * MINUTE,
    )
    assert (pace.lets_through(is_page=False, now=now), pace.lets_through(is_page=True, now=now)) == (
        lesser,
        page,
    )
