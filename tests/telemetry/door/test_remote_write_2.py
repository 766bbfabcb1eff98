"""Remote write 2.0 as the running server answers it."""

import cramjam
import pytest

from telemetry import drain
from telemetry.core.labels import encode_field, encode_varint
from telemetry.models import Series
from tests.conftest import NOW
from tests.telemetry.core.wire import Symbols, refs, request, sample, series, snappy, started
from tests.telemetry.door.rows import Request, faults
from tests.telemetry.sending import STALE, ms, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

AT = ms(NOW)
HOUR = 3_600_000
KIND = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
VERSION_2 = {"Content-Type": KIND, "X-Prometheus-Remote-Write-Version": "2.0.0"}
UP = {"__name__": "up", "job": "node"}
ONE, TWO = sample(1.0, AT), sample(2.0, AT)
HISTOGRAM, EXEMPLAR = encode_field(0x1A, b"\x08\x01"), encode_field(0x22, b"\x11" + bytes(8))
METADATA = encode_field(0x2A, b"\x08\x02\x18\x01")


def plain(*all_series):
    """A body of (labels, *parts) each."""
    symbols = Symbols()
    return symbols.request(*(symbols.series(labels, *parts) for labels, *parts in all_series))


def body(*all_series):
    return snappy(plain(*all_series))


def raw(*bodies):
    """A body of series by their bytes, over the symbols "", __name__, up."""
    symbols = Symbols()
    for text in ("__name__", "up"):
        symbols.ref(text)
    return snappy(symbols.request(*bodies))


def bad(labels):
    return body((labels, TWO), (UP, ONE))


WHOLE = body((UP, ONE))
MALFORMED, TOO_LARGE = {"malformed_body": 1}, {"body_too_large": 1}
WRONG_TYPE, WRONG_ENCODING = {"wrong_content_type": 1}, {"unsupported_encoding": 1}


def typed(content_type):
    return {"Content-Type": content_type}


