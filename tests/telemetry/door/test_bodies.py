"""Every kind of body: what the running server answers, and what of it is stored."""

from dataclasses import dataclass, field

import cramjam
import pytest

from telemetry import drain
from telemetry.core.labels import RefusalReason, encode_field, encode_varint
from telemetry.models import InboxBatch, Rejection, Series
from tests.conftest import NOW
from tests.telemetry.core.wire import label, metadata, request, sample, series, snappy
from tests.telemetry.sending import STALE, ms, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

AT = ms(NOW)
HOUR = 3_600_000
UP = {"__name__": "up", "job": "node"}


def good(name="up", value=1.0, at=AT):
    return series({"__name__": name, "job": "node"}, sample(value, at))


def refused(reason):
    """A series that the door refuses for this reason, with one sample."""
    return series(*_REFUSED[reason])


_REFUSED = {
    RefusalReason.NO_METRIC_NAME: ({"job": "node"}, sample(1.0, AT)),
    RefusalReason.BAD_LABEL_NAME: ([("__name__", "bad"), ("a", "x\0y")], sample(1.0, AT)),
    RefusalReason.DUPLICATE_LABEL: ([("__name__", "bad"), ("a", "1"), ("a", "2")], sample(1.0, AT)),
    RefusalReason.INVALID_UTF8: ([("__name__", "bad"), ("a", b"\xc3\x28")], sample(1.0, AT)),
    RefusalReason.TOO_MANY_LABELS: (
        [("__name__", "bad"), *((f"l{n:03}", "x") for n in range(64))],
        sample(1.0, AT),
    ),
    RefusalReason.LABEL_TOO_LONG: ([("__name__", "bad"), ("a", "x" * 4097)], sample(1.0, AT)),
    RefusalReason.SERIES_TOO_LARGE: ({"__name__": "bad"}, *(sample(1.0, AT + n) for n in range(60_000))),
    RefusalReason.NATIVE_HISTOGRAM: ({"__name__": "bad"}, encode_field(0x22, b"\x08\x01")),
    RefusalReason.TOO_FAR_IN_FUTURE: ({"__name__": "bad"}, sample(1.0, AT + 600_001)),
    RefusalReason.TOO_OLD: ({"__name__": "bad"}, sample(1.0, AT - 48 * HOUR - 1)),
}
# These need another limit than the usual one: see the tests of new series.
LIMITED = {RefusalReason.TOO_MANY_NEW_SERIES, RefusalReason.TOO_MANY_SERIES}
OF_OTHER_FORMATS = {
    RefusalReason.EXEMPLAR,
    RefusalReason.BAD_LINE,
    RefusalReason.BAD_POINT,
    RefusalReason.DELTA_UP_AND_DOWN,
}


def test_every_reason_has_a_series_that_is_refused_for_it():
    assert set(_REFUSED) == set(RefusalReason) - LIMITED - OF_OTHER_FORMATS


@dataclass
class Row:
    """A request, the status and refusals that answer it, and the values stored."""

    body: bytes
    status: int
    stored: list[float] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str | None] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)


WHOLE = snappy(request(good()))
MALFORMED = {"malformed_body": 1}
TOO_LARGE = {"body_too_large": 1}

