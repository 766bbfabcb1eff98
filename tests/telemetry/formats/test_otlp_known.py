"""Points whose attributes are known are read as columns, and give what points with unknown attributes give."""

import json
import random
from functools import partial

import numpy as np
import pytest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as published

from telemetry.core.labels import KeyCache, KeyCaches, RefusalReason
from telemetry.formats.contract import MalformedBody
from tests.telemetry.core.wire import DAY_MS, NOW_MS
from tests.telemetry.otlp import (
    CUMULATIVE,
    DELTA,
    ENCODINGS,
    JSON,
    NS,
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
    outcome,
    protobuf_bytes,
    starts_of,
    summary,
)

# An attribute whose bytes end like the fields `min` and `max` of a histogram.
LIKE_EXTREMES = "Y" + "\x00" * 8 + "a" + "\x00" * 8
BOUNDS = [float(bound) for bound in range(200)]
BACK_MS = (0, 0, 1, 30_000, 120_000, 3 * DAY_MS, -DAY_MS)


def histogram_of(points, temporality):
    data = published.Histogram(data_points=points, aggregation_temporality=temporality)
    return message(published.Metric(name="wait", histogram=data))


def shape(choices, place):
    """A point with the fields that all points of one series share."""
    start_ms = choices.choice([0, NOW_MS - 300_000, NOW_MS - 60_000, NOW_MS + 60_000])
    return published.HistogramDataPoint(
        attributes=attributes({"place": place, "label": choices.choice(["", "a", "x" * 200, LIKE_EXTREMES])}),
        start_time_unix_nano=start_ms * NS,
        bucket_counts=[1] * choices.choice([0, 1, 2, 15, 16, 17, 130]),
        sum=choices.choice([0.0, 0.0, None]),
        min=choices.choice([0.0, None]),
        flags=choices.choice([0, 0, 0, 1, 2]),
        exemplars=[published.Exemplar(as_double=1.0)] * choices.choice([0, 0, 0, 1]),
    )


def histogram_point(choices, shape):
    point = published.HistogramDataPoint.FromString(shape.SerializeToString())
    point.time_unix_nano = (NOW_MS - choices.choice(BACK_MS)) * NS
    buckets = len(point.bucket_counts)
    point.bucket_counts[:] = [choices.randrange(4) for _ in range(buckets)]
    if buckets > 2 and choices.random() < 0.2:
        # Four of them come to 2^64, which is no sum of zero.
        point.bucket_counts[0] = choices.choice([2**53, 2**62, 2**64 - 1])
    # One in five contradicts itself.
    count = sum(point.bucket_counts) + choices.choice([0, 0, 0, 0, 1])
    point.count = count % 2**64
    point.explicit_bounds[:] = BOUNDS[: max(0, buckets - 1)]
    if point.HasField("sum"):
        point.sum = choices.choice([2.5, -1.0, float("nan"), float("inf")])
    if point.HasField("min"):
        point.min, point.max = choices.random(), choices.random()
    return point


@encodings
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
def test_known_histograms_give_what_unknown_ones_give(temporality, encoding):
    for seed in range(40):
        choices, cache = random.Random(seed), KeyCache()
        known_shapes = [shape(choices, place) for place in range(4)]
        for _ in range(3):
            points = [histogram_point(choices, each) for each in known_shapes]
            body, fresh = ENCODINGS[encoding](histogram_of(points, temporality)), starts_of(cache)
            assert outcome(decode(body, encoding, cache=cache)) == outcome(
                decode(body, encoding, cache=fresh)
            ), seed


@encodings
@pytest.mark.parametrize("kind", [gauge, counter, partial(counter, temporality=DELTA)])
def test_known_numbers_give_what_unknown_ones_give(kind, encoding):
    for seed in range(60):
        choices, cache = random.Random(seed), KeyCache()
        starts_ms = [
            choices.choice([0, NOW_MS - 300_000, NOW_MS - 30_000, NOW_MS + 60_000]) for _ in range(3)
        ]
        for _ in range(3):
            points = [
                number(
                    choices.choice([3, -2.5, 4.0, float("nan"), -(2**63)]),
                    NOW_MS - choices.choice(BACK_MS),
                    start_ms=start_ms,
                    exemplars=choices.choice([0, 0, 0, 2]),
                    place=place,
                )
                for place, start_ms in enumerate(starts_ms)
            ]
            body, fresh = ENCODINGS[encoding](message(kind("m", *points))), starts_of(cache)
            assert outcome(decode(body, encoding, cache=cache)) == outcome(
                decode(body, encoding, cache=fresh)
            ), seed


