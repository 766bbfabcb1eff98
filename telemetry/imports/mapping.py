"""The columns of a file as a form shows them: what each holds, with choices of metrics, units and objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.datastructures import MultiValueDict

from inventory.models import CoolingUnit, Device, Link, PowerFeed, Site
from telemetry.core.conversions import known_units
from telemetry.core.import_rules import BadImportRule, read_column_use
from telemetry.core.registry import registry
from telemetry.core.table_rules import ColumnContent, ColumnUse

PARTS = ("content", "use", "unit", "object")
MOST_OBJECTS = 500
MOST_CHARS = 300
CONTENTS = (
    (ColumnContent.NOTHING, "Not read"),
    (ColumnContent.TIME, "Time"),
    (ColumnContent.DATE, "Date"),
    (ColumnContent.CLOCK, "Time of day"),
    (ColumnContent.METRIC, "Values of a metric"),
    (ColumnContent.LABEL, "A label"),
    (ColumnContent.METRIC_NAME, "The name of the metric"),
    (ColumnContent.VALUE, "The value"),
)
_CODES = {content: f"{place}" for place, (content, _word) in enumerate(CONTENTS)}
CONTENT_CHOICES = [(_CODES[content], word) for content, word in CONTENTS]


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A line of the form: a column of the file, and what is chosen for it."""

    place: int
    name: str
    content: str
    use: str
    unit: str
    object: str


@dataclass(frozen=True, slots=True)
class ObjectChoices:
    label: str
    choices: list[tuple[str, str]]


def rows_of(uses: Mapping[str, ColumnUse]) -> list[ColumnRow]:
    return [
        ColumnRow(place, name, _CODES[use.content], use.name, use.unit, _labels_text(use))
        for place, (name, use) in enumerate(uses.items())
    ]


def rows_sent(rows: list[ColumnRow], sent: MultiValueDict[str, Any]) -> list[ColumnRow]:
    """The rows as somebody sent them, so that a refusal loses nothing."""
    return [
        ColumnRow(row.place, row.name, *(str(sent.get(f"{part}-{row.place}", "")) for part in PARTS))
        for row in rows
    ]


def _labels_text(use: ColumnUse) -> str:
    return ", ".join(f"{name}={value}" for name, value in use.labels)


def columns_text(names: list[str], sent: MultiValueDict[str, Any]) -> str:
    """The columns as a rule has them, from the fields of the form. Raises BadImportRule."""
    lines = []
    for place, name in enumerate(names):
        content, use, unit, labels = (
            str(sent.get(f"{part}-{place}", "")).replace("\x00", "").strip()[:MOST_CHARS] for part in PARTS
        )
        lines.append(f"{name} = {_use_text(name, content, use, unit, labels)}")
    return "\n".join(lines)


def _use_text(name: str, code: str, use: str, unit: str, labels: str) -> str:
    content = next((each for each, number in _CODES.items() if number == code), ColumnContent.NOTHING)
    if content in (ColumnContent.METRIC, ColumnContent.LABEL) and not use:
        need = "a metric" if content is ColumnContent.METRIC else "the name of a label"
        raise BadImportRule(f"the column {name} needs {need}")
    has_unit = content in (ColumnContent.METRIC, ColumnContent.VALUE)
    column = ColumnUse(content, use, unit if has_unit else "")
    text = str(replace(column, name=use))
    if content is ColumnContent.METRIC and labels:
        text = f"metric {use}{{{labels}}}" + (f" in {unit}" if unit else "")
    try:
        read_column_use(text)
    except BadImportRule as error:
        raise BadImportRule(f"the column {name}: {error}") from error
    return text


def object_choices(site: Site | None) -> list[ObjectChoices]:
    """The objects of the site that a column may be about, each by the label that names it."""
    if site is None:
        return []
    groups = []
    for title, label, rows in (
        ("Power feeds", "feed", PowerFeed.objects.filter(site=site)),
        ("Cooling units", "cooling_unit", CoolingUnit.objects.filter(site=site)),
        ("Devices", "instance", Device.objects.filter(site=site)),
        ("Links", "link", Link.objects.filter(site_a=site) | Link.objects.filter(site_b=site)),
    ):
        names = rows.order_by("name").values_list("name", flat=True).distinct()[: MOST_OBJECTS + 1]
        plain = [name for name in names if not set(name) & set("=,{}")]
        if 0 < len(plain) <= MOST_OBJECTS:
            groups.append(ObjectChoices(title, [(f"{label}={name}", name) for name in plain]))
    return groups


def add_objects(uses: Mapping[str, ColumnUse], groups: list[ObjectChoices]) -> dict[str, ColumnUse]:
    """Add the object that the name of a column contains, the longest name first."""
    by_name = {name.lower(): text for group in groups for text, name in group.choices}
    names = sorted(by_name, key=len, reverse=True)
    return {column: _add_object(column, use, names, by_name) for column, use in uses.items()}


def _add_object(column: str, use: ColumnUse, names: list[str], by_name: Mapping[str, str]) -> ColumnUse:
    if use.content is not ColumnContent.METRIC or use.labels:
        return use
    name = next((each for each in names if each in column.lower()), "")
    if not name:
        return use
    label, _equals, value = by_name[name].partition("=")
    return replace(use, labels=((label, value),))


def metric_choices() -> Iterator[tuple[str, str]]:
    for metric in registry().metrics:
        yield metric.name, f"{metric.title}, {metric.unit}" if metric.unit else metric.title


def unit_choices() -> list[str]:
    return known_units()
