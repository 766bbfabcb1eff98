"""Prometheus remote write 2.0: one snappy-compressed io.prometheus.write.v2.Request, whose series refer to a table of
symbols.

Field numbers: prometheus/prompb/io/prometheus/write/v2/types.proto. A Sample is that of 1.0 with a start time, which is
skipped like the metadata; native histograms and exemplars are refused by name, because 2.0 demands that what is not
written is told.
"""

from typing import Any

from google.protobuf.message import DecodeError

from telemetry.core.columns import Rejections, SampleColumns, TakenTimes, assemble
from telemetry.core.labels import (
    BadSeries,
    KeyCache,
    RefusalReason,
    canonical_key,
    describe,
    encode_field,
)
from telemetry.formats.contract import BodyHeaders, BodyLimits, MalformedBody, WriteTooLarge
from telemetry.formats.protobuf import message_classes
from telemetry.formats.remote_write import (
    check_message,
    decompress,
    needed_bytes,
    refuse_many_fields,
    sample_columns,
)

__all__ = ["check_headers", "decode", "needed_bytes"]

_Request, _TimeSeries = message_classes(
    "muster.remote_write.v2",
    {
        "Request": {"symbols": (4, "repeated bytes"), "timeseries": (5, "repeated bytes")},
        "TimeSeries": {
            "labels_refs": (1, "repeated uint32"),
            "samples": (2, "repeated bytes"),
            "histograms": (3, "repeated bytes"),
            "exemplars": (4, "repeated bytes"),
        },
    },
)
_SYMBOLS_TAG, _SERIES_TAG = 0x22, 0x2A
_VERSION_1_TAG = 0x0A


def check_headers(headers: BodyHeaders) -> None:
    check_message(headers, "io.prometheus.write.v2.request")


def decode(
    body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
) -> SampleColumns:
    request = _read_request(decompress(body, limits), limits)
    symbols = _Symbols(list(request.symbols), limits)
    rejected = Rejections()
    keys: list[bytes] = []
    samples: list[bytes] = []
    for series_body in request.timeseries:
        key, sent = _read_series(series_body, symbols, cache, limits, rejected)
        keys.extend([key] * len(sent))
        samples.extend(sent)
    ts_ms, value = sample_columns(samples)
    return assemble(keys, ts_ms, value, window=window, rejected=rejected)


def _read_request(plain: bytes, limits: BodyLimits) -> Any:
    for tag in (_SYMBOLS_TAG, _SERIES_TAG):
        refuse_many_fields(plain, tag, limits)
    try:
        request = _Request.FromString(plain)
    except DecodeError as error:
        raise MalformedBody("truncated or damaged protobuf") from error
    if len(request.timeseries) > limits.max_series:
        raise WriteTooLarge(f"{len(request.timeseries)} series, more than {limits.max_series}")
    if not request.timeseries and not request.symbols and plain[0] == _VERSION_1_TAG:
        raise MalformedBody("a remote write 1.0 body labelled as 2.0")
    if request.timeseries and not request.symbols:
        raise MalformedBody("series without a table of symbols")
    if request.symbols and request.symbols[0]:
        raise MalformedBody("the first symbol is not empty")
    return request


class _Symbols:
    """The table of symbols of a body, and the labels that series made of it."""

    def __init__(self, symbols: list[bytes], limits: BodyLimits) -> None:
        self._symbols = symbols
        self._labels: dict[tuple[int, int], bytes] = {}
        # Series may name a long symbol again and again: written out, they may take no more than any other body.
        self._left = limits.max_decompressed_bytes
        self._most = limits.max_decompressed_bytes

    def pairs(self, refs: list[int]) -> list[tuple[bytes, bytes]]:
        try:
            texts = [self._symbols[ref] for ref in refs]
        except IndexError as error:
            raise MalformedBody(
                f"a series refers to symbol {max(refs)} of a table of {len(self._symbols)}"
            ) from error
        return list(zip(texts[::2], texts[1::2], strict=True))

    def raw_labels(self, refs: list[int]) -> bytes:
        """The labels of a series as 1.0 writes them, in the order sent."""
        raw = b"".join([self._label(*pair) for pair in zip(refs[::2], refs[1::2], strict=True)])
        self._left -= len(raw)
        if self._left < 0:
            raise WriteTooLarge(f"labels of more than {self._most} bytes once written out")
        return raw

    def _label(self, name: int, value: int) -> bytes:
        label = self._labels.get((name, value))
        if label is None:
            ((name_text, value_text),) = self.pairs([name, value])
            label = encode_field(0x0A, encode_field(0x0A, name_text) + encode_field(0x12, value_text))
            self._labels[name, value] = label
        return label


def _read_series(
    body: bytes, symbols: _Symbols, cache: KeyCache, limits: BodyLimits, rejected: Rejections
) -> tuple[bytes, list[bytes]]:
    if len(body) > limits.max_series_bytes:
        example = f"{len(body)} bytes in one series, more than {limits.max_series_bytes}"
        rejected.add(RefusalReason.SERIES_TOO_LARGE, 1, example)
        return b"", []
    try:
        series = _TimeSeries.FromString(body)
    except DecodeError as error:
        raise MalformedBody("truncated or damaged protobuf in a series") from error
    refs = list(series.labels_refs)
    try:
        key = _key(refs, symbols, cache, limits)
    except BadSeries as error:
        count = len(series.samples) + len(series.histograms) + len(series.exemplars)
        rejected.add(error.reason, max(1, count), error.example)
        return b"", []
    for reason, parts in (
        (RefusalReason.NATIVE_HISTOGRAM, series.histograms),
        (RefusalReason.EXEMPLAR, series.exemplars),
    ):
        if parts:
            rejected.add(reason, len(parts), describe(symbols.pairs(refs)))
    return key, list(series.samples)


def _key(refs: list[int], symbols: _Symbols, cache: KeyCache, limits: BodyLimits) -> bytes:
    if len(refs) % 2:
        raise MalformedBody(f"an odd number of references to symbols in a series: {len(refs)}")
    if len(refs) > 2 * limits.labels.max_labels:
        raise BadSeries(RefusalReason.TOO_MANY_LABELS, describe(symbols.pairs(refs)))
    raw = symbols.raw_labels(refs)
    key = cache.keys.get(raw)
    return cache.put(raw, canonical_key(symbols.pairs(refs), limits.labels)) if key is None else key
