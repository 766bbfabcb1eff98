"""A series' labels and their canonical encoding, the key.

A key is the labels as Prometheus sends them: for each label, sorted by name, field 1 of a TimeSeries holding a Label
message (name 1, value 2), in shortest form, without empty values (in Prometheus' data model an empty value equals an
absent label). Well-behaved senders send exactly these bytes, so finding a series is one dictionary look-up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from telemetry.core.known_series import PlacedSeries, PlaceTable, place_bytes

NAME = "__name__"
_NAME_BYTES = NAME.encode()
_EXAMPLE_CHARS = 200
# A series has a place in a list, one in a dictionary, and one wherever it is named.
_PLACE_BYTES = 120


class RefusalReason(StrEnum):
    """Why a sample or a series was refused; the API, the sender and the ingest page show this word."""

    NO_METRIC_NAME = "no_metric_name"
    BAD_LABEL_NAME = "bad_label_name"
    DUPLICATE_LABEL = "duplicate_label"
    INVALID_UTF8 = "invalid_utf8"
    TOO_MANY_LABELS = "too_many_labels"
    LABEL_TOO_LONG = "label_too_long"
    SERIES_TOO_LARGE = "series_too_large"
    NATIVE_HISTOGRAM = "native_histogram"
    EXEMPLAR = "exemplar"
    BAD_LINE = "bad_line"
    BAD_POINT = "bad_point"
    DELTA_UP_AND_DOWN = "delta_up_and_down"
    TOO_FAR_IN_FUTURE = "too_far_in_future"
    TOO_OLD = "too_old"
    TOO_MANY_NEW_SERIES = "too_many_new_series"
    TOO_MANY_SERIES = "too_many_series"


# Ordinary senders send what is no reading: a summary without observations, the end of a series, a body again whose
# answer was lost. It is ignored and not refused, because nobody has to mend anything.
NOT_A_NUMBER = "not_a_number"
NO_READING = "no_reading"
SERIES_ENDED = "series_ended"
SENT_BEFORE = "sent_before"
IGNORED = frozenset({NOT_A_NUMBER, NO_READING, SERIES_ENDED, SENT_BEFORE})


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """Bounds on one series' labels, lengths in bytes of UTF-8; a metric's name in characters, as its column counts."""

    max_labels: int = 64
    max_name_bytes: int = 512
    max_value_bytes: int = 4096
    max_metric_chars: int = 200


class BadSeries(ValueError):
    """A series that cannot be stored, however good the rest of its body is."""

    def __init__(self, reason: RefusalReason, example: str) -> None:
        super().__init__(f"{reason}: {example}")
        self.reason = reason
        self.example = example


class KeyCache:
    """Maps raw label bytes of known-good series, as senders of one format write them, to their canonical keys; `series`
    has what stands for one or several series in columns of numbers. It only saves work, so it may be emptied at any
    moment; it is when all caches of `caches` together reach their bound."""

    def __init__(self, caches: "KeyCaches | None" = None, *, max_bytes: int = 64 * 1024 * 1024) -> None:
        self.keys: dict[bytes, bytes] = {}
        self.series = PlacedSeries()
        self._caches = caches or KeyCaches(max_bytes)

    def put(self, raw: bytes, key: bytes) -> bytes:
        """Store and return the key; if it equals the raw bytes, these are returned, so that they are held once."""
        # A dictionary entry with its two objects costs about 200 bytes besides the text.
        self._caches.take(200 + len(raw) + (0 if raw == key else len(key)), self)
        key = raw if raw == key else key
        self.keys[raw] = key
        return key

    def put_single(self, raw: bytes, key: bytes) -> None:
        """Store what stands for one series, whose key is in the cache by itself too, as those below are."""
        self._caches.take(200 + _PLACE_BYTES + len(raw), self)
        series = self.series
        [series.singles[raw]] = series.places_of([key])

    def put_group(self, raw: bytes, keys: Sequence[bytes]) -> None:
        self._caches.take(200 + len(raw) + _PLACE_BYTES * len(keys), self)
        series = self.series
        series.groups[raw] = place_bytes(series.places_of(keys))

    def put_table(self, raw: bytes, keys: Mapping[int, bytes]) -> None:
        """Add keys by their numbers, unless the table would span too many."""
        series = self.series
        table, series_before = series.tables.get(raw), len(series.keys)
        places = dict(zip(keys, series.places_of(keys.values()), strict=True))
        extended = (table or PlaceTable()).extended(places)
        if extended is None:
            return
        size = len(extended.places) - len(table.places) if table else 300 + len(raw) + len(extended.places)
        self._caches.take(size + _PLACE_BYTES * (len(series.keys) - series_before), self)
        # If the cache was emptied for it, it is stored when it comes again.
        series.tables[raw] = extended

    def clear(self) -> None:
        self.keys.clear()
        self.series = PlacedSeries()


class KeyCaches:
    """A cache for each format, and one amount of memory for all. One per process."""

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._by_format: dict[str, KeyCache] = {}
        self._max_bytes = max_bytes
        self._bytes = 0

    def cache_of(self, name: str) -> KeyCache:
        return self._by_format.setdefault(name, KeyCache(self))

    def take(self, size: int, taker: KeyCache) -> None:
        if self._bytes + size > self._max_bytes:
            for cache in (taker, *self._by_format.values()):
                cache.clear()
            self._bytes = 0
        self._bytes += size


def canonical_key(pairs: Iterable[tuple[bytes, bytes]], limits: LabelLimits) -> bytes:
    labels = sorted((name, value) for name, value in pairs if value or not name)
    fault = _fault(labels, limits)
    if fault:
        raise BadSeries(fault, describe(labels))
    return b"".join(_encode(name, value) for name, value in labels)


def _fault(labels: list[tuple[bytes, bytes]], limits: LabelLimits) -> RefusalReason | None:
    names = [name for name, _ in labels]
    if len(names) > limits.max_labels:
        return RefusalReason.TOO_MANY_LABELS
    if any(
        len(name) > limits.max_name_bytes or len(value) > limits.max_value_bytes for name, value in labels
    ):
        return RefusalReason.LABEL_TOO_LONG
    try:
        for name, value in labels:
            name.decode()
            value.decode()
    except UnicodeDecodeError:
        return RefusalReason.INVALID_UTF8
    # PostgreSQL cannot store a zero byte in text, and no exporter sends one.
    if any(not name or b"\0" in name or b"\0" in value for name, value in labels):
        return RefusalReason.BAD_LABEL_NAME
    if len(set(names)) < len(names):
        return RefusalReason.DUPLICATE_LABEL
    metric = dict(labels).get(_NAME_BYTES)
    if metric is None:
        return RefusalReason.NO_METRIC_NAME
    return RefusalReason.LABEL_TOO_LONG if len(metric.decode()) > limits.max_metric_chars else None


def key_of(labels: Mapping[str, str]) -> bytes:
    pairs = sorted((name.encode(), value.encode()) for name, value in labels.items() if value)
    return b"".join(_encode(name, value) for name, value in pairs)


def digest_of_key(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()


def labels_of(key: bytes) -> dict[str, str]:
    labels: dict[str, str] = {}
    position = 0
    while position < len(key):
        end, position = _field(key, position, 0x0A)
        name_end, start = _field(key, position, 0x0A)
        name = key[start:name_end].decode()
        value_end, start = _field(key, name_end, 0x12)
        if value_end != end:
            raise ValueError("not a series key")
        labels[name] = key[start:end].decode()
        position = end
    return labels


def describe(labels: Iterable[tuple[bytes, bytes]]) -> str:
    texts = [(n.decode(errors="backslashreplace"), v.decode(errors="backslashreplace")) for n, v in labels]
    metric = next((value for name, value in texts if name == NAME), "")
    rest = ", ".join(f'{name}="{value}"' for name, value in texts if name != NAME)
    text = (f"{metric}{{{rest}}}" if rest else metric or "{}").replace("\0", "\\x00")
    return text if len(text) <= _EXAMPLE_CHARS else text[: _EXAMPLE_CHARS - 1] + "…"


def describe_key(key: bytes) -> str:
    return describe((name.encode(), value.encode()) for name, value in labels_of(key).items())


def encode_field(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    return bytes((tag,)) + encode_varint(len(content)) + content


def encode_varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _encode(name: bytes, value: bytes) -> bytes:
    return encode_field(0x0A, encode_field(0x0A, name) + encode_field(0x12, value))


def _field(data: bytes, position: int, tag: int) -> tuple[int, int]:
    if position >= len(data) or data[position] != tag:
        raise ValueError("not a series key")
    length = shift = 0
    while True:
        position += 1
        if position >= len(data) or shift > 28:
            raise ValueError("not a series key")
        byte = data[position]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    start = position + 1
    if start + length > len(data):
        raise ValueError("not a series key")
    return start + length, start
