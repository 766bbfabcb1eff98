"""Rows of a window, against a plain reading of the rules."""

import math
import struct
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import STALE_BITS
from telemetry.core.rollup import once, rows, sketches
from telemetry.core.sketch import Sketch
from tests.telemetry.sending import counts_of

STALE = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]
SAMPLES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 9),
        st.one_of(st.sampled_from([math.nan, STALE]), st.floats(-1e6, 1e6, allow_nan=False)),
    ),
    max_size=40,
)


def columns(samples):
    series, ts, value = zip(*samples, strict=True) if samples else ((), (), ())
    return np.array(series, np.int64), np.array(ts, np.int64), np.array(value, np.float64)


def plain(samples):
    """Series to (last_ts, count, sum, min, max, first, last, risen), written as the rule is told."""
    kept = defaultdict(dict)
    for series, ts, value in samples:
        before = kept[series].get(ts, math.nan)
        kept[series][ts] = (
            value if math.isnan(before) else before if math.isnan(value) else max(before, value)
        )
    found = {}
    for series, by_ts in kept.items():
        readings = [(ts, value) for ts, value in sorted(by_ts.items()) if not math.isnan(value)]
        if readings:
            values = [value for _, value in readings]
            pairs = list(pairwise(values))
            risen = sum(b - a if b >= a else b for a, b in pairs) if pairs else math.nan
            found[series] = (
                *(readings[-1][0], len(values), sum(values), min(values), max(values), values[0], values[-1]),
                risen,
            )
    return found


def computed(samples):
    made = rows(once(*columns(samples)))
    fields = (made.last_ts, made.count, made.sum, made.min, made.max, made.first, made.last, made.risen)
    return {
        int(series): tuple(float(field[place]) for field in fields)
        for place, series in enumerate(made.series)
    }


@given(SAMPLES)
def test_rows_are_what_the_rules_say(samples):
    expected = plain(samples)
    found = computed(samples)
    assert found.keys() == expected.keys()
    for series, row in expected.items():
        assert found[series] == pytest.approx(row, rel=1e-9, abs=1e-3, nan_ok=True)


@given(SAMPLES, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(samples, random):
    again = samples + random.sample(samples, len(samples) // 2)
    random.shuffle(again)
    assert list(computed(again)) == list(computed(samples))
    for series, row in computed(samples).items():
        assert computed(again)[series] == pytest.approx(row, rel=1e-12, abs=1e-3, nan_ok=True)


@given(SAMPLES)
def test_sketches_hold_the_readings_of_the_series_wanted(samples):
    readings = once(*columns(samples))
    found = {
        series: dict(zip(b.tolist(), c.tolist(), strict=True))
        for series, b, c in sketches(readings, np.array([1, 3]))
    }
    for series in (1, 3):
        values = readings.value[readings.series == series]
        assert found.get(series, {}) == counts_of(Sketch.build(values))
    assert found.keys() <= {1, 3}