def summary_point(choices, place, start_ms):
    """A quantile or value that is 0 is left out by senders."""
    quantiles = choices.choice([(), (0.5,), (0.0, 0.5, 1.0), (0.5, 0.9, 0.99), (0.5, 0.5), (0.5, 2.0)])
    return published.SummaryDataPoint(
        attributes=attributes({"place": place, "label": "x" * choices.choice([0, 0, 200])}),
        start_time_unix_nano=start_ms * NS,
        time_unix_nano=(NOW_MS - choices.choice(BACK_MS)) * NS,
        count=choices.choice([0, 3, 3, 2**64 - 1]),
        sum=choices.choice([0.0, 2.5, 2.5, float("nan")]),
        quantile_values=[
            published.SummaryDataPoint.ValueAtQuantile(
                quantile=each, value=choices.choice([0.0, 1.5, 1.5, -2.0])
            )
            for each in quantiles
        ],
        flags=choices.choice([0, 0, 0, 1]),
    )


@encodings
def test_known_summaries_give_what_unknown_ones_give(encoding):
    for seed in range(60):
        choices, cache = random.Random(seed), KeyCache()
        starts_ms = [choices.choice([0, NOW_MS - 300_000, NOW_MS - 60_000]) for _ in range(4)]
        for _ in range(4):
            points = [summary_point(choices, place, start_ms) for place, start_ms in enumerate(starts_ms)]
            metric = published.Metric(name="wait", summary=published.Summary(data_points=points))
            body, fresh = ENCODINGS[encoding](message(metric)), starts_of(cache)
            assert outcome(decode(body, encoding, cache=cache)) == outcome(
                decode(body, encoding, cache=fresh)
            ), seed


@encodings
def test_a_summary_that_is_known_is_found_by_its_group(encoding):
    quantiles = {0.0: 1.0, 0.5: 2.0, 0.99: 3.0}
    body, cache = (
        ENCODINGS[encoding](
            message(summary("wait", NOW_MS, quantiles, start_ms=NOW_MS - 60_000, count=3, sum=2.5))
        ),
        KeyCache(),
    )
    columns = decode(body, encoding, cache=cache)
    assert len(cache.series.groups) == 1
    cache.keys.clear()
    assert outcome(decode(body, encoding, cache=cache)) == outcome(columns)
    assert cache.keys == {}


NUMBERS = {
    "a double": {"asDouble": 1.5},
    "a double without a point": {"asDouble": 2},
    "an integer": {"asInt": 3},
    "an integer as text": {"asInt": "-4"},
    "a double beside an integer": {"asDouble": 1.5, "asInt": "9"},
    "nothing but an integer": {"asDouble": None, "asInt": "5"},
    "no start": {"asDouble": 1.5, "startTimeUnixNano": None},
}
ODD_NUMBERS = {
    "true": {"asDouble": True},
    "an integer that is true": {"asInt": True},
    "an integer of 64 bits and more": {"asInt": 2**63},
    "a broken integer": {"asInt": "--5"},
    "a negative start": {"asDouble": 1.5, "startTimeUnixNano": "-1"},
    "a time with an exponent": {"asDouble": 1.5, "timeUnixNano": "1e18"},
}


def body_of_point(fields):
    usual = {"timeUnixNano": str(NOW_MS * NS), "startTimeUnixNano": str((NOW_MS - 60_000) * NS)}
    metric = {"name": "m", "gauge": {"dataPoints": [usual | fields]}}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()


@pytest.fixture
def knowing_cache():
    cache = KeyCache()
    decode(body_of_point({"asDouble": 0.5}), JSON, cache=cache)
    return cache


@pytest.mark.parametrize("fields", NUMBERS.values(), ids=NUMBERS)
def test_a_known_number_in_json_is_read_as_an_unknown_one(fields, knowing_cache):
    body = body_of_point(fields)
    samples, refusals = outcome(decode(body, JSON, cache=knowing_cache))
    assert (samples, refusals) == outcome(decode(body, JSON))
    assert len(samples) == 1


@pytest.mark.parametrize("fields", ODD_NUMBERS.values(), ids=ODD_NUMBERS)
def test_a_known_number_in_json_is_refused_as_an_unknown_one(fields, knowing_cache):
    for cache in (knowing_cache, KeyCache()):
        with pytest.raises(MalformedBody, match=r"dataPoints\."):
            decode(body_of_point(fields), JSON, cache=cache)


def sound(*, at_ms=NOW_MS, start_ms=NOW_MS - 60_000, counts=(1, 2), **figures):
    return published.HistogramDataPoint(
        start_time_unix_nano=start_ms * NS,
        time_unix_nano=at_ms * NS,
        **{
            "attributes": attributes({"gpu": "3"}),
            "count": sum(counts),
            "sum": 2.5,
            "bucket_counts": counts,
            "explicit_bounds": [1.0],
            **figures,
        },
    )


