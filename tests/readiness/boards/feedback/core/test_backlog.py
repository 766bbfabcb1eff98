"""The backlog of actions by week."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.boards.feedback.core.backlog import backlog, trend_words

NOW, WEEK = datetime(2026, 11, 24, 12, tzinfo=UTC), timedelta(days=7)


def span(added, ended=None):
    return NOW - added * WEEK, None if ended is None else NOW - ended * WEEK


@pytest.mark.parametrize(
    ("spans", "open_counts", "words"),
    [
        pytest.param([], [0, 0, 0], "No action was open in this time.", id="none"),
        pytest.param(
            [span(9), span(0.5)], [1, 1, 2], "The backlog grew from 1 to 2 in 3 weeks.", id="one more"
        ),
        pytest.param([span(9, 1.5)], [1, 0, 0], "The backlog shrank from 1 to 0 in 3 weeks.", id="one done"),
        pytest.param([span(9, 3)], [0, 0, 0], "No action was open in this time.", id="one done before"),
        pytest.param([span(9)], [1, 1, 1], "The backlog is as large as 3 weeks ago: 1.", id="the same"),
    ],
)
def test_the_backlog_of_each_week(spans, open_counts, words):
    of_weeks = backlog(spans, now=NOW, weeks=3)
    assert [week.open_count for week in of_weeks] == open_counts
    assert sum(week.opened - week.ended for week in of_weeks) == open_counts[-1] - sum(
        1 for added, ended in spans if added <= NOW - 3 * WEEK and (ended is None or ended > NOW - 3 * WEEK)
    )
    assert trend_words(of_weeks) == words
