"""Read a file of samples by its form: values with their lines and columns, and what is refused, with reasons."""

import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

import numpy as np

from telemetry.core.columns import TakenTimes
from telemetry.core.instants import instant
from telemetry.core.labels import KeyCache, LabelLimits, RefusalReason, labels_of
from telemetry.core.table_rules import TableRule
from telemetry.formats import BodyHeaders, BodyLimits, LineSamples, read_table
from telemetry.imports.core.repeats import Floats, Ints
from telemetry.imports.models import ImportedFile
from telemetry.models import Source
from telemetry.readings import clean
from telemetry.series import reading_of
from web import units

NO_READING = "the metric has this value where there is no reading"
MOST_VALUES = 2_000_000
_LIMITS = BodyLimits(max_decompressed_bytes=64 * 1024 * 1024, max_samples=MOST_VALUES, labels=LabelLimits())


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """`column` is empty where the whole line is refused."""

    line: int
    column: str
    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class FilePart:
    """Values in the order of the file. `key_numbers` gives each its place in `keys`; `sent_values` are as the metric's
    sender has them, `stored_values` as Muster stores them."""

    keys: list[bytes]
    key_numbers: Ints
    ts_ms: Ints
    sent_values: Floats
    stored_values: Floats
    lines: list[int]
    columns: list[str]
    refusals: list[RefusedCell]


class FileSamples(LineSamples):
    """The values and refusals of a file since they were last taken."""

    def __init__(self, source: Source, window: TakenTimes) -> None:
        super().__init__(window, _LIMITS, KeyCache())
        self._source = source
        self._clear()

    def _clear(self) -> None:
        self._keys: list[bytes] = []
        self._times, self._values, self._line_numbers = array("q"), array("d"), array("q")
        self._columns: list[str] = []
        self._refusals: list[RefusedCell] = []

    def __len__(self) -> int:
        return len(self._keys) + len(self._refusals)

    def add(self, line: int, key: bytes, ts_ms: int, value: float, column: str = "") -> None:
        window = self._window
        newest_ms = window.now_ms + window.future_ms
        if ts_ms < window.oldest_ms:
            text = (
                f"{_time_text(ts_ms)} is too old: Muster takes samples from {_time_text(window.oldest_ms)} on"
            )
            self.refuse(line, RefusalReason.TOO_OLD, text, column)
        elif ts_ms > newest_ms:
            text = f"{_time_text(ts_ms)} is in the future: Muster takes samples up to {_time_text(newest_ms)}"
            self.refuse(line, RefusalReason.TOO_FAR_IN_FUTURE, text, column)
        elif not np.isfinite(value):
            self.refuse(line, RefusalReason.BAD_LINE, f"column {column}: {value} is no reading", column)
        else:
            self._keys.append(key)
            self._times.append(ts_ms)
            self._values.append(value)
            self._line_numbers.append(line)
            self._columns.append(column)

    def refuse(self, line: int, reason: RefusalReason, example: str, column: str = "") -> None:
        self._refusals.append(RefusedCell(line, column, reason, example.replace("\0", "\\x00")))

    def take(self) -> FilePart:
        """Return what was read since the last call. What the metric says where it has no reading is refused."""
        keys = list(dict.fromkeys(self._keys))
        places = {key: place for place, key in enumerate(keys)}
        numbers = np.fromiter(map(places.__getitem__, self._keys), np.int64, len(self._keys))
        sent_values, ts_ms = np.array(self._values, np.float64), np.array(self._times, np.int64)
        stored_values = _convert(self._source, keys, numbers, sent_values)
        lines, columns = self._line_numbers.tolist(), self._columns
        is_reading = np.isfinite(stored_values)
        for place in np.flatnonzero(~is_reading).tolist():
            text = f"column {columns[place]}: {sent_values[place]:g}: {NO_READING}"
            self.refuse(lines[place], RefusalReason.BAD_LINE, text, columns[place])
        places_read = np.flatnonzero(is_reading).tolist()
        part = FilePart(
            keys,
            numbers[is_reading],
            ts_ms[is_reading],
            sent_values[is_reading],
            stored_values[is_reading],
            [lines[place] for place in places_read],
            [columns[place] for place in places_read],
            sorted(self._refusals, key=lambda refusal: refusal.line),
        )
        self._clear()
        return part


def _time_text(ts_ms: int) -> str:
    try:
        return units.instant(instant(ts_ms), UTC)
    except (OverflowError, ValueError):
        return f"{ts_ms} ms since 1970"


def _convert(source: Source, keys: list[bytes], numbers: Ints, sent_values: Floats) -> Floats:
    """Values as Muster stores them; NaN where the metric has no reading."""
    if not keys:
        return sent_values
    unit_rules = source.units
    rules = [reading_of(unit_rules, labels_of(key)) for key in keys]
    scale, offset, missing_from, missing_below, zero = (
        np.array(column)[numbers] for column in zip(*rules, strict=True)
    )
    return clean(
        sent_values,
        scale=scale,
        offset=offset,
        missing_from=missing_from,
        missing_below=missing_below,
        zero_is_missing=zero,
    )


def text_of(file: ImportedFile) -> str:
    return zlib.decompress(bytes(file.content)).decode()


def read_lines(text: str, rule: TableRule, samples: FileSamples) -> Iterator[int]:
    """Raises BodyError, BadImportRule."""
    headers = BodyHeaders(content_type="text/csv; charset=utf-8", rule=rule)
    return read_table(text.encode(), headers, _LIMITS, samples)
