"""Alerts that one rule raised at many sites in one minute are one line; every other entry keeps a line of its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readiness.boards.timeline.queries import folded
from web.timeline import TimelineEvent

AT = datetime(2026, 11, 24, 16, 7, 30, tzinfo=UTC)
FIRST = TimelineEvent(kind="alert", at=AT, title="1 qualification ends", site_id=1)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        pytest.param({"site_id": 2}, 1, id="another site in the same minute"),
        pytest.param({"site_id": 2, "at": AT - timedelta(seconds=29)}, 1, id="some seconds before"),
        pytest.param({"site_id": 2, "at": AT - timedelta(seconds=31)}, 2, id="the minute before"),
        pytest.param({}, 2, id="the same site again"),
        pytest.param({"site_id": 2, "title": "2 qualifications end"}, 2, id="another title"),
        pytest.param({"site_id": 2, "kind": "finding"}, 2, id="another kind"),
    ],
)
def test_neighbours_of_one_rule_are_one_line(change, lines):
    events = [FIRST, replace(FIRST, **change)]
    groups = folded(events)
    assert len(groups) == lines
    assert [event for group in groups for event in group] == events
