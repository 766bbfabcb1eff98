import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.downsample import downsample, points, shortened

MINUTE = 60_000


def line(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return np.arange(count, dtype=np.int64) * MINUTE, np.cumsum(rng.normal(size=count))


def test_few_points_are_left_alone():
    times, values = line(50)
    got_times, got_values = downsample(times, values, 100)
    assert got_times.tolist() == times.tolist()
    assert got_values.tolist() == values.tolist()


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (1 / 86_400 / 3, 3.85802e-06),
        (0.000_012_345_678, 1.23457e-05),
        (-0.25, -0.25),
        (0.0, 0.0),
        (61.123_456, 61.1235),
        (1_795_775_439_000.0, 1_795_775_439_000.0),
    ],
    ids=["one in three days", "small", "exact", "nothing", "usual", "a moment in ms"],
)
def test_a_value_keeps_the_digits_that_an_axis_shows(value, sent):
    assert shortened(value) == sent


def test_many_become_as_many_as_asked_with_both_ends():
    times, values = line(100_000)
    got_times, got_values = downsample(times, values, 1000)
    assert 900 <= len(got_times) <= 1000
    assert (got_times[0], got_times[-1]) == (times[0], times[-1])
    assert set(got_values) <= set(values)


def test_one_spike_in_a_hundred_thousand_is_kept():
    times, values = np.arange(100_000, dtype=np.int64) * 1000, np.zeros(100_000)
    values[54_321] = 99.0
    got_times, got_values = downsample(times, values, 500)
    assert got_values.max() == 99.0
    assert got_times[np.argmax(got_values)] == 54_321_000


def test_a_gap_in_time_and_a_nan_become_nulls():
    times = np.array([0, 1, 2, 30, 31, 32, 33], dtype=np.int64) * MINUTE
    values = np.array([1.0, 2.0, 3.0, 4.0, np.nan, 5.0, 6.0])
    got = points(*downsample(times, values, 100, gap_ms=5 * MINUTE))
    assert [value for _, value in got] == [1.0, 2.0, 3.0, None, 4.0, None, 5.0, 6.0]
    assert got[3][0] == 16 * MINUTE
    assert [ts for ts, _ in got] == sorted(ts for ts, _ in got)


def test_nothing_and_nothing_but_nan_are_nothing():
    empty = np.array([], dtype=np.int64), np.array([])
    assert points(*downsample(*empty, 100)) == []
    assert points(*downsample(np.array([1, 2], dtype=np.int64), np.array([np.nan, np.nan]), 100)) == []


def test_with_too_many_breaks_the_longest_stay():
    times = np.arange(1000, dtype=np.int64) * 10 * MINUTE
    times[500:] += 500 * MINUTE
    got_times, got_values = downsample(times, np.ones(1000), 40, gap_ms=MINUTE)
    assert len(got_times) <= 40
    breaks = got_times[np.isnan(got_values)]
    assert 0 < len(breaks) < 10
    assert any(times[499] < each < times[500] for each in breaks)


def test_fewer_than_12_points_are_refused():
    with pytest.raises(ValueError, match="12"):
        downsample(*line(5), 11)


def test_infinity_is_null_in_json():
    assert points(np.array([1, 2]), np.array([np.inf, 1.0])) == [[1, None], [2, 1.0]]


@given(
    st.lists(st.tuples(st.integers(1, 500), st.one_of(st.none(), st.floats(-1e9, 1e9))), max_size=300),
    st.integers(12, 60),
    st.one_of(st.none(), st.integers(1, 400)),
)
def test_never_more_than_asked_never_a_value_that_was_not_there(samples, most, gap_ms):
    times = np.cumsum([step for step, _ in samples], dtype=np.int64)
    values = np.array([np.nan if value is None else value for _, value in samples], dtype=np.float64)
    got_times, got_values = downsample(times, values, most, gap_ms)
    assert len(got_times) == len(got_values) <= most
    assert (np.diff(got_times) >= 0).all()
    seen = set(zip(times.tolist(), values.tolist(), strict=True))
    kept = ~np.isnan(got_values)
    assert set(zip(got_times[kept].tolist(), got_values[kept].tolist(), strict=True)) <= seen
