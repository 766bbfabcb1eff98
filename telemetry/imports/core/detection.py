"""How a file of samples is written: charset, separator, decimal sign, the line that names the columns, times.

What the file does not say is left open, and a person is asked: whether day or month comes first, and what a column of
numbers measures.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from telemetry.core.table_cells import DateOrder, LineError, local_date_parts, read_number, read_time_ms
from telemetry.core.table_rules import MOST_TITLE_LINES, ColumnContent, ColumnUse, distinct_names
from telemetry.imports.core.suggesting import suggested_use, unit_in

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
MOST_COLUMNS, MOST_NAME_CHARS = 500, 200
LINES_LOOKED_AT = 2000
"""Lines at the beginning of a file that are looked at."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?", re.ASCII)
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}([./-])\d{1,2}\1\d{4}", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d{1,3}(?:[.\s]?\d{3})*,\d+|[+-]?\d+,\d+")
_WITH_POINT = re.compile(r"[+-]?\d{1,3}(?:[,\s]?\d{3})*\.\d+|[+-]?\d+\.\d+")
_LONG_METRIC = {"metric", "measurement", "parameter", "variable", "channel", "messgröße", "kanal", "name"}
_LONG_VALUE = {"value", "reading", "amount", "wert", "messwert", "valor", "valeur"}


class UnreadableTable(ValueError):
    """A file that cannot be read as a table; the text says where and why."""


@dataclass(frozen=True, slots=True)
class DetectedTable:
    """`dates` is None where day and month could be either. `has_local_times` says that times have no offset, so that a
    zone must be stated."""

    separator: str
    decimal: str
    header_line: int
    names: tuple[str, ...]
    dates: DateOrder | None
    has_local_times: bool
    uses: dict[str, ColumnUse]


def columns_as_text(uses: Mapping[str, ColumnUse]) -> str:
    """The columns as an import rule has them."""
    return "\n".join(f"{name} = {use}" for name, use in uses.items())


