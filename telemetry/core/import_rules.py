"""Import rules as people write them: one line says what one column of a file of samples holds.

    Timestamp = time
    Host = label instance
    Power = metric node_power_watts in kW
    PDU A1 = metric rPDU2DeviceStatusPower{instance=pdu-a1} in kW
    Comment = nothing

A long file names the metric in a cell: `Reading = metric`, and `Amount = value in °F`. Date and time of day may stand
in two columns: `Day = date`, and `Clock = time of day`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from telemetry.core.conversions import NoConversion, conversion, known_units
from telemetry.core.labels import NAME
from telemetry.core.registry import registry
from telemetry.core.table_rules import ColumnContent, ColumnUse, TableRule

MOST_COLUMNS = 500
MOST_NAME_CHARS = 200
_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:.]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LINE = re.compile(r"(?P<column>.*)=(?P<use>[^={}]*(?:\{[^{}]*\}[^={}]*)?)")
_LABELS = re.compile(r"([^{}]*)\{([^{}]*)\}(\s[^{}]*)?")
_HELP = "write time, date, time of day, metric, value, label NAME, metric NAME, or nothing; a unit follows as: in kW"


class BadImportRule(ValueError):
    """A rule that no file could follow; the text names line and reason."""


def read_column_use(text: str) -> ColumnUse:
    """Raises BadImportRule."""
    match = _LABELS.fullmatch(text.strip())
    words, labels, rest = (group or "" for group in match.groups()) if match else (text, "", "")
    use_words = words.split()
    unit_words = rest.split()
    if match is None and "in" in use_words[:-1]:
        place = use_words.index("in")
        use_words, unit_words = use_words[:place], use_words[place:]
    unit = " ".join(unit_words[1:])
    if unit_words and (unit_words[0] != "in" or not unit):
        raise BadImportRule(f"{text.strip()[:60]} says nothing of a column: {_HELP}")
    if unit and unit not in known_units():
        raise BadImportRule(f"{unit[:60]} is no unit that Muster converts: {', '.join(known_units())}")
    use = replace(_column_use(use_words, unit), labels=_read_labels(labels))
    if use.unit and use.content not in (ColumnContent.VALUE, ColumnContent.METRIC):
        raise BadImportRule("only a value or a metric has a unit")
    if use.labels and use.content is not ColumnContent.METRIC:
        raise BadImportRule("only the metric of a column has labels in braces")
    _check_unit(use)
    return use


def _read_labels(text: str) -> tuple[tuple[str, str], ...]:
    labels: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not _LABEL_NAME.fullmatch(name) or not value or "=" in value:
            raise BadImportRule(f"{pair[:60]} is no label: write name=value")
        if name in labels:
            raise BadImportRule(f"the label {name[:60]} is named twice")
        labels[name] = value
    return tuple(labels.items())


def _column_use(words: list[str], unit: str) -> ColumnUse:
    match words:
        case ["time", "of", "day"]:
            return ColumnUse(ColumnContent.CLOCK)
        case [("time" | "date" | "value" | "nothing" | "metric") as kind]:
            return ColumnUse(ColumnContent(kind), unit=unit)
        case ["label", name] if _LABEL_NAME.fullmatch(name):
            return ColumnUse(ColumnContent.LABEL, name, unit)
        case ["metric", name] if _METRIC_NAME.fullmatch(name) and len(name) <= MOST_NAME_CHARS:
            return ColumnUse(ColumnContent.METRIC, name, unit)
    raise BadImportRule(f"{' '.join(words)[:60]} says nothing of a column: {_HELP}")


def _check_unit(use: ColumnUse) -> None:
    """A metric whose unit depends on its labels is looked at row by row."""
    if use.content is not ColumnContent.METRIC or not use.unit:
        return
    metric = registry().get(use.name)
    if metric is None:
        raise BadImportRule(f"Muster knows no unit of {use.name}, so it cannot convert {use.unit}")
    if not registry().variants.get(use.name):
        try:
            conversion(use.unit, metric.unit)
        except NoConversion as error:
            raise BadImportRule(f"{use.name}: {error}") from error


def read_columns(text: str, *, is_whole: bool = True) -> dict[str, ColumnUse]:
    """Return the use of each column by its name. One that is not whole may lack a time or a metric. Raises
    BadImportRule."""
    columns: dict[str, ColumnUse] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        name = match["column"].strip() if match else ""
        if match is None or not name or not match["use"].strip():
            raise BadImportRule(f"line {number}: write COLUMN = what it holds")
        if name in columns:
            raise BadImportRule(f"line {number}: the column {name[:60]} is named twice")
        try:
            columns[name] = read_column_use(match["use"])
        except BadImportRule as error:
            raise BadImportRule(f"line {number}: {error}") from error
    if is_whole:
        _check_columns(columns)
    return columns


def _check_columns(columns: Mapping[str, ColumnUse]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise BadImportRule(f"more than {MOST_COLUMNS} columns")
    counts = Counter(use.content for use in columns.values())
    times = tuple(
        counts[content] for content in (ColumnContent.TIME, ColumnContent.DATE, ColumnContent.CLOCK)
    )
    if times not in ((1, 0, 0), (0, 1, 0), (0, 1, 1)):
        raise BadImportRule("exactly one column holds the time, or one the date and one the time of day")
    is_long = counts[ColumnContent.METRIC_NAME] or counts[ColumnContent.VALUE]
    if is_long and (counts[ColumnContent.METRIC_NAME], counts[ColumnContent.VALUE]) != (1, 1):
        raise BadImportRule("a column that names the metric needs one column of values, and the reverse")
    if bool(is_long) == bool(counts[ColumnContent.METRIC]):
        raise BadImportRule("name metrics of columns, or one column metric with one column value")
    repeated_uses = Counter(
        str(replace(use, unit="", labels=tuple(sorted(use.labels))))
        for use in columns.values()
        if use.content in (ColumnContent.LABEL, ColumnContent.METRIC)
    )
    for use, count in repeated_uses.items():
        if count > 1:
            raise BadImportRule(f"{count} columns hold {use}")


def sent_value(rule: TableRule, labels: Mapping[str, str], unit: str, value: float) -> float:
    """A value of a file as the metric's sender has it. Raises NoConversion."""
    if not unit:
        return value
    name = labels[NAME]
    metric = registry().get(name, labels)
    if metric is None:
        raise NoConversion(f"Muster knows no unit of {name}, so it cannot convert {unit}")
    return rule.units.conversion(name, metric).invert(conversion(unit, metric.unit).apply(value))