REQUESTS = {
    # Headers
    "as usual": Request(WHOLE, 204, [1.0]),
    "no version": Request(WHOLE, 204, [1.0], headers={"X-Prometheus-Remote-Write-Version": None}),
    "the version of 1.0, and the type of 2.0": Request(
        WHOLE, 204, [1.0], headers={"X-Prometheus-Remote-Write-Version": "0.1.0"}
    ),
    "no encoding": Request(WHOLE, 204, [1.0], headers={"Content-Encoding": None}),
    "gzip": Request(WHOLE, 415, [], WRONG_ENCODING, {"Content-Encoding": "gzip"}),
    "zstd": Request(WHOLE, 415, [], WRONG_ENCODING, {"Content-Encoding": "zstd"}),
    "quotes and spaces in the type": Request(
        WHOLE, 204, [1.0], headers=typed('application/x-protobuf; proto="io.prometheus.write.v2.Request"')
    ),
    "capitals in the type": Request(WHOLE, 204, [1.0], headers=typed(KIND.upper())),
    "another message": Request(
        WHOLE, 415, [], WRONG_TYPE, typed("application/x-protobuf;proto=a.v3.Request")
    ),
    "two messages": Request(WHOLE, 415, [], WRONG_TYPE, typed(f"{KIND};proto=prometheus.WriteRequest")),
    "the type of 1.0": Request(WHOLE, 400, [], MALFORMED, typed("application/x-protobuf")),
    "another type": Request(WHOLE, 415, [], WRONG_TYPE, typed("text/plain")),
    # Sizes
    "declared too large": Request(WHOLE, 413, [], TOO_LARGE, limits={"TELEMETRY_BODY_BYTES": 10}),
    "too large once decompressed": Request(
        body(*[(UP, ONE)] * 60), 413, [], TOO_LARGE, limits={"TELEMETRY_DECODED_BYTES": 1000}
    ),
    "labels too large once written out": Request(
        body(*[([("__name__", f"m{n}"), ("a", "x" * 900)], ONE) for n in range(20)]),
        413,
        [],
        TOO_LARGE,
        limits={"TELEMETRY_DECODED_BYTES": 10_000},
    ),
    "snappy bomb": Request(encode_varint(80 * 2**20) + bytes(40), 413, [], TOO_LARGE),
    "too many series": Request(raw(*[b""] * 50_001), 413, [], TOO_LARGE),
    # Compression
    "empty": Request(b"", 400, [], MALFORMED),
    "nothing, compressed": Request(b"\x00", 400, [], MALFORMED),
    "not snappy": Request(b"not snappy at all", 400, [], MALFORMED),
    "plain protobuf": Request(plain((UP, ONE)), 400, [], MALFORMED),
    "truncated snappy": Request(WHOLE[:-4], 400, [], MALFORMED),
    "framed snappy": Request(bytes(cramjam.snappy.compress(plain((UP, ONE)))), 400, [], MALFORMED),
    # Protobuf
    "truncated request": Request(snappy(plain((UP, ONE))[:-4]), 400, [], MALFORMED),
    "truncated series": Request(raw(b"\x0a\x09\x01"), 400, [], MALFORMED),
    "truncated sample": Request(raw(refs(1, 2) + b"\x12\x02\x09\x00"), 400, [], MALFORMED),
    "truncated beside a good one": Request(raw(refs(1, 2) + ONE, b"\x0a\x09\x01"), 400, [], MALFORMED),
    "1.0 labelled as 2.0": Request(snappy(request(series(UP, ONE))), 400, [], MALFORMED),
    "a field of a later version": Request(snappy(plain((UP, ONE + b"\x78\x05")) + b"\x78\x01"), 204, [1.0]),
    # Symbols
    "no symbols": Request(snappy(encode_field(0x2A, refs(0, 1) + ONE)), 400, [], MALFORMED),
    "a first symbol that is not empty": Request(
        snappy(encode_field(0x22, b"x") + encode_field(0x2A, refs(0, 0) + ONE)), 400, [], MALFORMED
    ),
    "a reference beyond the table": Request(raw(refs(1, 3) + ONE), 400, [], MALFORMED),
    "a reference far beyond the table": Request(raw(refs(1, 2**32 - 1) + ONE), 400, [], MALFORMED),
    "an odd number of references": Request(raw(refs(1, 2, 0) + ONE), 400, [], MALFORMED),
    "references one by one": Request(raw(b"\x08\x01\x08\x02" + ONE), 204, [1.0]),
    "symbols that nobody names": Request(snappy(plain((UP, ONE)) + encode_field(0x22, b"x")), 204, [1.0]),
    "symbols behind the series": Request(
        snappy(
            encode_field(0x2A, refs(1, 2) + ONE)
            + b"".join(encode_field(0x22, text) for text in (b"", b"__name__", b"up"))
        ),
        204,
        [1.0],
    ),
    "a symbol twice": Request(
        snappy(
            b"".join(encode_field(0x22, text) for text in (b"", b"__name__", b"up", b"up"))
            + encode_field(0x2A, refs(1, 3) + ONE)
        ),
        204,
        [1.0],
    ),
    "symbols alone": Request(snappy(encode_field(0x22, b"") + encode_field(0x22, b"up")), 204),
    "an empty value": Request(body(([("__name__", "up"), ("pod", "")], ONE)), 204, [1.0]),
    # Samples
    "a start": Request(body((UP, started(ONE, AT - HOUR))), 204, [1.0]),
    "a start after the time": Request(body((UP, started(ONE, AT + HOUR))), 204, [1.0]),
    "zero": Request(body((UP, sample(0.0, AT))), 204, [0.0]),
    "zero with a start": Request(body((UP, started(sample(0.0, AT), AT - 1))), 204, [0.0]),
    "stale marker": Request(body((UP, sample(STALE, AT))), 204, [None]),
    "several samples of a series": Request(body((UP, ONE, sample(2.0, AT + 1))), 204, [1.0, 2.0]),
    "a series twice": Request(body((UP, ONE), (UP, sample(2.0, AT + 1))), 204, [1.0, 2.0]),
    "a series without samples": Request(body((UP,)), 204),
    "metadata": Request(body((UP, ONE, METADATA)), 204, [1.0]),
    "too old beside a good one": Request(
        body((UP, sample(2.0, AT - 49 * HOUR), ONE)), 400, [1.0], {"too_old": 1}
    ),
    "too far ahead": Request(body((UP, sample(2.0, AT + HOUR))), 400, [], {"too_far_in_future": 1}),
    "a time of 0": Request(body((UP, sample(2.0, 0))), 400, [], {"too_old": 1}),
    "seconds in place of milliseconds": Request(body((UP, sample(2.0, AT // 1000))), 400, [], {"too_old": 1}),
    # What is not written is told
    "an exemplar beside a sample": Request(body((UP, ONE, EXEMPLAR)), 400, [1.0], {"exemplar": 1}),
    "exemplars alone": Request(body((UP, EXEMPLAR, EXEMPLAR)), 400, [], {"exemplar": 2}),
    "a native histogram": Request(body((UP, HISTOGRAM)), 400, [], {"native_histogram": 1}),
    "a native histogram beside another series": Request(
        body(({"__name__": "h"}, HISTOGRAM), (UP, ONE)), 400, [1.0], {"native_histogram": 1}
    ),
    "samples, histograms and exemplars in one series": Request(
        body((UP, ONE, HISTOGRAM, EXEMPLAR)), 400, [1.0], {"native_histogram": 1, "exemplar": 1}
    ),
    # Labels
    "no labels": Request(bad([]), 400, [1.0], {"no_metric_name": 1}),
    "no name": Request(bad({"job": "x"}), 400, [1.0], {"no_metric_name": 1}),
    "an empty label name": Request(bad([("__name__", "b"), ("", "x")]), 400, [1.0], {"bad_label_name": 1}),
    "a zero byte": Request(bad([("__name__", "b"), ("a", "x\0y")]), 400, [1.0], {"bad_label_name": 1}),
    "a label twice": Request(
        bad([("__name__", "b"), ("a", "1"), ("a", "2")]), 400, [1.0], {"duplicate_label": 1}
    ),
    "no UTF-8": Request(bad([("__name__", "b"), ("a", b"\xc3\x28")]), 400, [1.0], {"invalid_utf8": 1}),
    "65 labels": Request(
        bad([("__name__", "b"), *((f"l{n}", "x") for n in range(64))]), 400, [1.0], {"too_many_labels": 1}
    ),
    "a value too long": Request(
        bad([("__name__", "b"), ("a", "x" * 4097)]), 400, [1.0], {"label_too_long": 1}
    ),
    "a series of a megabyte": Request(
        body((UP, ONE), ({"__name__": "b"}, *[ONE] * 60_000)), 400, [1.0], {"series_too_large": 1}
    ),
    "a name outside ASCII": Request(body(({"__name__": "Wärme_总"}, ONE)), 204, [1.0]),
}


@pytest.fixture
def post_2(post):
    return lambda body, headers=None: post(body, VERSION_2 | (headers or {}))


def test_every_body_is_answered_and_its_good_samples_stored_once(post_2, sender):
    assert len(REQUESTS) >= 60
    assert faults(REQUESTS, post_2, sender) == []


def written(headers):
    return [
        headers[f"x-prometheus-remote-write-{kind}-written"]
        for kind in ("samples", "histograms", "exemplars")
    ]


@pytest.mark.parametrize(
    ("sent", "headers", "status", "samples"),
    [
        pytest.param(body((UP, ONE, sample(2.0, AT + 1))), {}, 204, "2", id="all of it"),
        pytest.param(body((UP, ONE, EXEMPLAR), ({}, ONE)), {}, 400, "1", id="a part of it"),
        pytest.param(b"malformed", {}, 400, "0", id="a body that is none"),
        pytest.param(WHOLE, {"Authorization": "Bearer wrong"}, 401, "0", id="an unknown sender"),
        pytest.param(WHOLE, typed("text/plain"), 415, "0", id="another type"),
        pytest.param(WHOLE, {"Content-Length": str(10**9)}, 413, "0", id="too large"),
    ],
)
def test_every_answer_says_how_much_was_written(post_2, sent, headers, status, samples):
    answered, heads, _ = post_2(sent, headers)
    assert (answered, written(heads)) == (status, [samples, "0", "0"])


def test_a_body_whose_answer_was_lost_is_written_all_the_same(post_2):
    """A sender takes a 2xx without anything written for a receiver that does not know 2.0."""
    partly = body((UP, ONE, EXEMPLAR))
    for sent in (WHOLE, partly):
        assert [written(post_2(sent)[1])[0] for _ in range(2)] == ["1", "1"]
    status, _, says = post_2(partly)
    assert (status, says["stored"]) == (400, 0)


def test_a_sender_of_2_0_and_one_of_1_0_write_the_same_series(post_2, post, sender):
    assert post_2(WHOLE)[0] == 204
    assert post(snappy(request(series(UP, sample(2.0, AT + 1)))))[0] == 204
    drain.drain(now=sender.clock.at)
    assert [value for _, _, value in stored()] == [1.0, 2.0]
    assert Series.objects.count() == 1