def decode_text(content: bytes) -> tuple[str, str]:
    """The text of a file and its charset: by its mark, else UTF-8, else Windows-1252. Raises UnreadableTable."""
    if not content.strip():
        raise UnreadableTable("The file is empty.")
    charset = next((name for mark, name in _BOMS if content.startswith(mark)), "")
    if not charset and content[:4096].count(0) > len(content[:4096]) // 8:
        raise UnreadableTable(
            "The file has zero bytes and no mark at its beginning: save it as CSV in UTF-8."
        )
    for name in (charset,) if charset else ("utf-8", "cp1252"):
        try:
            return content.decode(name), name.removesuffix("-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
    raise UnreadableTable(f"Line {line}: this is not {charset or 'UTF-8'}. Save the file as CSV in UTF-8.")


def rows_of(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows, each with the number of its last line. Raises UnreadableTable."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise UnreadableTable(f"Line {reader.line_num}: this cannot be read as a table: {error}.") from error


def count_rows(text: str, table: DetectedTable) -> tuple[int, int]:
    """Return how many rows stand below the header, and the number of the last line with cells. Raises
    UnreadableTable."""
    rows, last_line = 0, table.header_line
    for line, cells in rows_of(text, SEPARATORS[table.separator]):
        if line > table.header_line and any(cells):
            rows, last_line = rows + 1, line
    return rows, last_line


def detect_table(text: str) -> DetectedTable:
    """Raises UnreadableTable."""
    candidates, first_error = [], None
    for name, separator in SEPARATORS.items():
        try:
            rows = list(islice(rows_of(beginning(text), separator), LINES_LOOKED_AT))
        except UnreadableTable as error:
            first_error = first_error or error
            continue
        header = _header(rows)
        if header is not None:
            candidates.append((len(rows[header][1]), -header, name, header, rows))
    if not candidates:
        raise first_error or UnreadableTable(
            "No line names columns above lines with a time. Muster reads tables with a header, with commas, semicolons,"
            " tabs or pipes between the cells."
        )
    *_, separator_name, header, rows = max(candidates, key=lambda each: each[:2])
    names = distinct_names(rows[header][1])
    if len(names) > MOST_COLUMNS:
        raise UnreadableTable(f"The file has {len(names)} columns. Muster reads {MOST_COLUMNS} at most.")
    bad_names = [name for name in names if "\0" in name or len(name) > MOST_NAME_CHARS]
    if bad_names:
        raise UnreadableTable(f"Line {rows[header][0]}: a name of a column is too long or has a zero byte.")
    width = len(names)
    data = [cells[:width] for _line, cells in rows[header + 1 :] if len(cells) >= width and any(cells)]
    columns = [[row[place] for row in data if row[place]] for place in range(width)]
    return _describe_table(separator_name, rows[header][0], names, columns)


def beginning(text: str) -> str:
    """Whole lines from the beginning of a text: a quoted cell may have an end of line inside."""
    end = -1
    for _ in range(LINES_LOOKED_AT):
        end = text.find("\n", end + 1)
        if end < 0:
            return text
    if text.count('"', 0, end) % 2:
        end = text.find('"', end)
        end = text.find("\n", end)
    return text if end < 0 else text[: end + 1]


def _header(rows: Sequence[tuple[int, list[str]]]) -> int | None:
    """The place of the line that names the columns: the last one without numbers and times before a line with a time
    that is as wide."""
    for place, (_line, cells) in enumerate(rows[: MOST_TITLE_LINES + 2]):
        if len(cells) < 2 or not any(_is_time(cell) for cell in cells):
            continue
        above = range(place - 1, -1, -1)
        return next((each for each in above if _names_columns(rows[each][1], len(cells))), None)
    return None


def _names_columns(cells: Sequence[str], width: int) -> bool:
    # A spreadsheet ends each row with separators, or leaves out those at the end.
    last = max((place for place, cell in enumerate(cells) if cell), default=-1)
    texts = [cell for cell in cells if cell]
    has_names = 2 <= last + 1 <= width + 1 and len(texts) * 2 > last + 1
    return has_names and not any(_is_time(cell) or _is_number(cell) for cell in texts)


def _is_time(cell: str) -> bool:
    if _DATE.fullmatch(cell) or _is_date_time(cell):
        return True
    try:
        read_time_ms(cell, None, DateOrder.DAY_FIRST)
    except LineError as error:
        return "local time" in str(error)
    return True


def _is_date_time(cell: str) -> bool:
    return local_date_parts(cell) is not None


def _is_number(cell: str) -> bool:
    for decimal in ",.":
        try:
            read_number(cell, decimal)
        except LineError:
            continue
        return True
    return False


def _describe_table(
    separator: str, line: int, names: Sequence[str], columns: Sequence[list[str]]
) -> DetectedTable:
    shapes = [_shape(cells) for cells in columns]
    uses = {name: ColumnUse(ColumnContent.NOTHING) for name in names}
    time_places = _time_places(shapes)
    for place in time_places:
        is_whole = len(time_places) == 1
        content = ColumnContent.CLOCK if shapes[place] == "clock" else ColumnContent.DATE
        uses[names[place]] = ColumnUse(ColumnContent.TIME if is_whole else content)
    long_places = _long_places(shapes, names)
    for place, name in enumerate(names):
        if place in time_places:
            continue
        if long_places:
            uses[name] = _long_use(place, name, long_places)
        elif shapes[place] == "number":
            uses[name] = suggested_use(name)
        elif shapes[place] == "text":
            uses[name] = _label_use(name, uses)
    times = [cell for place in time_places for cell in columns[place]]
    values = [cell for place, cells in enumerate(columns) if place not in time_places for cell in cells]
    return DetectedTable(
        separator=separator,
        decimal=_decimal(values, separator),
        header_line=line,
        names=tuple(names),
        dates=_dates(times),
        has_local_times=any(_is_local(cell) for cell in times),
        uses=uses,
    )


def _shape(cells: Sequence[str]) -> str:
    """Return what most cells of a column are: number, time, date, clock or text, and nothing for an empty column."""
    if not cells:
        return ""
    first_cells = cells[:200]
    tests = (
        ("clock", _CLOCK.fullmatch),
        ("date", _DATE.fullmatch),
        ("time", _is_time),
        ("number", _is_number),
    )
    for shape, test in tests:
        if sum(bool(test(cell)) for cell in first_cells) * 2 > len(first_cells):
            return shape
    return "text"


def _time_places(shapes: Sequence[str]) -> list[int]:
    if "time" in shapes:
        return [shapes.index("time")]
    dates = [place for place, shape in enumerate(shapes) if shape == "date"][:1]
    clocks = [place for place, shape in enumerate(shapes) if shape == "clock"][:1]
    return sorted([*dates, *clocks]) if dates else []


def _long_places(shapes: Sequence[str], names: Sequence[str]) -> tuple[int, int] | None:
    """The columns of a long table that name the metric and hold the value."""
    small_names = [name.lower() for name in names]
    metrics = [p for p, name in enumerate(small_names) if name in _LONG_METRIC and shapes[p] == "text"]
    values = [p for p, name in enumerate(small_names) if name in _LONG_VALUE and shapes[p] == "number"]
    return (metrics[0], values[0]) if metrics and len(values) == 1 else None


def _long_use(place: int, name: str, long_places: tuple[int, int]) -> ColumnUse:
    if place == long_places[0]:
        return ColumnUse(ColumnContent.METRIC_NAME)
    if place == long_places[1]:
        return ColumnUse(ColumnContent.VALUE, unit=unit_in(name))
    return _label_use(name, {})


def _label_use(name: str, uses: dict[str, ColumnUse]) -> ColumnUse:
    """A column of names is that of the hosts, the first of several; others are read as nothing until somebody says."""
    words = set(re.findall(r"\w+", name.lower()))
    is_host = words & {"host", "hostname", "instance", "device", "node", "server", "rechner", "gerät", "pdu"}
    has_label = any(use.content is ColumnContent.LABEL for use in uses.values())
    return (
        ColumnUse(ColumnContent.LABEL, "instance")
        if is_host and not has_label
        else ColumnUse(ColumnContent.NOTHING)
    )


def _decimal(cells: Sequence[str], separator: str) -> str:
    commas = sum(_WITH_COMMA.fullmatch(cell) is not None for cell in cells)
    points = sum(_WITH_POINT.fullmatch(cell) is not None for cell in cells)
    return "comma" if commas > points and separator != "comma" else "point"


def _dates(cells: Sequence[str]) -> DateOrder | None:
    pairs = [parts for cell in cells if (parts := local_date_parts(cell)) is not None]
    if not pairs:
        return DateOrder.YEAR_FIRST
    is_day_first, is_month_first = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)
    if is_day_first == is_month_first:
        return None
    return DateOrder.DAY_FIRST if is_day_first else DateOrder.MONTH_FIRST


def _is_local(cell: str) -> bool:
    """Whether a cell has a time by the clocks of some place."""
    if _DATE.fullmatch(cell) or _CLOCK.fullmatch(cell) or _is_date_time(cell):
        return True
    try:
        read_time_ms(cell, None)
    except LineError as error:
        return "local time" in str(error)
    return False