@encodings
def test_known_histograms_go_by_with_their_exemplars(encoding):
    """Exemplars differ from body to body, and are refused by name."""
    cache = KeyCache()
    figures = {"start_ms": NOW_MS - 60_000, "count": 3, "sum": 2.5, "min": 0.5, "max": 2.0}
    for values in ((), (1.0, 2.0)):
        exemplars = [published.Exemplar(as_double=value, time_unix_nano=NOW_MS * NS) for value in values]
        metrics = [
            histogram(
                "wait", NOW_MS, exemplars=exemplars, bucket_counts=[1, 2], explicit_bounds=[1.0], **figures
            ),
            exponential("size", NOW_MS, exemplars=exemplars, positive=buckets(0, 3), **figures),
        ]
        columns = decode(ENCODINGS[encoding](message(*metrics)), encoding, cache=cache)
        cache.keys.clear()
    assert columns.rejected.counts == {RefusalReason.EXEMPLAR: 4}
    assert columns.samples == 6 + 7
    assert len(cache.series.groups) == len(cache.series.tables) == 1


def field(number, content):
    """A field of bytes in protobuf."""
    size = len(content)
    return bytes([number << 3 | 2, *([size] if size < 128 else [size & 0x7F | 0x80, size >> 7])]) + content


def test_a_known_histogram_that_is_cut_short_is_refused():
    point = sound(counts=(1,), explicit_bounds=[])
    point.ClearField("attributes")
    whole, cache = point.SerializeToString(), KeyCache()
    decode(protobuf_bytes(histogram_of([point], CUMULATIVE)), cache=cache)
    histogram = field(1, whole) + field(1, whole[:-4]) + bytes([2 << 3, CUMULATIVE])
    with pytest.raises(MalformedBody):
        decode(field(1, field(2, field(2, field(1, b"wait") + field(9, histogram)))), cache=cache)


@encodings
@pytest.mark.parametrize("extremes", [{}, {"min": 0.5, "max": 2.0}], ids=["plain", "with extremes"])
def test_a_histogram_that_is_known_is_found_by_its_group(extremes, encoding):
    """Without this, the tests above would compare the careful way with itself."""
    cache = KeyCache()
    body = ENCODINGS[encoding](histogram_of([sound(**extremes)], CUMULATIVE))
    decode(body, encoding, cache=cache)
    [group] = cache.series.groups.values()
    series = len(np.frombuffer(group, np.int32))
    assert series == 4 + len(extremes)
    cache.keys.clear()
    assert decode(body, encoding, cache=cache).samples == series
    assert cache.keys == {}


@encodings
def test_a_known_histogram_that_contradicts_itself_is_refused_with_both_sides(encoding):
    cache = KeyCache()
    for points in ([sound()], [sound(count=7), sound(counts=(3, 4))]):
        columns = decode(ENCODINGS[encoding](histogram_of(points, CUMULATIVE)), encoding, cache=cache)
    assert columns.rejected.counts == {RefusalReason.BAD_POINT: 1}
    assert "buckets come to 3, and count is 7" in columns.rejected.examples[RefusalReason.BAD_POINT]
    assert columns.samples == 4


def test_groups_and_tables_of_keys_share_the_bound_of_the_caches():
    caches = KeyCaches(max_bytes=4000)
    first, second = caches.cache_of("first"), caches.cache_of("second")
    first.put(b"raw", b"key")
    first.put_single(b"single", b"key")
    first.put_group(b"raw", (b"key",) * 4)
    first.put_table(b"raw", {1: b"key", 2: b"key"})
    series = first.series
    second.put_group(b"x" * 3000, (b"key",))
    assert (first.keys, first.series.keys, first.series.groups) == ({}, [], {})
    assert len(second.series.groups) == 1
    # A body that was being read at that moment still finds what it began with.
    assert (series.keys, series.singles) == ([b"key"], {b"single": 0})


def test_a_body_that_fills_the_cache_is_read_whole():
    """Its first points are known, others empty the cache, and then the first come again."""
    cache = KeyCache(max_bytes=20_000)
    points = [sound(start_ms=NOW_MS - 60_000, attributes=attributes({"gpu": str(gpu)})) for gpu in range(60)]
    first_body = protobuf_bytes(histogram_of(points[:2], CUMULATIVE))
    decode(first_body, cache=cache)
    series = cache.series
    columns = decode(
        protobuf_bytes(histogram_of([*points[:2], *points, *points[:2]], CUMULATIVE)), cache=cache
    )
    assert cache.series is not series
    assert (columns.samples, len(columns.keys)) == (4 * 64, 4 * 60)
    assert set(decode(first_body).keys) < set(columns.keys)


def test_a_length_in_three_bytes_is_another_layout():
    counts = [1] * 2049
    point = sound(counts=counts, explicit_bounds=[float(bound) for bound in range(2048)])
    columns = decode(protobuf_bytes(histogram_of([point], CUMULATIVE)))
    assert columns.rejected.counts == {RefusalReason.BAD_POINT: 1}
    assert "2048 buckets" in columns.rejected.examples[RefusalReason.BAD_POINT]