ROWS = {
    # Headers
    "as usual": Row(WHOLE, 204, [1.0]),
    "no encoding named": Row(WHOLE, 204, [1.0], headers={"Content-Encoding": None}),
    "encoding in capitals": Row(WHOLE, 204, [1.0], headers={"Content-Encoding": "SNAPPY"}),
    "another encoding": Row(WHOLE, 415, [], {"unsupported_encoding": 1}, {"Content-Encoding": "gzip"}),
    "two encodings": Row(WHOLE, 415, [], {"unsupported_encoding": 1}, {"Content-Encoding": "snappy, gzip"}),
    "type with parameters": Row(
        WHOLE, 204, [1.0], headers={"Content-Type": 'application/x-protobuf; proto="prometheus.WriteRequest"'}
    ),
    "type in capitals": Row(WHOLE, 204, [1.0], headers={"Content-Type": "Application/X-Protobuf"}),
    "the other name of the type": Row(WHOLE, 204, [1.0], headers={"Content-Type": "application/protobuf"}),
    "another type": Row(WHOLE, 415, [], {"wrong_content_type": 1}, {"Content-Type": "text/plain"}),
    "JSON": Row(b"{}", 415, [], {"wrong_content_type": 1}, {"Content-Type": "application/json"}),
    "no type": Row(WHOLE, 415, [], {"wrong_content_type": 1}, {"Content-Type": None}),
    "labelled as 2.0": Row(
        WHOLE,
        400,
        [],
        {"malformed_body": 1},
        {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
    ),
    "another message": Row(
        WHOLE, 415, [], {"wrong_content_type": 1}, {"Content-Type": "application/x-protobuf;proto=x.Y"}
    ),
    "names of headers in small letters": Row(
        WHOLE, 204, [1.0], headers={"Content-Type": None, "content-type": "application/x-protobuf"}
    ),
    "an agent and a version": Row(
        WHOLE, 204, [1.0], headers={"User-Agent": "x/1", "X-Prometheus-Remote-Write-Version": "0.1.0"}
    ),
    # Sizes
    "declared too large": Row(WHOLE, 413, [], TOO_LARGE, limits={"TELEMETRY_BODY_BYTES": len(WHOLE) - 1}),
    "as large as is taken": Row(WHOLE, 204, [1.0], limits={"TELEMETRY_BODY_BYTES": len(WHOLE)}),
    "too large once decompressed": Row(
        snappy(request(*[good()] * 60)), 413, [], TOO_LARGE, limits={"TELEMETRY_DECODED_BYTES": 1000}
    ),
    "snappy bomb": Row(encode_varint(80 * 2**20) + bytes(40), 413, [], TOO_LARGE),
    "more series than a body may have": Row(snappy(encode_field(0x0A, b"") * 50_001), 413, [], TOO_LARGE),
    # Compression
    "empty": Row(b"", 400, [], MALFORMED),
    "nothing, compressed": Row(b"\x00", 400, [], MALFORMED),
    "not snappy": Row(b"not snappy at all", 400, [], MALFORMED),
    "plain protobuf": Row(request(good()), 400, [], MALFORMED),
    "truncated snappy": Row(WHOLE[:-4], 400, [], MALFORMED),
    "the first byte only": Row(WHOLE[:1], 400, [], MALFORMED),
    "framed snappy": Row(bytes(cramjam.snappy.compress(request(good()))), 400, [], MALFORMED),
    "a size that cannot be": Row(b"\xff" * 12, 400, [], MALFORMED),
    # Protobuf
    "truncated request": Row(snappy(request(good())[:-4]), 400, [], MALFORMED),
    "a series longer than its body": Row(snappy(b"\x0a\xff\xff\xff\xff\x0f"), 400, [], MALFORMED),
    "truncated series": Row(snappy(request(series(UP) + b"\x12\x09\x09\x00")), 400, [], MALFORMED),
    "truncated label": Row(snappy(request(b"\x0a\x03\x0a\x09x" + sample(1.0, AT))), 400, [], MALFORMED),
    "truncated sample": Row(snappy(request(series(UP) + b"\x12\x02\x09\x00")), 400, [], MALFORMED),
    "truncated beside a good one": Row(
        snappy(request(good(), series(UP) + b"\x12\x02\x09\x00")), 400, [], MALFORMED
    ),
    "2.0 labelled as 1.0": Row(
        snappy(encode_field(0x22, b"") + encode_field(0x22, b"up")), 400, [], MALFORMED
    ),
    "a field of a later version": Row(
        snappy(request(good() + b"\x38\x05", metadata=b"\x78\x01")), 204, [1.0]
    ),
    # Nothing to store, and no fault
    "metadata alone": Row(snappy(metadata("up")), 204),
    "metadata beside samples": Row(snappy(request(good(), metadata=metadata("up"))), 204, [1.0]),
    "a series without samples": Row(snappy(request(series(UP))), 204),
    "exemplars alone": Row(snappy(request(series(UP, b"\x1a\x02\x10\x01"))), 204),
    "exemplars beside a sample": Row(snappy(request(good() + b"\x1a\x02\x10\x01")), 204, [1.0]),
    # Samples
    "one with nothing in it": Row(
        snappy(request(series(UP, encode_field(0x12, b"")))), 400, [], {"too_old": 1}
    ),
    "zero": Row(snappy(request(good(value=0.0))), 204, [0.0]),
    "zero written out": Row(snappy(request(series(UP, sample(0.0, AT, explicit_zero=True)))), 204, [0.0]),
    "time before value": Row(snappy(request(series(UP, sample(2.0, AT, time_first=True)))), 204, [2.0]),
    "stale marker": Row(snappy(request(good(value=STALE))), 204, [None]),
    "NaN and infinities are taken, and are no readings": Row(
        snappy(
            request(*(good(f"m{n}", float(text)) for n, text in enumerate(("nan", "inf", "-inf"))), good())
        ),
        204,
        [1.0],
    ),
    "a time of 0": Row(snappy(request(good(at=0))), 400, [], {"too_old": 1}),
    "a time before 1970": Row(snappy(request(good(at=-5))), 400, [], {"too_old": 1}),
    "the least time there is": Row(snappy(request(good(at=-(2**63)))), 400, [], {"too_old": 1}),
    "the greatest time there is": Row(snappy(request(good(at=2**63 - 1))), 400, [], {"too_far_in_future": 1}),
    "seconds in place of milliseconds": Row(snappy(request(good(at=AT // 1000))), 400, [], {"too_old": 1}),
    "nanoseconds in place of milliseconds": Row(
        snappy(request(good(at=AT * 1_000_000))), 400, [], {"too_far_in_future": 1}
    ),
    "as old as is taken": Row(snappy(request(good(at=AT - 48 * HOUR))), 204, [1.0]),
    "as far ahead as is taken": Row(snappy(request(good(at=AT + 600_000))), 204, [1.0]),
    "out of order": Row(
        snappy(request(series(UP, sample(2.0, AT), sample(1.0, AT - 1000)))), 204, [1.0, 2.0]
    ),
    "a series twice": Row(snappy(request(good(), good(value=2.0, at=AT + 1))), 204, [1.0, 2.0]),
    # Labels
    "no labels": Row(snappy(request(series([], sample(1.0, AT)))), 400, [], {"no_metric_name": 1}),
    "an empty metric name": Row(
        snappy(request(series([("__name__", "")], sample(1.0, AT)))), 400, [], {"no_metric_name": 1}
    ),
    "an empty label name": Row(
        snappy(request(series([("", "x"), ("__name__", "up")], sample(1.0, AT)))),
        400,
        [],
        {"bad_label_name": 1},
    ),
    "an empty value": Row(
        snappy(request(series([("__name__", "up"), ("pod", "")], sample(1.0, AT)))), 204, [1.0]
    ),
    "labels in another order": Row(
        snappy(request(series([("job", "node"), ("__name__", "up")], sample(1.0, AT)))), 204, [1.0]
    ),
    "control characters in a name": Row(
        snappy(request(label("__name__", "a\n\x06\x7f") + sample(1.0, AT))), 204, [1.0]
    ),
    "64 labels": Row(
        snappy(
            request(series([("__name__", "up"), *((f"l{n:02}", "x") for n in range(63))], sample(1.0, AT)))
        ),
        204,
        [1.0],
    ),
    "a label's name too long": Row(
        snappy(request(series([("__name__", "up"), ("a" * 513, "x")], sample(1.0, AT)))),
        400,
        [],
        {"label_too_long": 1},
    ),
    "a metric's name too long": Row(
        snappy(request(good("m" * 201), good(value=2.0))), 400, [2.0], {"label_too_long": 1}
    ),
    "a name outside ASCII": Row(snappy(request(good("Wärme_总"))), 204, [1.0]),
    # Each reason, alone and beside a good sample
    **{
        f"{reason} alone": Row(snappy(request(refused(reason))), 400, [], {reason.value: 1})
        for reason in _REFUSED
    },
    **{
        f"{reason} beside good ones": Row(
            snappy(request(good(), refused(reason), good("load", 2.0))), 400, [2.0, 1.0], {reason.value: 1}
        )
        for reason in _REFUSED
    },
    "all reasons at once": Row(
        snappy(request(good(), *map(refused, _REFUSED))),
        400,
        [1.0],
        {reason.value: 1 for reason in _REFUSED},
    ),
    "a native histogram in a series with a sample": Row(
        snappy(request(good() + encode_field(0x22, b"\x08\x01"))), 400, [1.0], {"native_histogram": 1}
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_body_is_answered_and_its_good_samples_stored_once(post, sender, settings, row):
    for name, value in row.limits.items():
        setattr(settings, name, value)
    status, headers, says = post(row.body, row.headers)
    assert status == row.status, says
    assert headers["x-request-id"]
    assert (says or {}).get("rejected", {}) == row.rejected
    assert set((says or {}).get("examples", {})) == set(row.rejected)
    accepted = InboxBatch.objects.get().samples if InboxBatch.objects.exists() else 0
    if says:
        assert says["detail"]
        assert says["stored"] == accepted
    assert dict(Rejection.objects.values_list("reason", "count")) == row.rejected

    # The very same again: one story, and nothing twice.
    again, _, says_again = post(row.body, row.headers)
    assert again == row.status
    assert (says_again or {}).get("rejected") == (says or {}).get("rejected")
    assert not says_again or says_again["stored"] == 0
    assert sum(InboxBatch.objects.values_list("samples", flat=True)) == accepted
    drain.drain(now=sender.clock.at)
    assert [value for _, _, value in stored()] == row.stored
    assert not Series.objects.filter(metric="bad").exists()
