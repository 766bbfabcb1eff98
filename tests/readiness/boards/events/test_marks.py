"""Few marks of every kind, in the order of time."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.boards.events.marks import MOST_MARKS, ChartEvent, EventKind, chart_marks

START = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = {"start": START, "end": START + 30 * HOUR}


def event(kind, hours, title="", **more):
    return ChartEvent(kind=EventKind(kind), at=START + hours * HOUR, title=title or kind, **more)


def test_marks_stand_in_the_order_of_time():
    marks = chart_marks([event("run", 20), event("verdict", 5), event("health", 10)], **SPAN)
    assert [each.kind for each in marks.events] == ["verdict", "health", "run"]
    assert marks.more == 0


def test_events_of_a_kind_that_lie_on_each_other_share_a_mark():
    marks = chart_marks([event("run", 3.0), event("run", 3.5), event("run", 3.9), event("run", 9)], **SPAN)
    assert [each.others for each in marks.events] == [2, 0]


@pytest.mark.parametrize("kind", ["window", "silence"])
def test_what_lasts_visibly_keeps_its_own_mark(kind):
    lasting = [event(kind, hours, ends_at=START + 8 * HOUR) for hours in (1, 1.5)]
    assert len(chart_marks(lasting, **SPAN).events) == 2
    short = [event(kind, hours, ends_at=START + (hours + 0.2) * HOUR) for hours in (1, 1.5)]
    assert len(chart_marks(short, **SPAN).events) == 1


def test_each_kind_has_a_mark_before_any_has_two():
    checks = [event("check", hours) for hours in range(0, 30, 2)]
    marks = chart_marks([*checks, event("verdict", 1), event("health", 2), event("run", 3)], **SPAN)
    assert len(marks.events) == MOST_MARKS
    assert {each.kind for each in marks.events} == {"verdict", "health", "run", "check"}
    assert marks.more == len(checks) + 3 - MOST_MARKS


def test_the_newest_of_a_kind_is_marked_first():
    marks = chart_marks([event("check", hours, f"at {hours}") for hours in range(0, 30, 2)], **SPAN)
    assert marks.events[-1].title == "at 28"


def test_without_an_event_there_is_no_mark():
    marks = chart_marks([], **SPAN)
    assert (marks.events, marks.more) == ([], 0)
