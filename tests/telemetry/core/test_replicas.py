"""Which replica is read: no gap while one of them sends, nothing twice, and no restart that no counter had."""

import math

import numpy as np
import pytest

from telemetry.core.labels import key_of
from telemetry.core.replicas import choose, compare, numbers_of, sample_id, series_of, split_key

A, B = 1, 2
COUNTER = {7}


def samples(**by_replica):
    """(seconds, value) of series 7 by the name of the replica."""
    rows = [
        (sample_id(7, {"a": A, "b": B, "none": 0}[name]), round(at * 1000), value)
        for name, readings in by_replica.items()
        for at, value in readings
    ]
    ids, ts_ms, values = zip(*rows, strict=True)
    return np.array(ids, np.int64), np.array(ts_ms, np.int64), np.array(values, np.float64)


def read(counters=(), **by_replica):
    readings = choose(*samples(**by_replica), counters)
    assert set(readings.series.tolist()) <= {7}
    return list(zip((readings.ts / 1000).tolist(), readings.value.tolist(), strict=True))


def every(step, begin, end, value=1.0):
    return [(at, value) for at in np.arange(begin, end, step).tolist()]


def test_an_id_holds_series_and_replica():
    ids = np.array([sample_id(9, 0), sample_id(9, 2)])
    assert series_of(ids).tolist() == [9, 9]
    assert numbers_of(ids).tolist() == [0, 2]


@pytest.mark.parametrize(
    ("labels", "label", "name"),
    [
        pytest.param({"replica": "a"}, "replica", "a", id="named"),
        pytest.param({"replica": "a"}, "", "", id="no label is configured"),
        pytest.param({"job": "replica"}, "replica", "", id="the label's name as a value"),
        pytest.param({"replicas": "a"}, "replica", "", id="another label"),
    ],
)
def test_the_label_of_the_replica_is_no_label_of_the_series(labels, label, name):
    key = key_of({"__name__": "load", **labels})
    rest = {name: text for name, text in labels.items() if name != label or not label}
    assert split_key(key, label) == (key_of({"__name__": "load", **rest}), name)


def test_of_two_that_send_all_the_first_is_read():
    a, b = every(15, 5, 900, 1.0), every(15, 12, 900, 2.0)
    assert read(a=a, b=b) == a
    assert read(a=b, b=a) == b


def test_one_that_dies_is_followed_by_the_other_without_a_gap():
    a, b = every(15, 5, 400, 1.0), every(15, 12, 900, 2.0)
    times = [at for at, _ in read(a=a, b=b)]
    assert max(np.diff([0, *times, 900])) <= 30
    assert read(a=a, b=b)[0][1] == 1.0
    assert read(a=a, b=b)[-1][1] == 2.0


def test_of_a_cell_in_which_each_sends_half_all_is_read():
    a, b = every(15, 5, 150, 1.0), every(15, 157, 300, 2.0)
    assert read(a=a, b=b) == [*a, *b]


def test_one_that_sends_every_other_sample_is_not_read():
    a, b = every(30, 5, 900, 1.0), every(15, 12, 900, 2.0)
    assert read(a=a, b=b) == b


def test_a_sample_fewer_changes_nothing():
    a, b = every(15, 15, 300, 1.0), every(15, 7, 300, 2.0)
    assert len(a) == len(b) - 1
    assert read(a=a, b=b) == a


def test_what_is_alike_sent_twice_is_no_more():
    a, b = every(15, 5, 300, 1.0), every(15, 12, 300, 2.0)
    assert read(a=[*a, *a[:5]], b=[*b, *b]) == a


def test_a_stale_marker_of_one_hides_no_reading_of_the_other():
    a, b = [*every(15, 5, 100, 1.0), (110, math.nan)], every(15, 12, 600, 2.0)
    assert read(a=a, b=b) == b


def test_a_sender_without_the_label_counts_as_one_of_them():
    none, b = every(15, 5, 300, 1.0), every(15, 12, 300, 2.0)
    assert read(none=none, b=b) == none


@pytest.mark.parametrize("skew_s", [-40, -10, 0, 10, 40])
def test_the_clock_of_a_replica_makes_no_counter_begin_again(skew_s):
    """Both read one counter, which rises by 1 a second; the clock of the second one differs."""
    a = [(at, float(at)) for at in range(5, 500, 15)]
    b = [(at + skew_s, float(at)) for at in range(12, 1200, 15)]
    values = [value for _, value in read(COUNTER, a=a, b=b)]
    assert values == sorted(values)
    assert values[-1] > 1100


def test_a_counter_that_begins_again_while_the_replica_changes_does_so_once():
    a = [(at, 1000.0 + at) for at in range(5, 290, 15)]
    b = [(at, 1000.0 + at if at < 295 else at - 295.0) for at in range(12, 900, 15)]
    values = np.array([value for _, value in read(COUNTER, a=a, b=b)])
    falls = np.flatnonzero(np.diff(values) < 0)
    assert len(falls) == 1
    assert values[falls[0] + 1] < 20


def test_a_gauge_may_fall_where_the_replica_changes():
    a, b = every(15, 5, 290, 9.0), every(15, 12, 600, 3.0)
    assert read(a=a, b=b)[-1] == (597.0, 3.0)
    assert (312.0, 3.0) in read(a=a, b=b)


@pytest.mark.parametrize(
    ("a", "b", "contradicting"),
    [
        pytest.param([40, 41, 40], [40, 40, 42], 0, id="alike"),
        pytest.param([40, 41, 40], [70, 71, 70], 1, id="far apart"),
        pytest.param([40, 90, 40], [70, 71, 70], 0, id="noise that meets"),
        pytest.param([100, 110, 120], [103, 113, 123], 0, id="a counter read at other instants"),
        pytest.param([0, 0, 0], [0, 0, 0], 0, id="nothing"),
        pytest.param([1000], [7], None, id="a single sample says little"),
    ],
)
def test_replicas_contradict_each_other_where_their_values_lie_far_apart(a, b, contradicting):
    by_replica = {"a": list(enumerate(map(float, a))), "b": list(enumerate(map(float, b)))}
    comparisons = compare(*samples(**by_replica))
    if contradicting is None:
        assert comparisons == []
        return
    [comparison] = comparisons
    assert (comparison.number, comparison.compared, comparison.contradicting) == (B, 1, contradicting)
    if contradicting:
        assert comparison.example == (7, A, 40.5, 70.5)
