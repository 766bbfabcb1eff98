"""Every registered format keeps the contract, and a body finds its own format."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
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
SHARED = {"__init__", "contract", "protobuf"}
LIMITS = BodyLimits(max_decompressed_bytes=1000)
PROTOBUF = "application/x-protobuf"
every_format = pytest.mark.parametrize("wire_format", FORMATS, ids=str)


def test_each_module_is_registered_once():
    loaded = [Path(each.load().__file__).stem for each in FORMATS]
    assert Counter(loaded) == Counter({path.stem for path in FOLDER.glob("*.py")} - SHARED)
    assert len({str(each) for each in FORMATS}) == len(FORMATS)


@every_format
@given(body=st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_named_error(wire_format, body):
    headers = BodyHeaders(wire_format.content_types[0])
    window, cache = TakenTimes(NOW_MS, 0), KeyCache()
    with suppress(BodyError):
        wire_format.load().decode(body, headers, window=window, limits=LIMITS, cache=cache)


@every_format
@given(head=st.binary(max_size=8))
def test_a_body_takes_no_more_than_itself_and_the_limit(wire_format, head):
    needed = wire_format.load().needed_bytes(head, 50, LIMITS)
    assert 50 <= needed <= 50 + LIMITS.max_decompressed_bytes


@pytest.mark.parametrize("kind", [PROTOBUF, "application/protobuf", 'Application/X-Protobuf; proto="x"'])
def test_a_format_is_found_by_address_and_type(kind):
    assert str(formats.format_of("/api/v1/write", BodyHeaders(kind))) == "remote write 1.0"


@pytest.mark.parametrize(
    ("headers", "error", "reason"),
    [
        (BodyHeaders("text/plain"), UnsupportedType, "Content-Type is not application/x-protobuf"),
        (BodyHeaders(), UnsupportedType, "Content-Type is not application/x-protobuf"),
        (
            BodyHeaders(f"{PROTOBUF}; proto=io.prometheus.write.v2.Request"),
            UnsupportedType,
            "remote write 2.0 is not supported: send 1.0",
        ),
        (
            BodyHeaders(PROTOBUF, "gzip"),
            UnsupportedEncoding,
            "Content-Encoding 'gzip': remote write 1.0 comes in snappy",
        ),
    ],
)
def test_what_no_format_takes_is_refused_by_name(headers, error, reason):
    with pytest.raises(error) as caught:
        formats.format_of("/api/v1/write", headers)
    assert caught.value.reason == reason


def test_two_versions_may_share_a_type(monkeypatch):
    class Second:
        def check_headers(self, headers):
            if "proto=io.prometheus.write.v2.request" not in headers.parameters:
                raise UnsupportedType("not 2.0")

    second = replace(FORMATS[0], version="2.0", load=Second)
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, second))
    headers = BodyHeaders(f"{PROTOBUF}; proto=io.prometheus.write.v2.Request")
    assert formats.format_of("/api/v1/write", headers) is second
    assert formats.format_of("/api/v1/write", BodyHeaders(PROTOBUF)) is FORMATS[0]


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
