"""The first values of a file as Muster would store them, and what it would refuse."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model

from telemetry import ingest, matching
from telemetry.core.instants import instant
from telemetry.core.labels import NAME, labels_of
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.registry import registry
from telemetry.formats import BodyError
from telemetry.imports.core.detection import beginning
from telemetry.imports.models import ImportedFile
from telemetry.imports.reading import FilePart, FileSamples, RefusedCell, read_lines, text_of
from telemetry.matching import Inventory, SeriesPlace
from telemetry.models import Series, Source
from web import units

ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PreviewedValue:
    """A value as it would be stored. `object` is None if no object matches the labels."""

    line: int
    utc: str
    site: Model | None
    object: Model | None
    labels: str
    metric: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class FilePreview:
    """`is_whole` says that the counts are those of the whole file. `by_column` has values and refusals of each."""

    rows: list[PreviewedValue]
    refusals: list[RefusedCell]
    values: int
    refused: int
    by_column: dict[str, tuple[int, int]]
    is_whole: bool
    problem: str = ""


def preview(file: ImportedFile, *, now: datetime) -> FilePreview:
    text = text_of(file)
    head = beginning(text)
    samples = FileSamples(file.source, ingest.window(now))
    problem = ""
    try:
        for _line in read_lines(head, file.table_rule, samples):
            pass
    except BodyError as error:
        problem = error.reason
    part = samples.take()
    values, refusals = Counter(part.columns), Counter(each.column for each in part.refusals)
    return FilePreview(
        rows=_previewed_values(file.source, part),
        refusals=part.refusals[:ROWS_SHOWN],
        values=len(part.lines),
        refused=len(part.refusals),
        by_column={name: (values[name], refusals[name]) for name in values.keys() | refusals.keys()},
        is_whole=len(head) == len(text),
        problem=problem,
    )


def _previewed_values(source: Source, part: FilePart) -> list[PreviewedValue]:
    places = range(min(ROWS_SHOWN, len(part.lines)))
    labels = [labels_of(part.keys[part.key_numbers[place]]) for place in places]
    inventory = matching.inventory_for([source], {each.get(source.site_label, "") for each in labels})
    objects = _objects([_place(inventory, source, each) for each in labels])
    rows = []
    for place, each, (site, matched) in zip(places, labels, objects, strict=True):
        taken_at = instant(int(part.ts_ms[place]))
        metric = registry().get(each[NAME], each)
        rows.append(
            PreviewedValue(
                line=part.lines[place],
                utc=f"{units.day(taken_at.date())} {taken_at:%H:%M:%S} UTC",
                site=site,
                object=matched,
                labels=", ".join(f"{name}={value}" for name, value in each.items() if name != NAME),
                metric=metric.title if metric else each[NAME],
                value=float(part.stored_values[place]),
                unit=metric.unit if metric else "",
            )
        )
    return rows


def _place(inventory: Inventory, source: Source, labels: dict[str, str]) -> SeriesPlace:
    return inventory.place(source, labels)


def _objects(places: list[SeriesPlace]) -> list[tuple[Model | None, Model | None]]:
    """The site and the object of each place, a statement for each kind."""
    by_key: dict[tuple[str, int], Model] = {}
    for kind, column in {**OBJECT_COLUMNS, "": "site_id"}.items():
        name = column.removesuffix("_id")
        model = Series._meta.get_field(name).related_model
        ids = {pk for place in places if (pk := getattr(place, column)) is not None}
        assert isinstance(model, type)
        for pk, obj in model._default_manager.in_bulk(ids).items() if ids else ():
            by_key[kind, pk] = obj
    objects = []
    for place in places:
        site = by_key.get(("", place.site_id or 0))
        object_column = OBJECT_COLUMNS.get(place.object_kind, "site_id")
        matched = by_key.get((place.object_kind, getattr(place, object_column) or 0))
        objects.append((site, matched or (site if place.object_kind == "site" else None)))
    return objects
