"""Every registered format keeps the contract, and a body finds its own format."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import formats
from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, KeyCaches
from telemetry.formats import (
    FORMATS,
    BodyError,
    BodyHeaders,
    BodyLimits,
    UnsupportedEncoding,
    UnsupportedType,
)
from tests.telemetry.core.wire import NOW_MS

FOLDER = Path(formats.__file__).parent
SHARED = {"__init__", "answers", "compression", "contract", "lines", "protobuf"}
LIMITS = BodyLimits(max_decompressed_bytes=1000)
PROTOBUF = "application/x-protobuf"
every_format = pytest.mark.parametrize("wire_format", FORMATS, ids=str)


def test_each_module_is_registered():
    loaded = {each.load().__name__.removeprefix("telemetry.formats.") for each in FORMATS}
    modules = {path.stem for path in FOLDER.glob("*.py")} | {
        path.parent.name for path in FOLDER.glob("*/__init__.py")
    }
    assert loaded == modules - SHARED
    assert len({str(each) for each in FORMATS}) == len(FORMATS)


@every_format
@given(body=st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_named_error(wire_format, body):
    window, cache = TakenTimes(NOW_MS, 0), KeyCache()
    for content_type in wire_format.content_types:
        with suppress(BodyError):
            headers = BodyHeaders(content_type)
            wire_format.load().decode(body, headers, window=window, limits=LIMITS, cache=cache)


@every_format
@given(head=st.binary(max_size=8))
def test_a_body_takes_no_more_than_itself_and_the_limit(wire_format, head):
    needed = wire_format.load().needed_bytes(head, 50, LIMITS)
    assert 50 <= needed <= 50 + LIMITS.max_decompressed_bytes


VERSION_2 = "proto=io.prometheus.write.v2.Request"


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        ("/api/v1/write", PROTOBUF, "remote write 1.0"),
        ("/api/v1/write", "application/protobuf", "remote write 1.0"),
        ("/api/v1/write", 'Application/X-Protobuf; proto="prometheus.WriteRequest"', "remote write 1.0"),
        ("/api/v1/write", f"{PROTOBUF};{VERSION_2}", "remote write 2.0"),
        ("/api/v1/write", f"{PROTOBUF} ; {VERSION_2.lower()}", "remote write 2.0"),
        ("/api/telemetry/import/", "text/plain", "text exposition 0.0.4"),
        ("/api/telemetry/import/", "text/plain; version=0.0.4; charset=utf-8", "text exposition 0.0.4"),
        ("/api/telemetry/import/", "application/openmetrics-text; version=1.0.0", "OpenMetrics 1.0"),
        ("/api/telemetry/import/", "text/csv; header=present; labels=gpu", "CSV of samples RFC 4180"),
        ("/api/telemetry/import/", "application/json", "reports of Slurm 22.05 to 24.11"),
        ("/otlp/v1/metrics", PROTOBUF, "OTLP metrics 1"),
        ("/otlp/v1/metrics", "application/json; charset=utf-8", "OTLP metrics 1"),
    ],
)
def test_a_format_is_found_by_address_and_type(address, kind, name):
    assert str(formats.format_of(address, BodyHeaders(kind))) == name


@pytest.mark.parametrize(
    ("address", "headers", "error", "reason"),
    [
        ("/api/v1/write", BodyHeaders("text/plain"), UnsupportedType, "is not application/x-protobuf"),
        ("/api/v1/write", BodyHeaders(), UnsupportedType, "Content-Type is not application/x-protobuf"),
        ("/api/v1/write", BodyHeaders(f"{PROTOBUF}; proto=x"), UnsupportedType, "proto=x is no message"),
        ("/api/v1/write", BodyHeaders(PROTOBUF, "gzip"), UnsupportedEncoding, "comes in snappy"),
        ("/api/v1/write", BodyHeaders(f"{PROTOBUF};{VERSION_2}", "zstd"), UnsupportedEncoding, "'zstd'"),
        ("/api/telemetry/import/", BodyHeaders("text/plain; version=2"), UnsupportedType, "send 0.0.4"),
        (
            "/api/telemetry/import/",
            BodyHeaders("application/openmetrics-text; version=2.0.0"),
            UnsupportedType,
            "send 1.0.0",
        ),
        ("/api/telemetry/import/", BodyHeaders("text/csv; zone=Mars"), UnsupportedType, "zone=Mars"),
        ("/api/telemetry/import/", BodyHeaders("text/csv; separator=;"), UnsupportedType, "separator="),
        ("/api/telemetry/import/", BodyHeaders("text/csv; colour=red"), UnsupportedType, "colour"),
        ("/api/telemetry/import/", BodyHeaders("text/csv", "br"), UnsupportedEncoding, "gzip or deflate"),
        ("/otlp/v1/metrics", BodyHeaders(PROTOBUF, "snappy"), UnsupportedEncoding, "gzip or deflate"),
        ("/otlp/v1/metrics", BodyHeaders("text/plain"), UnsupportedType, "application/json"),
    ],
)
def test_what_no_format_takes_is_refused_by_name(address, headers, error, reason):
    with pytest.raises(error) as caught:
        formats.format_of(address, headers)
    assert reason in caught.value.reason


def test_caches_of_formats_share_their_memory_and_nothing_else():
    caches = KeyCaches(max_bytes=1000)
    one, other = caches.cache_of("one"), caches.cache_of("other")
    assert caches.cache_of("one") is one
    one.put(b"raw", b"key of one")
    other.put(b"raw", b"key of other")
    assert (one.keys, other.keys) == ({b"raw": b"key of one"}, {b"raw": b"key of other"})
    for number in range(100):
        one.put(b"%d" % number, b"key")
        assert sum(200 + len(raw) for cache in (one, other) for raw in cache.keys) <= 1000
