"""Counters through restarts, gaps and window edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.counters import increase, increase_by_step, increments, rate, rate_by_step

NAN = math.nan
MINUTE = 60_000


def same(got: float, expected: float) -> bool:
    return (math.isnan(got) and math.isnan(expected)) or got == pytest.approx(expected)


@pytest.mark.parametrize(
    ("times", "values", "start", "end", "expected"),
    [
        pytest.param([0, 1, 2], [10, 12, 15], 0, 2, 5, id="plain"),
        pytest.param([0, 1, 2], [10, 12, 15], 1, 2, 3, id="the sample before the window is its baseline"),
        pytest.param(
            [0, 1, 2], [10, 12, 15], 0, 1, 2, id="the end belongs to the window, the start does not"
        ),
        pytest.param([0, 1, 2], [10, 12, 4], 0, 2, 6, id="a restart counts from 0"),
        pytest.param([0, 1, 2], [10, 0, 0], 0, 2, 0, id="a restart to 0 adds nothing"),
        pytest.param([0, 1, 2, 3], [10, 2, 1, 3], 0, 3, 5, id="two restarts"),
        pytest.param([0, 1], [7, 7], 0, 1, 0, id="no growth is 0"),
        pytest.param([1], [7], 0, 5, NAN, id="one sample tells nothing"),
        pytest.param([], [], 0, 5, NAN, id="no sample tells nothing"),
        pytest.param([0, 1], [1, 2], 5, 9, NAN, id="a window without samples tells nothing"),
        pytest.param([2, 0, 1], [15, 10, 12], 0, 2, 5, id="older after newer"),
        pytest.param([0, 1, 1, 2], [10, 11, 12, 15], 0, 2, 5, id="the same time twice: the last counts"),
        pytest.param([0, 1, 2, 3], [10, 12, NAN, 15], 0, 3, 5, id="growth over a stale marker is real"),
        pytest.param([0, 1, 2, 3], [10, 12, NAN, 1], 0, 3, 3, id="a restart behind a stale marker"),
        pytest.param([0, 1], [NAN, NAN], 0, 1, NAN, id="stale markers alone"),
    ],
)
def test_increase(times, values, start, end, expected):
    times = [t * MINUTE for t in times]
    assert same(increase(times, values, start * MINUTE, end * MINUTE), expected)


@pytest.mark.parametrize(
    ("times", "values", "max_gap_s", "expected"),
    [
        pytest.param([0, 1, 2], [0, 60, 180], None, 1.5, id="over the time that samples cover"),
        pytest.param([0, 1, 2], [0, 60, 30], None, 0.75, id="with a restart"),
        pytest.param([0, 1, 2, 5], [0, 60, NAN, 600], None, 1.0, id="nothing is known over a stale marker"),
        pytest.param([0, 1, 9], [0, 60, 600], 120, 1.0, id="nothing is known over a long gap"),
        pytest.param([0, 1, 9], [0, 60, 600], None, 600 / 540, id="unless gaps are allowed"),
        pytest.param([1, 2], [NAN, 5], None, NAN, id="one sample tells nothing"),
        pytest.param([0, 9], [0, 60], 120, NAN, id="only a gap"),
    ],
)
def test_rate(times, values, max_gap_s, expected):
    times = [t * MINUTE for t in times]
    assert same(rate(times, values, 0, 10 * MINUTE, max_gap_s=max_gap_s), expected)


def test_windows_without_samples_are_unknown_not_zero():
    times = np.array([0, 1, 2, 8]) * MINUTE
    edges = np.array([0, 3, 6, 9]) * MINUTE
    got = increase_by_step(times, [0.0, 1.0, 2.0, 8.0], edges)
    assert got[0] == 2
    assert np.isnan(got[1])
    assert got[2] == 6
    rates = rate_by_step(times, [0.0, 60.0, 120.0, 480.0], edges)
    assert rates[0] == 1
    assert np.isnan(rates[1])
    assert rates[2] == 1


@pytest.mark.parametrize("edges", [[], [0]])
def test_no_window_no_value(edges):
    assert len(increase_by_step([0, 1], [0.0, 1.0], edges)) == 0
    assert len(rate_by_step([0, 1], [0.0, 1.0], edges)) == 0


def test_increments_tell_when_and_over_how_long():
    got = increments([0, 1000, 3000], [5.0, 7.0, 1.0])
    assert got.ts_ms.tolist() == [1000, 3000]
    assert got.value.tolist() == [2.0, 1.0]
    assert got.elapsed_s.tolist() == [1.0, 2.0]
    assert got.joined.tolist() == [True, True]


SAMPLES = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 50)), min_size=2, max_size=30)


@given(SAMPLES, st.lists(st.integers(1, 999), max_size=6))
def test_the_windows_of_a_day_add_up_to_the_day(samples, cuts):
    times, values = zip(*samples, strict=True)
    edges = sorted({-1, 1001, *cuts})
    whole = increase(times, values, -1, 1001)
    parts = increase_by_step(times, values, edges)
    assert np.nansum(parts) == pytest.approx(0 if math.isnan(whole) else whole)


@given(SAMPLES)
def test_a_counter_never_grows_by_less_than_nothing(samples):
    times, values = zip(*samples, strict=True)
    assert (increments(times, values).value >= 0).all()


@given(SAMPLES, st.randoms())
def test_order_of_arrival_does_not_matter(samples, random):
    distinct = list({time: (time, value) for time, value in samples}.values())
    shuffled = list(distinct)
    random.shuffle(shuffled)
    one = increments(*zip(*sorted(distinct), strict=True))
    other = increments(*zip(*shuffled, strict=True))
    assert one.value.tolist() == other.value.tolist()
