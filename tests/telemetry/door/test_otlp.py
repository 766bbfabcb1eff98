"""OTLP metrics as the running server answers them."""

import gzip
import json
import zlib

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

from telemetry import drain, rollups
from telemetry.models import Series
from tests.inventory import made
from tests.telemetry.door.points import AT, BAD_POINT, POINTS, UP
from tests.telemetry.door.rows import Request, faults
from tests.telemetry.otlp import (
    DELTA,
    counter,
    gauge,
    histogram,
    json_bytes,
    message,
    number,
    protobuf_bytes,
    summary,
)
from tests.telemetry.sending import rolled_up, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

ADDRESS = "/otlp/v1/metrics"
BINARY = {"Content-Type": "application/x-protobuf", "Content-Encoding": None}
JSON = {"Content-Type": "application/json"}
GZIP, DEFLATE = {"Content-Encoding": "gzip"}, {"Content-Encoding": "deflate"}
MALFORMED, TOO_LARGE = {"malformed_body": 1}, {"body_too_large": 1}
WRONG_TYPE, WRONG_ENCODING = {"wrong_content_type": 1}, {"unsupported_encoding": 1}
WHOLE = protobuf_bytes(message(UP))


def point_body(**fields):
    """JSON of one gauge whose point has these fields beside its time."""
    point = {"timeUnixNano": str(AT * 10**6)} | fields
    return metric_body(gauge={"dataPoints": [point]})


def metric_body(**fields):
    metrics = [{"name": "up"} | fields]
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()


def labelled(value):
    return point_body(asDouble=1.0, attributes=[{"key": "a", "value": value}])


BINARY_REQUESTS = {
    # Headers
    "as usual": Request(WHOLE, 200, [1.0]),
    "plain": Request(WHOLE, 200, [1.0], headers={"Content-Encoding": "identity"}),
    "gzip": Request(gzip.compress(WHOLE), 200, [1.0], headers=GZIP),
    "deflate": Request(zlib.compress(WHOLE), 200, [1.0], headers=DEFLATE),
    "deflate without its frame": Request(zlib.compress(WHOLE, wbits=-15), 400, [], MALFORMED, DEFLATE),
    "plain, called gzip": Request(WHOLE, 400, [], MALFORMED, GZIP),
    "gzip called plain": Request(gzip.compress(WHOLE), 400, [], MALFORMED),
    "truncated gzip": Request(gzip.compress(WHOLE)[:-9], 400, [], MALFORMED, GZIP),
    "damaged gzip": Request(gzip.compress(WHOLE)[:-8] + bytes(8), 400, [], MALFORMED, GZIP),
    "snappy": Request(WHOLE, 415, [], WRONG_ENCODING, {"Content-Encoding": "snappy"}),
    "zstd": Request(WHOLE, 415, [], WRONG_ENCODING, {"Content-Encoding": "zstd"}),
    "another type": Request(WHOLE, 415, [], WRONG_TYPE, {"Content-Type": "text/plain"}),
    "no type": Request(WHOLE, 415, [], WRONG_TYPE, {"Content-Type": None}),
    "JSON called protobuf": Request(json_bytes(message(UP)), 400, [], MALFORMED),
    # Sizes
    "declared too large": Request(WHOLE, 413, [], TOO_LARGE, limits={"TELEMETRY_BODY_BYTES": 10}),
    "too large once decompressed": Request(
        gzip.compress(WHOLE * 50), 413, [], TOO_LARGE, GZIP, {"TELEMETRY_DECODED_BYTES": 999}
    ),
    "too large, plain": Request(WHOLE * 50, 413, [], TOO_LARGE, limits={"TELEMETRY_DECODED_BYTES": 999}),
    "gzip bomb": Request(gzip.compress(bytes(70_000_000), 1), 413, [], TOO_LARGE, GZIP),
    "too many resources": Request(b"\x0a\x00" * 50_001, 413, [], TOO_LARGE),
    # Protobuf
    "empty": Request(b"", 200),
    "an empty resource": Request(b"\x0a\x00", 200),
    "a resource twice": Request(WHOLE + WHOLE, 200, [1.0, 1.0]),
    "truncated": Request(WHOLE[:-4], 400, [], MALFORMED),
    "a field of a later version": Request(WHOLE + b"\x78\x01", 200, [1.0]),
    "a metric without points": Request(protobuf_bytes(message(gauge("m"))), 200),
    "a metric of no type": Request(protobuf_bytes(message(UP, type(UP)(name="m"))), 200, [1.0], BAD_POINT),
    **{f"points, {name}": points.request(protobuf_bytes) for name, points in POINTS.items()},
}

