"""How long answers take: silence never makes it better."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.loop.findings.core.figures import AnswerTime, decision_days
from readiness.loop.findings.core.seen import SeenRefused, SeenThing, seen_from, seen_from_text

NOW, DAY = datetime(2026, 11, 24, tzinfo=UTC), timedelta(days=1)


def time(age, after=None):
    raised_at = NOW - age * DAY
    return AnswerTime(raised_at, None if after is None else raised_at + after * DAY)


@pytest.mark.parametrize(
    ("times", "days"),
    [
        pytest.param([], None, id="no finding"),
        pytest.param([time(3)], None, id="one that waits within its time"),
        pytest.param([time(40)], 40.0, id="one that waits longer counts with its age"),
        pytest.param([time(9, 2), time(9, 4)], 3.0, id="the median of answers"),
        pytest.param([time(50, 2), time(50)], 26.0, id="who answers one of two is not quick"),
    ],
)
def test_the_days_to_a_decision(times, days):
    assert decision_days(times, now=NOW) == days


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"address": "//evil"}',
        '{"value": "1"}',
        '{"at": "2026-11-24"}',
        '{"who": "me"}',
        "x" * 5000,
    ],
)
def test_what_no_page_shows_is_refused(text):
    with pytest.raises(SeenRefused):
        seen_from_text(text)


def test_what_was_seen_is_read_as_it_is_written():
    seen = SeenThing("Inlet", "/sites/porto/", 31.5, "°C", NOW)
    assert seen_from(seen.json_fields()) == seen
