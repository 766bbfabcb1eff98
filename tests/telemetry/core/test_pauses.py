"""A line breaks where samples pause for unusually long, and not where they are sparse."""

import numpy as np
import pytest

from telemetry.core.pauses import join_usual_pauses

MINUTE = 60_000


@pytest.mark.parametrize(
    ("minutes", "broken_after", "breaks"),
    [
        ([0, 60, 120, 180], [0, 60, 120], []),
        ([0, 60, 120, 180, 185, 190, 195], [0, 60, 120], []),
        ([0, 1, 2, 20, 21, 22], [2], [2]),
        ([0, 60, 120, 300, 360], [0, 60, 120, 300], [120]),
        ([0, 60], [0], [0]),
        ([0, 5, 10], [], []),
        ([], [], []),
    ],
    ids=["hourly", "hourly, then dense", "a gap", "a gap of hourly ones", "two alone", "dense", "nothing"],
)
def test_usual_pauses_are_drawn_through(minutes, broken_after, breaks):
    ts_ms, values = [], []
    for minute in minutes:
        ts_ms.append(minute * MINUTE)
        values.append(float(minute))
        if minute in broken_after:
            ts_ms.append(minute * MINUTE + 1000)
            values.append(np.nan)
    at, drawn = join_usual_pauses(np.array(ts_ms, np.int64), np.array(values), most_times=1.5)
    assert [minute for minute in drawn if not np.isnan(minute)] == minutes
    assert [int(drawn[place - 1]) for place in np.flatnonzero(np.isnan(drawn))] == breaks
    assert (np.diff(at) > 0).all()
