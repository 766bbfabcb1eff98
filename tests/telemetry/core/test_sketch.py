"""Quantile sketches: within 1 %, and merging is as good as having seen everything."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.sketch import ALPHA, GAMMA, OFFSET, Sketch, bucket_of, merge_all, value_of
from tests.telemetry.sending import counts_of

# Subnormal numbers have too few bits for 1 %.
VALUES = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
LISTS = st.lists(VALUES, max_size=40)


def same(left: Sketch, right: Sketch) -> bool:
    return counts_of(left) == counts_of(right)


@given(st.lists(VALUES, min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_within_1_percent(values, q):
    exact = sorted(values)[math.floor(q * (len(values) - 1))]
    assert Sketch.build(values).quantile(q) == pytest.approx(exact, rel=ALPHA + 1e-9, abs=0)


@given(LISTS, LISTS, LISTS)
def test_merging_is_associative_and_loses_nothing(a, b, c):
    x, y, z = Sketch.build(a), Sketch.build(b), Sketch.build(c)
    assert same(merge_all([merge_all([x, y]), z]), merge_all([x, merge_all([y, z])]))
    assert same(merge_all([x, y]), merge_all([y, x]))
    assert same(merge_all([x, y, z]), Sketch.build(a + b + c))


@given(VALUES)
def test_every_value_is_near_what_stands_for_its_bucket(value):
    assert value_of(bucket_of([value]))[0] == pytest.approx(value, rel=ALPHA + 1e-9, abs=0)


@given(st.lists(VALUES, min_size=2, max_size=20))
def test_buckets_are_ordered_as_their_values(values):
    buckets = bucket_of(sorted(values)).tolist()
    assert buckets == sorted(buckets)


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        (0.0, 0),
        (-0.0, 0),
        (1.0, OFFSET),
        (-1.0, -OFFSET),
        (GAMMA * 1.001, OFFSET + 2),
        (1 / GAMMA * 1.001, OFFSET),
    ],
)
def test_known_buckets(value, bucket):
    assert bucket_of([value]).tolist() == [bucket]


def test_nan_and_infinity_are_left_out():
    assert Sketch.build([1.0, math.nan, math.inf, -math.inf, 2.0]).count == 2


@pytest.mark.parametrize("q", [-0.1, 1.1, math.nan])
def test_a_wrong_quantile_is_unknown(q):
    assert math.isnan(Sketch.build([1.0]).quantile(q))


def test_nothing_has_no_quantile():
    assert math.isnan(Sketch.build([]).quantile(0.5))
    assert merge_all([]).count == 0


def test_stored_arrays_come_back_whatever_their_order():
    sketch = Sketch.build([3.0, 1.0, 1.0, -2.0, 0.0])
    assert same(sketch, Sketch.from_arrays(sketch.buckets[::-1].tolist(), sketch.counts[::-1].tolist()))
    assert same(sketch, Sketch.from_arrays(sketch.buckets[::-1], sketch.counts[::-1]))
    assert counts_of(Sketch.from_arrays([5, 5, 6], [1, 2, 0])) == {5: 3}


@pytest.mark.parametrize(("buckets", "counts"), [([1, 2], [1]), ([1], [-1]), ([[1]], [[1]])])
def test_arrays_that_are_no_sketch_are_refused(buckets, counts):
    with pytest.raises(ValueError, match=r"bucket"):
        Sketch.from_arrays(buckets, counts)


def test_a_day_of_samples_takes_few_buckets():
    rng = np.random.default_rng(3)
    assert len(Sketch.build(rng.normal(60, 5, 10_000)).buckets) < 60
