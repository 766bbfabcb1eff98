"""Bodies of OTLP that are broken, hostile, random, or that exporters sent."""

import gzip
import json
import math
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache
from telemetry.formats.contract import BodyError, BodyLimits, MalformedBody, WriteTooLarge
from tests.telemetry.core.wire import NOW_MS
from tests.telemetry.otlp import (
    BEFORE,
    ENCODINGS,
    JSON,
    PROTOBUF,
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
    rows,
    summary,
)

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "protocol" / "otlp"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"resourceMetrics": NaN}', "no JSON"),
        (b"[]", "body is no object"),
        (b'{"resource_metrics": []}', "lowerCamelCase"),
        (b'{"resourceSpans": []}', "no resourceMetrics"),
        (b'{"resourceMetrics": {}}', "resourceMetrics is no list"),
        (b'{"resourceMetrics": [1]}', "resourceMetrics is no object"),
        (b'{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": 5}]}]}]}', "name is no text"),
    ],
)
def test_a_broken_body_of_json_says_where(body, reason):
    with pytest.raises(MalformedBody) as caught:
        decode(body, JSON)
    assert reason in caught.value.reason


@pytest.mark.parametrize("depth", [40, 70, 330])
@pytest.mark.parametrize("owner", ["point", "resource"])
def test_lists_in_lists_end_somewhere(owner, depth):
    value = '{"arrayValue":{"values":[' * depth + "]}}" * depth
    attributes_of = {"point": "[]", "resource": "[]"} | {owner: f'[{{"key":"a","value":{value}}}]'}
    point = f'{{"timeUnixNano":"{NOW_MS * 10**6}","asDouble":1.5,"attributes":{attributes_of["point"]}}}'
    metrics = f'[{{"metrics":[{{"name":"m","gauge":{{"dataPoints":[{point}]}}}}]}}]'
    resource = f'{{"attributes":{attributes_of["resource"]}}}'
    body = f'{{"resourceMetrics":[{{"resource":{resource},"scopeMetrics":{metrics}}}]}}'.encode()
    if depth == 40:
        assert decode(body, JSON).samples == 1
    else:
        with pytest.raises(MalformedBody, match="nested too deep"):
            decode(body, JSON)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"timeUnixNano": "soon"}, "timeUnixNano is no integer"),
        ({"timeUnixNano": -1}, "timeUnixNano is no integer"),
        ({"timeUnixNano": str(2**64)}, "timeUnixNano is no integer"),
        ({"asDouble": "1_0"}, "asDouble is no number"),
        ({"asDouble": True}, "asDouble is no number"),
        ({"asInt": 1.5, "asDouble": None}, "asInt is no integer"),
        ({"attributes": {}}, "attributes is no list"),
        ({"attributes": [{"key": "a", "value": "b"}]}, "value is no object"),
        ({"attributes": [{"key": "a", "value": {"boolValue": 1}}]}, "boolValue is neither"),
        ({"data_points": []}, "lowerCamelCase"),
    ],
)
def test_a_bad_field_of_json_is_named(changed, reason):
    point = {"timeUnixNano": str(NOW_MS * 10**6), "asDouble": 1.0} | changed
    metric = {"name": "m", "gauge": {"dataPoints": [point]}}
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    with pytest.raises(MalformedBody) as caught:
        decode(json.dumps(body).encode(), JSON)
    assert reason in caught.value.reason


def test_json_reads_numbers_however_they_are_written():
    points = [
        {"timeUnixNano": NOW_MS * 10**6, "asInt": 5, "flags": 0, "futureField": {"snake_case": 1}},
        {"timeUnixNano": str(NOW_MS * 10**6 + 10**6), "asInt": "5"},
        {"timeUnixNano": str(NOW_MS * 10**6 + 2 * 10**6), "asDouble": "5.0"},
        {"timeUnixNano": str(NOW_MS * 10**6 + 3 * 10**6), "asDouble": "-Infinity", "asInt": None},
    ]
    body = {
        "resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": points}}]}]}]
    }
    assert decode(json.dumps(body).encode(), JSON).value.tolist() == [5.0, 5.0, 5.0, -math.inf]