JSON_REQUESTS = {
    **{f"points, {name}": points.request(json_bytes) for name, points in POINTS.items()},
    "as usual": Request(json_bytes(message(UP)), 200, [1.0]),
    "with a charset": Request(
        json_bytes(message(UP)), 200, [1.0], headers={"Content-Type": "application/json; charset=utf-8"}
    ),
    "gzip": Request(gzip.compress(json_bytes(message(UP))), 200, [1.0], headers=GZIP),
    "an empty object": Request(b"{}", 200),
    "empty": Request(b"", 400, [], MALFORMED),
    "protobuf called JSON": Request(WHOLE, 400, [], MALFORMED),
    "truncated": Request(json_bytes(message(UP))[:-4], 400, [], MALFORMED),
    "a list": Request(b"[]", 400, [], MALFORMED),
    "traces": Request(b'{"resourceSpans": []}', 400, [], MALFORMED),
    "names with underscores": Request(b'{"resource_metrics": []}', 400, [], MALFORMED),
    "a null": Request(b'{"resourceMetrics": null}', 200),
    "lists in lists": Request(b"[" * 100_000, 400, [], MALFORMED),
    "too many objects": Request(b'{"resourceMetrics":[' + b"{}," * 500_000, 413, [], TOO_LARGE),
    "no UTF-8": Request(json_bytes(message(UP)).replace(b"gpu", b"\xc3\x28"), 400, [], MALFORMED),
    "half of a character": Request(labelled({"stringValue": "\ud800"}), 400, [], MALFORMED),
    "an integer": Request(point_body(asInt="1"), 200, [1.0]),
    "an integer as a number": Request(point_body(asInt=1), 200, [1.0]),
    "an integer too large": Request(point_body(asInt=str(2**63)), 400, [], MALFORMED),
    "a fraction as an integer": Request(point_body(asInt=1.5), 400, [], MALFORMED),
    "a value as text": Request(point_body(asDouble="1.0"), 200, [1.0]),
    "a word as a value": Request(point_body(asDouble="one"), 400, [], MALFORMED),
    "infinity": Request(point_body(asDouble="Infinity"), 200),
    "no value": Request(point_body(), 200, [], BAD_POINT),
    "a time as a number": Request(point_body(asDouble=1.0, timeUnixNano=AT * 10**6), 200, [1.0]),
    "a time before 1970": Request(point_body(asDouble=1.0, timeUnixNano=-1), 400, [], MALFORMED),
    "no time": Request(point_body(asDouble=1.0, timeUnixNano=None), 200, [], {"too_old": 1}),
    "a field of a later version": Request(point_body(asDouble=1.0, colour={"is": "red"}), 200, [1.0]),
    "a temporality by its name": Request(
        metric_body(sum={"dataPoints": [], "aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"}),
        400,
        [],
        MALFORMED,
    ),
    "a text in place of a list": Request(metric_body(gauge={"dataPoints": "none"}), 400, [], MALFORMED),
    "a number as a name": Request(metric_body(name=5, gauge={}), 400, [], MALFORMED),
    "a label of every type": Request(
        point_body(
            asDouble=1.0,
            attributes=[
                {"key": kind, "value": {kind: value}}
                for kind, value in {
                    "stringValue": "a",
                    "boolValue": True,
                    "intValue": "5",
                    "doubleValue": 2.5,
                    "bytesValue": "AP8=",
                    "arrayValue": {"values": [{"intValue": 1}]},
                    "kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]},
                }.items()
            ],
        ),
        200,
        [1.0],
    ),
    "a label of no type": Request(labelled({}), 200, [1.0]),
    "a label that is no object": Request(labelled("b"), 400, [], MALFORMED),
    "all kinds at once": Request(
        json_bytes(
            message(
                UP,
                counter("a", number(2, AT)),
                histogram("b", AT, count=1, explicit_bounds=[1], bucket_counts=[1, 0]),
                summary("c", AT, {0.5: 3}, count=1, sum=3),
            )
        ),
        200,
        [2.0, 1.0, 1.0, 1.0, 3.0, 1.0, 3.0, 1.0],
    ),
}


@pytest.fixture
def export(post):
    """Post in protobuf, unless the headers say JSON."""
    return lambda body, headers=None: post(body, BINARY | (headers or {}), ADDRESS)


def test_every_body_in_protobuf_is_answered_and_its_good_points_stored_once(export, sender):
    assert len(BINARY_REQUESTS) >= 60
    assert faults(BINARY_REQUESTS, export, sender) == []


