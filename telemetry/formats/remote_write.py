"""Prometheus remote write 1.0: one snappy-compressed WriteRequest.

Field numbers: prometheus/prompb/remote.proto and types.proto. Metadata and exemplars are skipped; native
histograms are refused by name.

Most of the time goes by without looking at a label. Prometheus writes each sample as a TimeSeries of its own:
the labels, then one Sample of 16 bytes (or 7, when the value is 0 and so left out). Where the bytes before
that Sample are known from an earlier body to be whole, good labels, the Sample must start where they end, and
nothing needs parsing but columns of numbers. Everything else takes the careful way, series by series, and
makes its labels known for the next body.
"""

from collections.abc import Sequence
from itertools import compress
from operator import not_
from typing import cast

import cramjam
import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from telemetry.core.columns import Rejections, SampleColumns, TakenTimes, assemble
from telemetry.core.labels import (
    BadSeries,
    KeyCache,
    RefusalReason,
    canonical_key,
    describe,
    encode_field,
)
from telemetry.formats.contract import (
    BodyHeaders,
    BodyLimits,
    MalformedBody,
    UnsupportedEncoding,
    UnsupportedType,
    WriteTooLarge,
)
from telemetry.formats.protobuf import message_classes

_WriteRequest, _TimeSeries, _Label, _Sample = message_classes(
    "muster.remote_write.v1",
    {
        "WriteRequest": {"timeseries": (1, "repeated bytes")},
        "TimeSeries": {
            "labels": (1, "repeated bytes"),
            "samples": (2, "repeated bytes"),
            "histograms": (4, "repeated bytes"),
        },
        "Label": {"name": (1, "bytes"), "value": (2, "bytes")},
        "Sample": {"value": (1, "double"), "timestamp": (2, "int64")},
    },
)

# A Sample as senders write it: tag of the value, 8 bytes, tag of the time, 6 bytes of varint (times from 1971
# to 2109).
_SAMPLE_BYTES = 16
_SAMPLE_FIELD = b"\x12\x10"
_ZERO_SAMPLE_BYTES = 7
_ZERO_SAMPLE_FIELD = b"\x12\x07"
_ZERO_VALUE = b"\x09" + bytes(8)
_BLANK = bytes(_SAMPLE_BYTES)
_TIME_MORE = np.array([0x80, 0x80, 0x80, 0x80, 0x80, 0], dtype=np.uint8)
_TIME_WEIGHTS = 1 << np.arange(0, 42, 7, dtype=np.int64)

_FRAMED_SNAPPY = b"\xff\x06\x00\x00sNaPpY"
# Tags of symbols and timeseries in io.prometheus.write.v2.Request, which keeps clear of the numbers of 1.0.
_VERSION_2_TAGS = (0x22, 0x2A)
# Snappy's densest element copies 64 bytes and takes 3.
_DENSEST = 22


def check_headers(headers: BodyHeaders) -> None:
    check_message(headers, "prometheus.writerequest")


def check_message(headers: BodyHeaders, message: str) -> None:
    """Raise unless the content type names the message (1.0 where it names none) and the body comes in snappy."""
    messages = [each.partition("=")[2].strip() for each in headers.parameters if each.startswith("proto")]
    if (messages or ["prometheus.writerequest"]) != [message]:
        raise UnsupportedType(f"proto={', '.join(messages)} is no message of remote write 1.0 or 2.0")
    # Some senders omit the encoding and still send snappy.
    encoding = headers.content_encoding
    if (encoding or "snappy").strip().lower() != "snappy":
        raise UnsupportedEncoding(f"Content-Encoding {encoding!r}: remote write comes in snappy")


def needed_bytes(head: bytes, size: int, limits: BodyLimits) -> int:
    try:
        decompressed = cramjam.snappy.decompress_raw_len(head)
    except cramjam.DecompressionError:
        # Refused before anything is decompressed.
        decompressed = 0
    return size + min(decompressed, limits.max_decompressed_bytes)


def decode(
    body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
) -> SampleColumns:
    bodies = _split(decompress(body, limits), limits)
    rejected = Rejections()
    keys, samples = _read_series(bodies, cache, limits, rejected)
    ts_ms, value = sample_columns(samples)
    return assemble(keys, ts_ms, value, window=window, rejected=rejected)


def decompress(body: bytes, limits: BodyLimits) -> bytes:
    if not body:
        raise MalformedBody("empty body")
    if body.startswith(_FRAMED_SNAPPY):
        raise MalformedBody("framed snappy: remote write uses the block format")
    try:
        size = cramjam.snappy.decompress_raw_len(body)
    except cramjam.DecompressionError as error:
        raise MalformedBody("not snappy") from error
    if size > limits.max_decompressed_bytes:
        raise WriteTooLarge(f"{size} bytes once decompressed, more than {limits.max_decompressed_bytes}")
    if size > len(body) * _DENSEST:
        raise MalformedBody("truncated snappy, or a size that its data cannot fill")
    try:
        plain = bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise MalformedBody("truncated or damaged snappy") from error
    if not plain:
        raise MalformedBody("empty body once decompressed")
    return plain


