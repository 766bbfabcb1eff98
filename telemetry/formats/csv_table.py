"""Tables of samples as text: CSV, and what spreadsheets and databases write in its place.

The first line names the columns. One is the time. With a column `metric`, each line is one sample: its `value`, and
labels in all other columns. Without one, `labels` in the content type names the columns that hold labels, and every
other column is a metric. What a table does not say, the content type does:

    text/csv; charset=utf-8; separator=semicolon; decimal=comma; zone=Europe/Lisbon; time=stamp; labels="name,gpu"

An import rule says instead what each column holds (`telemetry.core.import_rules`). Lines above the one that names these
columns are a title and no rows; a file that has no such line near its beginning is refused whole.

An empty cell is no sample. What follows an empty line in a single cell is a trailer and no row.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from itertools import chain, islice
from zoneinfo import ZoneInfo, available_timezones

from telemetry.core.columns import SampleColumns, TakenTimes
from telemetry.core.conversions import NoConversion
from telemetry.core.import_rules import sent_value
from telemetry.core.labels import NAME, BadSeries, KeyCache, RefusalReason
from telemetry.core.table_cells import DateOrder, LineError, read_number, read_time_ms
from telemetry.core.table_rules import MOST_TITLE_LINES, ColumnContent, ColumnUse, TableRule, distinct_names
from telemetry.formats.compression import check_encoding, needed_bytes, plain_body
from telemetry.formats.contract import BodyHeaders, BodyLimits, MalformedBody, UnsupportedType
from telemetry.formats.lines import LineSamples

__all__ = ["check_headers", "decode", "needed_bytes"]

_PARAMETERS = {"charset", "header", "separator", "decimal", "zone", "dates", "time", "labels"}
_CHARSETS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "utf-16": "utf-16",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
}
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_DECIMALS = {"point": ".", "comma": ","}
_DATES = {order.value: order.value for order in DateOrder if order}
_TIME_NAMES = ("time", "timestamp", "datetime", "ts")
_METRIC, _VALUE = "metric", "value"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_MOST_REASON_CHARS = 1000


@dataclass(frozen=True, slots=True)
class _Dialect:
    """The form of a table, as the content type states it."""

    charset: str
    separator: str
    decimal: str
    zone: tzinfo | None
    dates: DateOrder
    time: str
    labels: tuple[str, ...] | None

    @classmethod
    def read(cls, headers: BodyHeaders) -> "_Dialect":
        """Raises UnsupportedType."""
        parameters = {**(headers.rule.parameters if headers.rule else {}), **dict(_parameters(headers))}
        if unknown_names := parameters.keys() - _PARAMETERS:
            raise UnsupportedType(f"unknown parameters of text/csv: {', '.join(sorted(unknown_names))}")
        if parameters.get("header", "present") != "present":
            raise UnsupportedType("the first line has to name the columns: header=present")
        labels = parameters.get("labels")
        return cls(
            charset=_choice(parameters, "charset", _CHARSETS, ""),
            separator=_choice(parameters, "separator", _SEPARATORS, ""),
            decimal=_choice(parameters, "decimal", _DECIMALS, "."),
            zone=_zone(parameters["zone"]) if "zone" in parameters else None,
            dates=DateOrder(_choice(parameters, "dates", _DATES, "")),
            time=parameters.get("time", ""),
            labels=None if labels is None else tuple(filter(None, map(str.strip, labels.split(",")))),
        )


def check_headers(headers: BodyHeaders) -> None:
    _Dialect.read(headers)
    check_encoding(headers)


def decode(
    body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
) -> SampleColumns:
    samples = LineSamples(window, limits, cache)
    for _line in read_table(plain_body(body, headers, limits), headers, limits, samples):
        pass
    return samples.columns()


def read_table(plain: bytes, headers: BodyHeaders, limits: BodyLimits, samples: LineSamples) -> Iterator[int]:
    """Read a table into `samples` row by row; yields the number of each row's last line once it is read. Raises
    MalformedBody, UnsupportedType."""
    dialect, rule = _Dialect.read(headers), headers.rule
    rows = _read_rows(plain, dialect, limits)
    line, names = next(rows, (0, []))
    if not names and (rule is None or not line):
        raise MalformedBody("empty body")
    if rule is None:
        table = _SampleTable(line, names, dialect)
    else:
        line, names = _find_header(chain([(line, names)], rows), rule)
        table = _RuledTable(line, names, dialect, rule)
    is_after_blank = False
    for line, cells in rows:
        if not any(cells):
            is_after_blank = True
        elif not (is_after_blank and len(cells) == 1) and cells != names:
            is_after_blank = False
            table.read_row(line, cells, samples)
            yield line


def _find_header(rows: Iterator[tuple[int, list[str]]], rule: TableRule) -> tuple[int, list[str]]:
    """The row that names the columns. Exports begin with titles, and repeat this row where files were joined."""
    first: tuple[int, list[str]] | None = None
    for line, cells in islice(rows, MOST_TITLE_LINES):
        if any(cells):
            first = first or (line, cells)
            if not rule.differences(distinct_names(cells)):
                return line, cells
    if first is None:
        raise MalformedBody("empty body")
    line, cells = first
    differences = rule.differences(distinct_names(cells))
    reason = f"line {line}: the file does not fit the rule {rule.name}: {'; '.join(differences)}"
    raise MalformedBody(reason[:_MOST_REASON_CHARS])


class _SampleTable:
    """The columns of a table by what they hold."""

    def __init__(self, line: int, names: Sequence[str], dialect: _Dialect) -> None:
        self._names = [name.strip() for name in names]
        self._dialect = dialect
        places = {name: place for place, name in enumerate(self._names)}
        if "" in places or len(places) < len(names):
            raise MalformedBody(f"line {line}: every column needs a name of its own")
        self._find_columns(line, places)

    def _find_columns(self, line: int, places: dict[str, int]) -> None:
        dialect = self._dialect
        self._time = self._time_column(line, places)
        label_names = dialect.labels
        self._metric = places.get(_METRIC)
        if self._metric is not None:
            if _VALUE not in places:
                raise MalformedBody(f"line {line}: a column {_METRIC} without a column {_VALUE}")
            self._values = [places[_VALUE]]
            no_labels = {self._time, self._metric, places[_VALUE]}
            self._labels = [place for place in places.values() if place not in no_labels]
        elif label_names is None:
            raise MalformedBody(
                f"line {line}: no column {_METRIC}: name the columns of labels in Content-Type (labels=…)"
            )
        else:
            if absent_names := [name for name in label_names if name not in places]:
                raise MalformedBody(f"line {line}: no column {', '.join(absent_names)}")
            self._labels = [places[name] for name in label_names]
            self._values = [p for p in places.values() if p != self._time and p not in self._labels]

    def _time_column(self, line: int, places: dict[str, int]) -> int:
        candidates = (self._dialect.time,) if self._dialect.time else _TIME_NAMES
        columns = [place for name, place in places.items() if name.lower() in map(str.lower, candidates)]
        if len(columns) != 1:
            raise MalformedBody(
                f"line {line}: {len(columns)} columns of times ({', '.join(candidates)}), not one"
            )
        return columns[0]

    def read_row(self, line: int, cells: list[str], samples: LineSamples) -> None:
        width = len(self._names)
        try:
            if len(cells) < width or any(cells[width:]):
                raise LineError(f"{len(cells)} cells, and the first line names {width}")
            ts_ms = read_time_ms(self._time_text(cells), self._dialect.zone, self._dialect.dates)
        except LineError as error:
            samples.refuse(line, RefusalReason.BAD_LINE, str(error))
            return
        labels = self._labels_of(cells)
        for place in self._values:
            text = cells[place].strip()
            if text:
                self._read_cell(line, place, text, labels, cells, ts_ms, samples)

    def _time_text(self, cells: list[str]) -> str:
        return cells[self._time]

    def _labels_of(self, cells: list[str]) -> list[tuple[str, str]]:
        return [(self._names[place], cells[place].strip()) for place in self._labels]

    def _labels_of_column(self, place: int) -> tuple[tuple[str, str], ...]:
        return ()

    def _metric_of(self, place: int, cells: list[str]) -> str:
        return self._names[place] if self._metric is None else cells[self._metric].strip()

    def _sent_value(self, place: int, labels: list[tuple[str, str]], value: float) -> float:
        return value

    def _read_cell(
        self,
        line: int,
        place: int,
        text: str,
        labels: list[tuple[str, str]],
        cells: list[str],
        ts_ms: int,
        samples: LineSamples,
    ) -> None:
        column = self._names[place]
        all_labels = [(NAME, self._metric_of(place, cells)), *labels, *self._labels_of_column(place)]
        pairs = [(name.encode(), value.encode()) for name, value in all_labels]
        raw = b"\0".join(part for pair in pairs for part in pair)
        try:
            value = self._sent_value(place, all_labels, read_number(text, self._dialect.decimal))
            samples.add(line, samples.key(raw, lambda: pairs), ts_ms, value, column)
        except (LineError, NoConversion) as error:
            samples.refuse(line, RefusalReason.BAD_LINE, f"column {column}: {error}", column)
        except BadSeries as error:
            samples.refuse(line, error.reason, error.example, column)


class _RuledTable(_SampleTable):
    """The columns of a table by what an import rule says that they hold."""

    def __init__(self, line: int, names: Sequence[str], dialect: _Dialect, rule: TableRule) -> None:
        self._rule = rule
        super().__init__(line, distinct_names(names), dialect)

    def _find_columns(self, line: int, places: dict[str, int]) -> None:
        self._uses: list[ColumnUse] = [self._rule.columns[name] for name in self._names]
        self._metric = next(iter(self._places(ColumnContent.METRIC_NAME)), None)
        self._times = [
            *self._places(ColumnContent.DATE),
            *self._places(ColumnContent.TIME, ColumnContent.CLOCK),
        ]
        self._labels = self._places(ColumnContent.LABEL)
        self._values = self._places(ColumnContent.METRIC, ColumnContent.VALUE)

    def _places(self, *contents: ColumnContent) -> list[int]:
        return [place for place, use in enumerate(self._uses) if use.content in contents]

    def _time_text(self, cells: list[str]) -> str:
        return " ".join(cells[place].strip() for place in self._times)

    def _labels_of_column(self, place: int) -> tuple[tuple[str, str], ...]:
        return self._uses[place].labels

    def _labels_of(self, cells: list[str]) -> list[tuple[str, str]]:
        labels = [(self._uses[place].name, cells[place].strip()) for place in self._labels]
        return [*self._rule.labels.items(), *labels]

    def _metric_of(self, place: int, cells: list[str]) -> str:
        return self._uses[place].name if self._metric is None else cells[self._metric].strip()

    def _sent_value(self, place: int, labels: list[tuple[str, str]], value: float) -> float:
        return sent_value(self._rule, dict(labels), self._uses[place].unit, value)


def _parameters(headers: BodyHeaders) -> Iterator[tuple[str, str]]:
    """Parameters as sent, because names of columns and zones are not in small letters."""
    for each in headers.content_type.split(";")[1:]:
        name, _, value = each.partition("=")
        if name.strip():
            yield name.strip().lower(), value.strip().strip('"')


def _choice(parameters: dict[str, str], name: str, choices: dict[str, str], default: str) -> str:
    if name not in parameters:
        return default
    try:
        return choices[parameters[name].lower()]
    except KeyError as error:
        raise UnsupportedType(f"{name}={parameters[name]}: choose {', '.join(choices)}") from error


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(_zones()[name.lower()])
    except KeyError as error:
        raise UnsupportedType(
            f"zone={name}: no zone of the time zone database, like Europe/Lisbon"
        ) from error


def _read_rows(plain: bytes, dialect: _Dialect, limits: BodyLimits) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its last line. The header tells the separator unless the content type does."""
    charset = dialect.charset or ("utf-16" if plain.startswith(_UTF_16) else "utf-8-sig")
    lines = _read_lines(io.TextIOWrapper(io.BytesIO(plain), charset, newline=""), limits)
    read_lines = 0
    try:
        header = next(lines, "")
        separator = dialect.separator or max(_SEPARATORS.values(), key=header.count)
        rows = csv.reader(chain([header], lines), delimiter=separator, strict=True)
        for cells in rows:
            read_lines = rows.line_num
            yield read_lines, cells
    except csv.Error as error:
        raise MalformedBody(f"after line {read_lines}: {error}") from error
    except UnicodeError as error:
        name = charset.removesuffix("-sig")
        raise MalformedBody(
            f"after line {read_lines}: not {name}: name the charset in Content-Type"
        ) from error


def _read_lines(text: io.TextIOWrapper, limits: BodyLimits) -> Iterator[str]:
    """Lines one by one: all of a body as text would take four times its bytes."""
    while line := text.readline(limits.max_series_bytes + 1):
        if len(line) > limits.max_series_bytes:
            raise csv.Error(f"a line of more than {limits.max_series_bytes} characters")
        yield line