def test_every_body_in_json_is_answered_and_its_good_points_stored_once(export, sender):
    assert len(JSON_REQUESTS) >= 60
    assert (
        faults(JSON_REQUESTS, lambda body, headers=None: export(body, JSON | (headers or {})), sender) == []
    )


def response_in(content):
    if isinstance(content, bytes):
        return ExportMetricsServiceResponse.FromString(content)
    return ParseDict(content or {}, ExportMetricsServiceResponse())


ENCODINGS = pytest.mark.parametrize(
    ("usual", "encode"), [(BINARY, protobuf_bytes), (JSON, json_bytes)], ids=["protobuf", "json"]
)


@ENCODINGS
def test_a_success_is_empty_and_in_the_type_of_the_request(export, usual, encode):
    status, headers, content = export(encode(message(UP)), usual)
    assert (status, headers["content-type"]) == (200, usual["Content-Type"])
    assert not response_in(content).HasField("partial_success")


@ENCODINGS
def test_a_partial_success_counts_points_and_gives_the_reason(export, usual, encode):
    bad = histogram("h", AT, count=9, explicit_bounds=[1], bucket_counts=[1, 2])
    points = gauge("g", number(None, AT), number(1.0, AT, exemplars=3))
    for _ in ("first", "again"):
        status, headers, content = export(encode(message(bad, points, UP)), usual)
        partial = response_in(content).partial_success
        assert (status, headers["content-type"]) == (200, usual["Content-Type"])
        assert partial.rejected_data_points == 2
        assert "buckets come to 3, and count is 9" in partial.error_message
        assert "3 exemplar" in partial.error_message


def test_exemplars_alone_are_a_warning(export):
    content = export(protobuf_bytes(message(gauge("g", number(1.0, AT, exemplars=3)))))[2]
    partial = response_in(content).partial_success
    assert (partial.rejected_data_points, partial.error_message[:10]) == (0, "3 exemplar")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"Authorization": "Bearer wrong"}, 401, 16, id="unknown sender"),
        pytest.param({"Content-Length": str(10**9)}, 413, 8, id="too large"),
        pytest.param({"Content-Encoding": "br"}, 415, 3, id="encoding"),
        pytest.param(GZIP, 400, 3, id="malformed"),
    ],
)
def test_an_error_is_a_status_in_the_type_of_the_request(export, headers, status, code):
    answered, heads, content = export(json_bytes(message(UP)), JSON | headers)
    assert (answered, content["code"], heads["content-type"]) == (status, code, "application/json")
    answered, heads, content = export(WHOLE, headers)
    assert (answered, heads["content-type"]) == (status, "application/x-protobuf")
    # google.rpc.Status: code is field 1, message field 2.
    assert content[:3] == bytes((0x08, code, 0x12))
    assert len(content[4:]) == content[3] > 0
    assert "retry-after" not in heads


def test_a_full_inbox_asks_to_come_again_until_it_is_drained(export, sender, settings):
    settings.TELEMETRY_INBOX_BATCHES = 1
    assert export(WHOLE)[0] == 200
    sender.clock.move(seconds=2)
    status, headers, content = export(json_bytes(message(UP)), JSON)
    assert (status, content) == (429, {"code": 8, "message": "the inbox is full"})
    assert int(headers["retry-after"]) > 0
    drain.drain(now=sender.clock.at)
    sender.clock.move(seconds=2)
    assert export(json_bytes(message(UP)), JSON)[0] == 200


def test_deltas_add_up_over_windows(export, sender):
    for minute, value in ((-12, 5), (-8, 3), (-4, 8)):
        at_ms = AT + minute * 60_000
        point = number(value, at_ms, start_ms=at_ms - 240_000)
        assert export(protobuf_bytes(message(counter("jobs", point, temporality=DELTA))))[0] == 200
    drain.drain(now=sender.clock.at)
    rollups.roll_up(now=sender.clock.move(minutes=6))
    assert sum(row["increase"] or 0 for row in rolled_up()) == 16


def test_a_component_is_found_by_its_id_and_its_host(export, sender, porto):
    node = made.device(site=porto, name="gpu-01")
    gpu = made.accelerator(device=node, uuid="GPU-7")
    points = number(0.5, AT, hw_id="GPU-7"), number(0.5, AT, hw_id="GPU-8")
    assert export(protobuf_bytes(message(gauge("hw.gpu.utilization", *points))))[0] == 200
    drain.drain(now=sender.clock.at)
    objects = Series.objects.values_list("labels__hw_id", "accelerator", "device")
    assert set(objects) == {("GPU-7", gpu.pk, node.pk), ("GPU-8", None, node.pk)}
    assert [value for _, _, value in stored()] == [50.0, 50.0]
