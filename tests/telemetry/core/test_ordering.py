"""Samples are put in order by series and time, whatever their numbers are."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.ordering import is_later, order

SAMPLES = st.one_of(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(1, 2**62), st.integers(-(2**40), 2**61)), min_size=1, max_size=60),
)


@given(SAMPLES)
def test_the_order_is_that_of_pairs_and_keeps_what_is_equal(samples):
    series, ts_ms = (np.array(column, np.int64) for column in zip(*samples, strict=True))
    assert order(series, ts_ms).tolist() == sorted(range(len(samples)), key=lambda place: samples[place])


@given(SAMPLES)
def test_samples_in_order_without_repetition_are_each_later_than_the_one_before(samples):
    for rows in (samples, sorted(set(samples))):
        series, ts_ms = (np.array(column, np.int64) for column in zip(*rows, strict=True))
        assert is_later(series, ts_ms).tolist() == [a < b for a, b in pairwise(rows)]