def _split(plain: bytes, limits: BodyLimits) -> list[bytes]:
    refuse_many_fields(plain, 0x0A, limits)
    try:
        request = _WriteRequest.FromString(plain)
    except DecodeError as error:
        raise MalformedBody("truncated or damaged protobuf") from error
    if len(request.timeseries) > limits.max_series:
        raise WriteTooLarge(f"{len(request.timeseries)} series, more than {limits.max_series}")
    if not request.timeseries and plain[0] in _VERSION_2_TAGS:
        raise MalformedBody("a remote write 2.0 body labelled as 1.0")
    return list(request.timeseries)


def refuse_many_fields(plain: bytes, tag: int, limits: BodyLimits) -> None:
    """Raise WriteTooLarge before a parser allocates memory for each field. Each has a byte with its tag (or its
    overlong form), so these bytes bound them; a real series has one for itself and at most two for each label."""
    tags = np.count_nonzero(np.frombuffer(plain, np.uint8) & 0x7F == tag)
    if tags > limits.max_series * 40:
        raise WriteTooLarge(f"more than {limits.max_series} series")


def _read_series(
    bodies: list[bytes], cache: KeyCache, limits: BodyLimits, rejected: Rejections
) -> tuple[list[bytes], list[bytes]]:
    find_key = cache.keys.get
    keys: list[bytes | None] = list(map(find_key, [body[:-18] for body in bodies]))
    samples = [body[-16:] for body in bodies]
    tags = [body[-18:-16] for body in bodies]
    for place in [place for place, key in enumerate(keys) if key is None]:
        body = bodies[place]
        tags[place] = b""
        if body[-9:-7] == _ZERO_SAMPLE_FIELD and (key := find_key(body[:-9])) is not None:
            keys[place], samples[place], tags[place] = key, body[-_ZERO_SAMPLE_BYTES:], _SAMPLE_FIELD
    if b"".join(tags) == _SAMPLE_FIELD * len(bodies):
        return cast(list[bytes], keys), samples
    usual = [tag == _SAMPLE_FIELD for tag in tags]
    read = list(compress(keys, usual))
    samples = list(compress(samples, usual))
    for body in compress(bodies, map(not_, usual)):
        key, several = _careful(body, cache, limits, rejected)
        read.extend([key] * len(several))
        samples.extend(several)
    return cast(list[bytes], read), samples


def _careful(
    body: bytes, cache: KeyCache, limits: BodyLimits, rejected: Rejections
) -> tuple[bytes, Sequence[bytes]]:
    if len(body) > limits.max_series_bytes:
        rejected.add(
            RefusalReason.SERIES_TOO_LARGE,
            1,
            f"{len(body)} bytes in one series, more than {limits.max_series_bytes}",
        )
        return b"", ()
    try:
        series = _TimeSeries.FromString(body)
        raw = b"".join([encode_field(0x0A, label) for label in series.labels])
        key = cache.keys.get(raw)
        if key is None:
            pairs = [(label.name, label.value) for label in map(_Label.FromString, series.labels)]
            key = cache.put(raw, canonical_key(pairs, limits.labels))
    except DecodeError as error:
        raise MalformedBody("truncated or damaged protobuf in a series") from error
    except BadSeries as error:
        rejected.add(error.reason, max(1, len(series.samples)), error.example)
        return b"", ()
    if series.histograms:
        pairs = [(label.name, label.value) for label in map(_Label.FromString, series.labels)]
        rejected.add(RefusalReason.NATIVE_HISTOGRAM, len(series.histograms), describe(pairs))
    return key, list(series.samples)


def sample_columns(samples: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and values of Sample messages, which are alike in 1.0 and 2.0."""
    rows = np.frombuffer(b"".join(_even(samples)), np.uint8).reshape(-1, _SAMPLE_BYTES)
    value = np.ascontiguousarray(rows[:, 1:9]).view("<f8").reshape(-1).astype(np.float64)
    time = rows[:, 10:]
    ts_ms = (time & 0x7F).astype(np.int64) @ _TIME_WEIGHTS
    regular = (rows[:, 0] == 0x09) & (rows[:, 9] == 0x10) & (time & 0x80 == _TIME_MORE).all(axis=1)
    for place in np.flatnonzero(~regular).tolist():
        ts_ms[place], value[place] = _parsed(samples[place])
    return ts_ms, value


def _even(samples: list[bytes]) -> list[bytes]:
    """Pad every sample to 16 bytes: with the omitted zero, or with blanks that are not a sample and so get parsed."""
    if all(map(_SAMPLE_BYTES.__eq__, map(len, samples))):
        return samples
    zeros = _ZERO_SAMPLE_BYTES
    return [s if len(s) == _SAMPLE_BYTES else _ZERO_VALUE + s if len(s) == zeros else _BLANK for s in samples]


def _parsed(sample: bytes) -> tuple[int, float]:
    try:
        message = _Sample.FromString(sample)
    except DecodeError as error:
        raise MalformedBody("truncated or damaged protobuf in a sample") from error
    return message.timestamp, message.value
