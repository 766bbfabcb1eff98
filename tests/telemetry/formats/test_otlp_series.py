"""OTLP metrics: which series a point becomes, in both encodings."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

from telemetry.core.labels import KeyCache, RefusalReason, labels_of
from tests.telemetry.core.wire import DAY_MS, NOW_MS
from tests.telemetry.otlp import (
    BEFORE,
    DELTA,
    ENCODINGS,
    any_value,
    attributes,
    buckets,
    counter,
    decode,
    encodings,
    exponential,
    gauge,
    histogram,
    message,
    number,
    protobuf_bytes,
    summary,
    values_of,
)


@encodings
@pytest.mark.parametrize(
    ("metric", "series"),
    [
        pytest.param(gauge("m", number(1.5, NOW_MS)), {"m": {0: 1.5}}, id="gauge"),
        pytest.param(gauge("m", number(7, NOW_MS)), {"m": {0: 7.0}}, id="integer"),
        pytest.param(gauge("m", number(-(2**63), NOW_MS)), {"m": {0: -(2.0**63)}}, id="least integer"),
        pytest.param(gauge("m", number(0.0, NOW_MS)), {"m": {0: 0.0}}, id="zero"),
        pytest.param(gauge("m", number(None, NOW_MS, flags=1)), {"m": {0: None}}, id="no recorded value"),
        pytest.param(counter("m", number(5, NOW_MS)), {"m_total": {0: 5.0}}, id="counter"),
        pytest.param(counter("m_total", number(5, NOW_MS)), {"m_total": {0: 5.0}}, id="counter by its name"),
        pytest.param(
            counter("m", number(-5, NOW_MS), is_monotonic=False), {"m": {0: -5.0}}, id="up and down"
        ),
        pytest.param(
            counter("m", number(5, NOW_MS, start_ms=BEFORE), temporality=DELTA),
            {"m_total": {-59_999: 0.0, 0: 5.0}},
            id="delta",
        ),
        pytest.param(
            counter("m", number(5, NOW_MS), temporality=DELTA),
            {"m_total": {-1: 0.0, 0: 5.0}},
            id="delta without a start",
        ),
        pytest.param(
            histogram("m", NOW_MS, count=6, sum=9.5, explicit_bounds=[1, 2.5], bucket_counts=[1, 2, 3]),
            {
                "m_bucket 1.0": {0: 1.0},
                "m_bucket 2.5": {0: 3.0},
                "m_bucket +Inf": {0: 6.0},
                "m_count": {0: 6.0},
                "m_sum": {0: 9.5},
            },
            id="histogram",
        ),
        pytest.param(
            histogram("m", NOW_MS, count=2, sum=3, min=1, max=2),
            {"m_count": {0: 2.0}, "m_sum": {0: 3.0}, "m_min": {0: 1.0}, "m_max": {0: 2.0}},
            id="histogram without buckets",
        ),
        pytest.param(
            histogram(
                "m",
                NOW_MS,
                count=1,
                explicit_bounds=[1],
                bucket_counts=[1, 0],
                temporality=DELTA,
                start_ms=BEFORE,
            ),
            {
                "m_bucket 1.0": {-59_999: 0.0, 0: 1.0},
                "m_bucket +Inf": {-59_999: 0.0, 0: 1.0},
                "m_count": {-59_999: 0.0, 0: 1.0},
            },
            id="delta histogram",
        ),
        pytest.param(
            exponential("m", NOW_MS, count=6, scale=0, zero_count=1, positive=buckets(-1, 2, 3)),
            {
                "m_bucket 0.0": {0: 1.0},
                "m_bucket 1.0": {0: 3.0},
                "m_bucket 2.0": {0: 6.0},
                "m_bucket +Inf": {0: 6.0},
                "m_count": {0: 6.0},
            },
            id="exponential histogram",
        ),
        pytest.param(
            exponential("m", NOW_MS, count=3, scale=3, positive=buckets(0, 1, 1, 1)),
            {
                "m_bucket 0.0": {0: 0.0},
                f"m_bucket {2**0.25!r}": {0: 2.0},
                f"m_bucket {2**0.5!r}": {0: 3.0},
                "m_bucket +Inf": {0: 3.0},
                "m_count": {0: 3.0},
            },
            id="exponential histogram of a finer scale",
        ),
        pytest.param(
            exponential("m", NOW_MS, count=3, scale=-1, negative=buckets(0, 1, 2)),
            {
                "m_bucket -4.0": {0: 2.0},
                "m_bucket -1.0": {0: 3.0},
                "m_bucket 0.0": {0: 3.0},
                "m_bucket +Inf": {0: 3.0},
                "m_count": {0: 3.0},
            },
            id="exponential histogram below zero",
        ),
        pytest.param(
            summary("m", NOW_MS, {0.5: 1.5, 1.0: 9.0}, count=3, sum=12),
            {"m 0.5": {0: 1.5}, "m 1.0": {0: 9.0}, "m_count": {0: 3.0}, "m_sum": {0: 12.0}},
            id="summary",
        ),
    ],
)
def test_a_point_becomes_these_series(encoding, metric, series):
    cache = KeyCache()
    for _ in ("unknown labels", "known labels"):
        assert values_of(metric, encoding=encoding, cache=cache) == series


def series_of(resource, point=None, **scope):
    columns = decode(
        protobuf_bytes(message(gauge("m", number(1, NOW_MS, **(point or {}))), resource=resource, **scope))
    )
    (key,) = columns.keys
    return {name: value for name, value in labels_of(key).items() if name != "__name__"}


@pytest.mark.parametrize(
    ("resource", "point", "scope", "labels"),
    [
        pytest.param({"host.name": "a"}, {"gpu": "0"}, {}, {"host_name": "a", "gpu": "0"}, id="dots"),
        pytest.param(
            {"service.name": "vllm", "service.namespace": "chat", "service.instance.id": "i"},
            {},
            {},
            {"job": "chat/vllm", "instance": "i"},
            id="job and instance",
        ),
        pytest.param({"service.name": "vllm"}, {}, {}, {"job": "vllm"}, id="no namespace"),
        pytest.param({"telemetry.sdk.name": "x"}, {}, {}, {}, id="the sender's library"),
        pytest.param(
            {},
            {},
            {"scope": "s", "scope_version": "1", "scope_attributes": {"a.b": "c"}},
            {"otel_scope_name": "s", "otel_scope_version": "1", "otel_scope_a_b": "c"},
            id="scope",
        ),
        pytest.param(
            {"host.name": "a"},
            {"host_name": "b"},
            {},
            {"host_name": "a", "exported_host_name": "b"},
            id="both",
        ),
        pytest.param({"host.name": "a"}, {"host_name": "a"}, {}, {"host_name": "a"}, id="both alike"),
        pytest.param(
            {"service.name": "x"}, {"job": "y"}, {}, {"job": "x", "exported_job": "y"}, id="a job of its own"
        ),
        pytest.param(
            {"a": True, "b": 5, "c": 2.5, "d": b"\x00\xff", "e": ""},
            {},
            {},
            {"a": "true", "b": "5", "c": "2.5", "d": "AP8="},
            id="types",
        ),
        pytest.param(
            {
                "l": AnyValue(array_value=ArrayValue(values=map(any_value, ("x", 1, False)))),
                "m": AnyValue(kvlist_value=KeyValueList(values=attributes({"k": "v"}))),
            },
            {},
            {},
            {"l": '["x",1,false]', "m": '{"k":"v"}'},
            id="lists and maps",
        ),
    ],
)
def test_attributes_become_labels(resource, point, scope, labels):
    assert series_of(resource, point, **scope) == labels


@encodings
@pytest.mark.parametrize(
    ("metric", "reason", "example"),
    [
        (gauge("m", number(None, NOW_MS)), RefusalReason.BAD_POINT, "no value"),
        (counter("m", number(1, NOW_MS), temporality=0), RefusalReason.BAD_POINT, "temporality 0"),
        (
            counter("m", number(1, NOW_MS), temporality=DELTA, is_monotonic=False),
            RefusalReason.DELTA_UP_AND_DOWN,
            "m",
        ),
        (
            counter("m", number(1, NOW_MS, start_ms=NOW_MS + 5), temporality=DELTA),
            RefusalReason.BAD_POINT,
            "starts after its time",
        ),
        (
            histogram("m", NOW_MS, count=7, explicit_bounds=[1], bucket_counts=[1, 2]),
            RefusalReason.BAD_POINT,
            "buckets come to 3, and count is 7",
        ),
        (
            histogram("m", NOW_MS, count=3, explicit_bounds=[1, 2], bucket_counts=[1, 2]),
            RefusalReason.BAD_POINT,
            "2 buckets and 2 bounds",
        ),
        (
            histogram("m", NOW_MS, count=3, explicit_bounds=[2, 1], bucket_counts=[1, 1, 1]),
            RefusalReason.BAD_POINT,
            "do not ascend",
        ),
        (
            histogram("m", NOW_MS, explicit_bounds=range(2000), bucket_counts=[0] * 2001),
            RefusalReason.BAD_POINT,
            "more than 1000",
        ),
        (exponential("m", NOW_MS, scale=30), RefusalReason.BAD_POINT, "scale 30"),
        (exponential("m", NOW_MS, count=1), RefusalReason.BAD_POINT, "buckets come to 0, and count is 1"),
        (summary("m", NOW_MS, {1.5: 1}), RefusalReason.BAD_POINT, "quantile"),
        (gauge("", number(1, NOW_MS)), RefusalReason.NO_METRIC_NAME, ""),
        (gauge("m", number(1, NOW_MS, a="x\0")), RefusalReason.BAD_LABEL_NAME, "m{"),
        (gauge("m", number(1, NOW_MS - 3 * DAY_MS)), RefusalReason.TOO_OLD, "m{"),
        (gauge("m", number(1, NOW_MS + DAY_MS)), RefusalReason.TOO_FAR_IN_FUTURE, "m{"),
        (gauge("m", number(1, 0)), RefusalReason.TOO_OLD, "m{"),
    ],
)
def test_a_bad_point_is_counted_and_its_neighbours_kept(encoding, metric, reason, example):
    good = gauge("good", number(1.0, NOW_MS))
    body = ENCODINGS[encoding](message(metric, good))
    cache = KeyCache()
    for _ in ("first time", "again"):
        columns = decode(body, encoding, cache=cache)
        assert columns.value.tolist() == [1.0]
        assert columns.rejected.counts == {reason: 1}
        assert example in columns.rejected.examples[reason]


def test_known_points_outside_the_window_are_refused_one_by_one():
    cache = KeyCache()
    for _ in range(2):
        points = [number(1, NOW_MS - back * DAY_MS) for back in (0, 3, 4, -1)]
        columns = decode(protobuf_bytes(message(gauge("m", *points))), cache=cache)
        assert columns.samples == 1
        assert columns.rejected.counts == {RefusalReason.TOO_OLD: 2, RefusalReason.TOO_FAR_IN_FUTURE: 1}


def test_exemplars_are_refused_by_name_and_their_points_kept():
    cache = KeyCache()
    for _ in range(2):
        columns = decode(protobuf_bytes(message(gauge("m", number(1, NOW_MS, exemplars=2)))), cache=cache)
        assert (columns.samples, columns.rejected.counts) == (1, {RefusalReason.EXEMPLAR: 2})


def increase(values):
    """Rate a counter as Muster does: a value below the one before it means a reset."""
    in_time = [value for _, value in sorted(values.items())]
    return sum(after - before if after >= before else after for before, after in pairwise(in_time))


@encodings
def test_deltas_add_up(encoding):
    series, cache = {}, KeyCache()
    for minute, value in enumerate((5, 3, 8, 8)):
        start_ms = NOW_MS - 300_000 + minute * 60_000
        point = number(value, start_ms + 60_000, start_ms=start_ms)
        series |= values_of(counter("m", point, temporality=DELTA), encoding=encoding, cache=cache)["m_total"]
    assert increase(series) == 24


@encodings
def test_a_start_that_moves_on_is_a_reset(encoding):
    """The value did not fall: without the start, an increase of 12 would count as 2."""
    series, cache = {}, KeyCache()
    for at_ms, start_ms, value in ((-240, -900, 10), (-180, -900, 10), (-60, -120, 12), (0, -120, 13)):
        point = number(value, NOW_MS + at_ms * 1000, start_ms=NOW_MS + start_ms * 1000)
        series |= values_of(counter("m", point), encoding=encoding, cache=cache)["m_total"]
    assert increase(series) == 13
    assert series[-119_999] == 0.0


def test_a_first_start_is_no_reset():
    point = number(10, NOW_MS, start_ms=BEFORE)
    assert values_of(counter("m", point)) == {"m_total": {0: 10.0}}


@given(
    st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=40),
    st.integers(-2, 8),
)
def test_buckets_of_an_exponential_histogram_hold_what_was_observed(observed, scale):
    base = 2.0 ** (2.0**-scale)
    indices = [math.ceil(math.log(value, base)) - 1 for value in observed]
    offset = min(indices)
    if max(indices) - offset >= 900:
        return
    counts = np.bincount(np.array(indices) - offset).tolist()
    metric = exponential("m", NOW_MS, count=len(observed), scale=scale, positive=buckets(offset, *counts))
    coarsest = 2.0 ** (2.0 ** -min(scale, 2))
    for name, series in values_of(metric).items():
        if name.startswith("m_bucket"):
            bound = float(name.split()[1])
            count = series[0]
            assert sum(value <= bound / coarsest * 0.999 for value in observed) <= count
            assert count <= sum(value <= bound * 1.001 for value in observed)
