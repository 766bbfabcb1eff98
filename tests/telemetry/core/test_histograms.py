"""Classic histogram quantiles, held against a plain transcription of Prometheus' rules."""

import math
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.sketch import quantile_by_step

INF = math.inf
NAN = math.nan


def quantile(q, bounds, counts):
    return quantile_by_step(q, bounds, np.array([counts], dtype=float))[0]


@pytest.mark.parametrize(
    ("q", "bounds", "counts", "expected"),
    [
        pytest.param(0.5, [1, 2, INF], [10, 20, 20], 1.0, id="at a bound"),
        pytest.param(0.25, [1, 2, INF], [10, 20, 20], 0.5, id="the lowest bucket starts at 0"),
        pytest.param(0.75, [1, 2, INF], [10, 20, 20], 1.5, id="even spread in a bucket"),
        pytest.param(0.99, [1, 2, INF], [10, 20, 40], 2.0, id="in +Inf: the highest finite bound"),
        pytest.param(0.1, [-1, 1, INF], [10, 20, 20], -1.0, id="a lowest bound below 0 is the answer"),
        pytest.param(0.1, [0, 1, INF], [10, 20, 20], 0.0, id="a lowest bound of 0 too"),
        pytest.param(0.75, [-1, 1, INF], [10, 20, 20], 0.0, id="between negative and positive bounds"),
        pytest.param(0.5, [1, 2], [10, 20], NAN, id="no +Inf bucket"),
        pytest.param(0.5, [INF], [10], NAN, id="+Inf alone"),
        pytest.param(0.5, [], [], NAN, id="no bucket"),
        pytest.param(0.5, [1, INF], [0, 0], NAN, id="no observation"),
        pytest.param(-0.1, [1, INF], [1, 1], -INF, id="q below 0"),
        pytest.param(1.1, [1, INF], [1, 1], INF, id="q above 1"),
        pytest.param(NAN, [1, INF], [1, 1], NAN, id="q unknown"),
        pytest.param(1.0, [1, 2, INF], [10, 20, 20], 2.0, id="q of 1"),
        pytest.param(0.75, [2, INF, 1], [20, 20, 10], 1.5, id="bounds in any order"),
        pytest.param(0.75, [1, 1, 2, INF], [5, 5, 20, 20], 1.5, id="le 1 and le 1.0 are one bucket"),
        pytest.param(0.75, [1, 2, 3, INF], [10, 20, 19, 20], 1.5, id="a later bucket scraped smaller"),
        pytest.param(0.75, [1, 1.5, 2, INF], [10, NAN, 20, 20], 1.75, id="a bucket that was not sent"),
    ],
)
def test_quantile(q, bounds, counts, expected):
    got = quantile(q, bounds, counts)
    assert got == pytest.approx(expected, nan_ok=True)


def test_many_steps_at_once():
    counts = np.array([[10.0, 20, 20], [0, 0, 0], [0, 10, 10]])
    assert quantile_by_step(0.5, [1, 2, INF], counts).tolist() == pytest.approx([1.0, NAN, 1.5], nan_ok=True)


def transcription(q: float, bounds: list[float], counts: list[float]) -> float:
    rank = q * counts[-1]
    if counts[-1] == 0:
        return NAN
    b = bisect_left(counts, rank, hi=len(counts) - 1)
    if b == len(counts) - 1:
        return bounds[-2]
    if b == 0 and bounds[0] <= 0:
        return bounds[0]
    start, count = 0.0, counts[b]
    if b > 0:
        start, count, rank = bounds[b - 1], count - counts[b - 1], rank - counts[b - 1]
    return start + (bounds[b] - start) * (rank / count) if count else NAN


@given(
    st.floats(0, 1),
    st.lists(
        st.tuples(st.integers(-5, 100), st.integers(0, 9)),
        min_size=1,
        max_size=8,
        unique_by=lambda each: each[0],
    ),
    st.integers(0, 9),
)
def test_the_rules_are_prometheus_rules(q, finite, beyond):
    finite = sorted(finite)
    bounds = [float(bound) for bound, _ in finite] + [INF]
    counts = np.cumsum([count for _, count in finite] + [beyond]).astype(float).tolist()
    assert quantile(q, bounds, counts) == pytest.approx(transcription(q, bounds, counts), nan_ok=True)
