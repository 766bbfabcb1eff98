"""When a digest is due, and which time it tells of, also on days on which the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from readiness.boards.digests.core import Cadence, due_at, period_until

LISBON, TOKYO, HOUR = ZoneInfo("Europe/Lisbon"), ZoneInfo("Asia/Tokyo"), timedelta(hours=1)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "zone", "now", "due"),
    [
        pytest.param("daily", LISBON, "2026-12-01 06:59", None, id="not before seven"),
        pytest.param("daily", LISBON, "2026-12-01 07:00", "2026-12-01 07:00", id="at seven in winter"),
        pytest.param("daily", LISBON, "2026-07-01 06:00", "2026-07-01 06:00", id="at seven in summer"),
        pytest.param("daily", TOKYO, "2026-12-01 22:30", "2026-12-01 22:00", id="where the next day began"),
        pytest.param("daily", LISBON, "2026-12-01 12:59", "2026-12-01 07:00", id="late after an outage"),
        pytest.param("daily", LISBON, "2026-12-01 13:00", None, id="not when the morning is over"),
        pytest.param("weekly", LISBON, "2026-12-01 07:00", None, id="no Monday"),
        pytest.param("weekly", LISBON, "2026-11-30 07:00", "2026-11-30 07:00", id="on Monday"),
        pytest.param("weekly", TOKYO, "2026-11-29 22:00", "2026-11-29 22:00", id="on Monday of the reader"),
        pytest.param("daily", LISBON, "2026-03-29 06:00", "2026-03-29 06:00", id="the clocks went forward"),
        pytest.param("daily", LISBON, "2026-10-25 07:00", "2026-10-25 07:00", id="the clocks went back"),
    ],
)
def test_a_digest_is_due_at_seven_where_its_reader_is(cadence, zone, now, due):
    assert due_at(Cadence(cadence), zone, now=at(now)) == (at(due) if due else None)


@pytest.mark.parametrize(
    ("end", "hours"), [("2026-12-01 07:00", 24), ("2026-03-29 06:00", 23), ("2026-10-25 07:00", 25)]
)
def test_a_day_has_the_hours_that_it_has(end, hours):
    period = period_until(at(end), Cadence.DAILY, LISBON)
    assert (period.end, period.end - period.start) == (at(end), hours * HOUR)


def test_what_began_while_a_late_digest_waited_is_told_too():
    period = period_until(at("2026-11-30 09:40"), Cadence.WEEKLY, LISBON, since=at("2026-11-30 07:00"))
    assert (period.start, period.end) == (at("2026-11-23 07:00"), at("2026-11-30 09:40"))