BOMBS = {
    "zeros": (bytes(100_000_000), PROTOBUF),
    "empty resources": (b"\x0a\x00" * 16_000_000, PROTOBUF),
    "empty objects": (b'{"resourceMetrics":[' + b"{}," * 8_000_000, JSON),
    "lists in lists": (b"[" * 20_000_000, JSON),
    "numbers": (b"[" + b"1," * 16_000_000, JSON),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_before_it_is_read(bomb):
    plain, encoding = BOMBS[bomb]
    limits = BodyLimits(max_decompressed_bytes=40_000_000)
    with pytest.raises(WriteTooLarge):
        decode(zlib.compress(plain, 1), encoding, limits=limits, compression="deflate")


def test_buckets_without_end_are_bounded():
    metric = histogram("m", NOW_MS, explicit_bounds=range(900), bucket_counts=[0] * 901)
    with pytest.raises(WriteTooLarge):
        decode(protobuf_bytes(message(*[metric] * 20)), limits=BodyLimits(max_samples=10_000))
    long = [gauge("m", number(1, NOW_MS, a=f"{n}" * 2000)) for n in range(10)]
    with pytest.raises(WriteTooLarge):
        decode(
            protobuf_bytes(message(*long, resource={"r": "x" * 4000})),
            limits=BodyLimits(max_decompressed_bytes=60_000),
        )


GOOD = message(
    gauge("g", number(1.5, NOW_MS, a="b"), number(2, NOW_MS, a="c")),
    counter("c", number(3, NOW_MS, start_ms=BEFORE, a="b")),
    histogram("h", NOW_MS, count=1, sum=1, explicit_bounds=[1], bucket_counts=[1, 0]),
    exponential("e", NOW_MS, count=2, scale=1, positive=buckets(0, 2)),
    summary("s", NOW_MS, {0.5: 1}, count=1, sum=1),
    scope="s",
)


@encodings
@given(data=st.data())
def test_no_damage_to_a_good_body_raises_anything_but_a_named_error(encoding, data):
    damaged = bytearray(ENCODINGS[encoding](GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cache = KeyCache()
    decode(ENCODINGS[encoding](GOOD), encoding, cache=cache)
    outcomes = []
    # A body must mean the same whether its labels were seen before or not, but for resets.
    for each in (cache, KeyCache()):
        try:
            columns = decode(bytes(damaged), encoding, cache=each)
            read = [
                row for row in rows(columns) if not row[0]["__name__"].startswith(("c_", "h_", "e_", "s_"))
            ]
            outcomes.append((sorted(map(repr, read)), columns.rejected.counts))
        except BodyError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@encodings
@given(
    points=st.lists(
        st.tuples(
            st.dictionaries(TEXT, TEXT, max_size=3), st.floats(allow_nan=False), st.integers(0, 100_000)
        ),
        max_size=5,
    )
)
def test_what_is_sent_is_what_is_read(encoding, points):
    sent = [
        ({name.replace(".", "_"): value for name, value in labels.items()}, -back_ms, value)
        for labels, value, back_ms in points
    ]
    if any(len(renamed) < len(labels) for (renamed, *_), (labels, *_) in zip(sent, points, strict=True)):
        return
    metric = gauge("m")
    for labels, value, back_ms in points:
        point = number(value, NOW_MS - back_ms)
        point.attributes.extend(attributes(labels))
        metric.gauge.data_points.append(point)
    body, cache = ENCODINGS[encoding](message(metric, resource={})), KeyCache()
    for _ in ("unknown labels", "known labels"):
        columns = decode(body, encoding, cache=cache)
        read = [
            ({n: v for n, v in labels.items() if n != "__name__"}, at, value)
            for labels, at, value in rows(columns)
        ]
        assert sorted(map(repr, ((sorted(r[0].items()), *r[1:]) for r in read))) == sorted(
            map(repr, ((sorted(s[0].items()), *s[1:]) for s in sent))
        )


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("000_v1_metrics.bin", 38),
        ("002_v1_metrics.bin", 38),
        ("008_v1_metrics.bin", 23),
        ("example_metrics.json", 25),
    ],
)
def test_bodies_that_exporters_sent(name, samples):
    body = (SAMPLES / name).read_bytes()
    encoding = JSON if body.lstrip().startswith(b"{") else PROTOBUF
    compression = "gzip" if body.startswith(b"\x1f\x8b") else None
    columns = decode(body, encoding, window=TakenTimes(2**42, 0), compression=compression)
    assert (columns.samples, columns.rejected.counts) == (samples, {})
    again = gzip.compress(body) if compression is None else gzip.decompress(body)
    assert (
        decode(
            again, encoding, window=TakenTimes(2**42, 0), compression="gzip" if compression is None else None
        ).keys
        == columns.keys
    )
