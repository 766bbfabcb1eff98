"""Pages of the timeline hold each event once, in the order of time, however many share an instant."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from readiness.boards.timeline.paging import PagePosition, merged_page
from web.timeline import TimelineEvent

END = datetime(2026, 12, 1, tzinfo=UTC)
SOURCES = st.lists(st.lists(st.integers(0, 4), max_size=12), min_size=1, max_size=4)


def read(source, position, limit):
    """Return the newest entries up to that instant, like a source."""
    events = [event for event in source if event.at <= position.at]
    return events[: limit + position.skip + 1]


@given(SOURCES, st.integers(1, 5))
def test_pages_one_after_the_other_hold_every_event_once(minutes, limit):
    sources = [
        [
            TimelineEvent(kind=str(place), at=END - timedelta(minutes=ago), title=f"{place}-{number}")
            for number, ago in enumerate(sorted(of_source))
        ]
        for place, of_source in enumerate(minutes)
    ]
    events, position = [], PagePosition(END)
    while position is not None:
        page = merged_page([read(source, position, limit) for source in sources], position, limit=limit)
        assert len(page.events) <= limit
        events += page.events
        position = page.older
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    assert sorted(event.title for event in events) == sorted(
        event.title for source in sources for event in source
    )
