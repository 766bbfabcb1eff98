"""Exponential histograms, and histograms in JSON, are read as columns where they are known, and give what those with
unknown attributes give."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.metrics.v1 import metrics_pb2 as published

from telemetry.core.known_series import NO_PLACE
from telemetry.core.labels import KeyCache
from telemetry.formats.contract import BodyError, MalformedBody
from tests.telemetry.core.wire import DAY_MS, NOW_MS
from tests.telemetry.otlp import (
    CUMULATIVE,
    DELTA,
    ENCODINGS,
    JSON,
    NS,
    attributes,
    buckets,
    decode,
    encodings,
    message,
    outcome,
    protobuf_bytes,
    starts_of,
)

BACK_MS = (0, 0, 1, 30_000, 120_000, 3 * DAY_MS, -DAY_MS)


def exponentials(points, temporality=CUMULATIVE):
    data = published.ExponentialHistogram(data_points=points, aggregation_temporality=temporality)
    return message(published.Metric(name="wait", exponential_histogram=data))


def usual(*counts, place="a", at_ms=NOW_MS, start_ms=NOW_MS - 60_000, offset=-3, **figures):
    zero_count = figures.get("zero_count", 0)
    return published.ExponentialHistogramDataPoint(
        attributes=attributes({"place": place}),
        start_time_unix_nano=start_ms * NS,
        time_unix_nano=at_ms * NS,
        positive=buckets(offset, *counts),
        **{"count": sum(counts) + zero_count, "sum": 2.5, "scale": 3, **figures},
    )


def varied(choices, place, start_ms):
    """A point, most often in the usual layout. One in five contradicts itself."""
    some_count = [0, 0, 1, 2, 127, 128, 300, 2**20]
    if choices.random() < 0.1:
        some_count.append(choices.choice([2**42, 2**49, 2**56, 2**63]))
    counts = [choices.choice(some_count) for _ in range(choices.choice([0, 1, 2, 3, 40, 160, 170]))]
    below = choices.choice([[], [], [], [], [0], [0, 2]])
    figures = {
        "scale": choices.choice([5, 5, 3, 2, 1, 0, -2, -10, 20, 21, -11]),
        "zero_count": choices.choice([0, 0, 3, 2**50]),
        "zero_threshold": choices.choice([0.0, 0.0, 0.0, 0.5]),
        "flags": choices.choice([0, 0, 0, 0, 1]),
        "exemplars": [published.Exemplar(as_double=1.0)] * choices.choice([0, 0, 0, 1]),
        "sum": choices.choice([2.5, 2.5, float("nan"), None]),
    }
    if choices.random() < 0.5:
        figures |= {"min": 0.5, "max": choices.choice([0.0, 7.0, None])}
    if below:
        figures["negative"] = buckets(choices.choice([0, 3]), *below)
    count = sum(counts) + sum(below) + figures["zero_count"] + choices.choice([0, 0, 0, 0, 1])
    return usual(
        *counts,
        place=place,
        at_ms=NOW_MS - choices.choice(BACK_MS),
        start_ms=start_ms,
        offset=choices.choice([0, 0, -60, 7, 1000, -40_000, 2**26, -(2**27) - 1, 2**31 - 200]),
        count=count % 2**64,
        **figures,
    )


@encodings
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
def test_known_exponential_histograms_give_what_unknown_ones_give(temporality, encoding):
    for seed in range(40):
        choices, cache = random.Random(seed), KeyCache()
        starts_ms = [
            choices.choice([0, NOW_MS - 300_000, NOW_MS - 60_000, NOW_MS + 60_000]) for _ in range(4)
        ]
        for _ in range(3):
            points = [
                varied(choices, "x" * 200 * place, start_ms) for place, start_ms in enumerate(starts_ms)
            ]
            body, fresh = ENCODINGS[encoding](exponentials(points, temporality)), starts_of(cache)
            assert outcome(decode(body, encoding, cache=cache)) == outcome(
                decode(body, encoding, cache=fresh)
            ), seed


@encodings
def test_an_exponential_histogram_that_is_known_is_found_by_its_table(encoding):
    """Without this, the test above would compare the careful way with itself."""
    cache = KeyCache()
    body = ENCODINGS[encoding](
        exponentials([usual(1, 0, 200, place="a"), usual(5, 0, 7, place="b", min=1, max=2)])
    )
    columns = decode(body, encoding, cache=cache)
    assert len(cache.series.tables) == 2
    cache.keys.clear()
    assert outcome(decode(body, encoding, cache=cache)) == outcome(columns)
    assert cache.keys == {}


@encodings
def test_an_exponential_histogram_may_fill_another_bucket(encoding):
    cache = KeyCache()
    for counts, series in (((1, 0, 0, 0), 5), ((1, 0, 2, 0), 6), ((0, 0, 2, 0), 5)):
        body = ENCODINGS[encoding](exponentials([usual(*counts)]))
        assert decode(body, encoding, cache=cache).samples == series
    [table] = cache.series.tables.values()
    assert np.count_nonzero(np.frombuffer(table.places, np.int32) > NO_PLACE) == 6


def sound_point(temporality, kind):
    if kind == "exponentialHistogram":
        first = usual(1, 0, 200, zero_count=1, min=1, max=2, exemplars=[published.Exemplar(as_double=1.0)])
        return exponentials([first, usual(3, place="b")], temporality)
    point = published.HistogramDataPoint(
        start_time_unix_nano=(NOW_MS - 60_000) * NS,
        time_unix_nano=NOW_MS * NS,
        count=3,
        sum=2.5,
        bucket_counts=[1, 2],
        explicit_bounds=[1.5],
        exemplars=[published.Exemplar(as_double=1.0)],
    )
    data = published.Histogram(data_points=[point], aggregation_temporality=temporality)
    return message(published.Metric(name="wait", histogram=data))


@encodings
@pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
@given(data=st.data())
def test_damage_to_a_known_histogram_means_what_it_means_to_an_unknown_one(kind, encoding, data):
    """Deltas, because what is known of the start of a cumulative one may tell of a reset."""
    body, cache = ENCODINGS[encoding](sound_point(DELTA, kind)), KeyCache()
    decode(body, encoding, cache=cache)
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    outcomes = []
    for each in (cache, KeyCache()):
        try:
            outcomes.append(outcome(decode(bytes(damaged), encoding, cache=each)))
        except BodyError as error:
            outcomes.append(error.reason)
    assert outcomes[0] == outcomes[1]


def test_buckets_that_lie_far_apart_are_no_table():
    """Scale -7 has buckets of 128 octaves each: a table of what lies between would be large."""
    cache = KeyCache()
    body = protobuf_bytes(exponentials([usual(5, 7, scale=-7, offset=-1)]))
    for _ in range(2):
        columns = decode(body, cache=cache)
        assert columns.rejected.counts == {}
    assert cache.series.tables == {}
    assert columns.samples == 6


ODD_COUNTS = {
    "numbers": [1, 2],
    "numbers and text": ["1", 2],
    "whole numbers with a point": [1.0, 2.0],
    "a leading zero": ["1", "02"],
    "an underscore": ["1", "2_0"],
    "a comma": ["1,2"],
    "other digits": ["1", "²"],
    "nothing": ["1", ""],
    "below zero": [1, -2],
    "below zero as text": ["1", "-2"],
    "true": [1, True],
    "null": [1, None],
    "64 bits": ["1", str(2**64 - 1)],
    "more than 64 bits": ["1", str(2**64)],
    "a list": [["1"], "2"],
    "no list": {"a": 1},
}


@pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
@pytest.mark.parametrize("counts", ODD_COUNTS.values(), ids=ODD_COUNTS)
def test_counts_in_json_are_read_alike_however_they_are_written(counts, kind):
    body = json.loads(ENCODINGS[JSON](sound_point(DELTA, kind)))
    cache = KeyCache()
    decode(json.dumps(body).encode(), JSON, cache=cache)
    [metric] = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    point = metric[kind]["dataPoints"][0]
    (point if kind == "histogram" else point["positive"])["bucketCounts"] = counts
    point["count"] = 3 if kind == "histogram" else 4
    outcomes = []
    for each in (cache, KeyCache()):
        try:
            outcomes.append(outcome(decode(json.dumps(body).encode(), JSON, cache=each)))
        except MalformedBody as error:
            outcomes.append(error.reason)
    assert outcomes[0] == outcomes[1]


def test_points_of_many_metrics_are_read_together_and_refused_by_their_own_name():
    cache = KeyCache()
    metrics = [
        published.Metric(
            name=name,
            exponential_histogram=published.ExponentialHistogram(
                data_points=[usual(1, 2, at_ms=at_ms)], aggregation_temporality=temporality
            ),
        )
        for name, at_ms, temporality in (
            ("whole", NOW_MS, CUMULATIVE),
            ("delta", NOW_MS, DELTA),
            ("old", NOW_MS - 3 * DAY_MS, DELTA),
        )
    ]
    for metric in metrics:
        points = metric.exponential_histogram.data_points
        known_points = [usual(1, 2)]
        old_ms = points[0].time_unix_nano
        points[0].time_unix_nano = known_points[0].time_unix_nano
        decode(protobuf_bytes(message(metric)), cache=cache)
        points[0].time_unix_nano = old_ms
    columns = decode(protobuf_bytes(message(*metrics)), cache=cache)
    # Of `delta` each series has its zero, too.
    assert columns.samples == 6 + 12
    [example] = columns.rejected.examples.values()
    assert example.startswith("old")
