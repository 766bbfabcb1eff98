"""The series of a query, and which of them make one line of its answer."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.binary import fetched
from telemetry.conditions import conditions_of
from telemetry.core.labels import NAME
from telemetry.core.matching import OBJECT_COLUMNS, ObjectKind
from telemetry.core.metric import Metric, MetricKind, per_second
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation, ObjectRef, QuerySpec
from telemetry.models import SourceProvenance

# Of several provenances, the least trusted: a figure is not better than its weakest part.
_POOREST_FIRST = (
    SourceProvenance.SIMULATED,
    SourceProvenance.ESTIMATED,
    SourceProvenance.DECLARED,
    SourceProvenance.MEASURED,
)
# The label by which a line is made for each site, whatever the sender's labels are.
SITE = "site"
_OBJECT_COLUMNS = {**OBJECT_COLUMNS, ObjectKind.SITE: "site_id"}
_FIND = """
SELECT series.id, metric, labels::text, kind, object_kind, {columns}, provenance, cadence_s,
    coalesce((SELECT slug FROM inventory_site WHERE inventory_site.id = series.site_id), '')
FROM telemetry_series series JOIN telemetry_source source ON source.id = series.source_id
WHERE {conditions} ORDER BY series.id
"""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesPoints:
    """One line. Times are the ends of steps, ms; NaN breaks the line. `series_id` and `object` are None for a line of
    several series. `labels` are the series' own, with `__name__`, or those it was grouped by."""

    labels: dict[str, str]
    unit: str
    provenance: str
    series_id: int | None
    object: ObjectRef | None
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]


class StoredSeries(NamedTuple):
    id: int
    metric: str
    labels: dict[str, str]
    kind: str
    object: ObjectRef | None
    provenance: str
    cadence_s: int
    site: str

    @property
    def definition(self) -> Metric | None:
        return registry().get(self.metric, {NAME: self.metric, **self.labels})

    @property
    def bound(self) -> float | None:
        return registry().bound({NAME: self.metric, **self.labels})


@dataclass(frozen=True, slots=True)
class LineGroup:
    labels: dict[str, str]
    members: tuple[StoredSeries, ...]

    @property
    def single(self) -> StoredSeries | None:
        return self.members[0] if len(self.members) == 1 else None

    @property
    def gap_s(self) -> int:
        return 3 * max(member.cadence_s for member in self.members)

    def points(
        self, spec: QuerySpec, ts_ms: NDArray[np.int64], values: NDArray[np.float64], *, alone: bool
    ) -> SeriesPoints:
        only = self.single if alone else None
        provenances = {member.provenance for member in self.members}
        factor, unit = _unit(spec, self.members)
        return SeriesPoints(
            labels=self.labels,
            unit=unit,
            provenance=poorest(provenances),
            series_id=only.id if only else None,
            object=only.object if only else None,
            ts_ms=ts_ms,
            values=values * factor,
        )


def poorest(provenances: Collection[str]) -> str:
    return next(str(each) for each in _POOREST_FIRST if each in provenances)


def find(spec: QuerySpec, names: Iterable[str]) -> list[StoredSeries]:
    conditions, values = conditions_of(spec.site_ids, names, spec.matchers)
    if spec.object is not None:
        conditions.append(f"series.{_OBJECT_COLUMNS[spec.object.kind]} = %(object)s")
        values["object"] = spec.object.id
    columns = ", ".join(f"series.{column}" for column in _OBJECT_COLUMNS.values())
    statement = _FIND.format(columns=columns, conditions=" AND ".join(conditions))
    rows = fetched(statement, values)
    # Read as one document: thousands of short ones take as long as their samples.
    labels = json.loads(f"[{','.join(row[2] for row in rows)}]")
    return [_stored_series(row, own) for row, own in zip(rows, labels, strict=True)]


def _stored_series(row: tuple[Any, ...], labels: dict[str, str]) -> StoredSeries:
    series_id, metric, _, kind, object_kind, *ids, provenance, cadence_s, site = row
    object_id = dict(zip(_OBJECT_COLUMNS, ids, strict=True)).get(object_kind)
    described = ObjectRef(object_kind, object_id) if object_id else None
    return StoredSeries(series_id, metric, labels, kind, described, provenance, cadence_s, site)


def group(spec: QuerySpec, series: Iterable[StoredSeries], *, without: str = "") -> list[LineGroup]:
    members: dict[tuple[tuple[tuple[str, str], ...], int], list[StoredSeries]] = defaultdict(list)
    for each in series:
        labels = {NAME: each.metric, **each.labels}
        if spec.group_by and SITE in spec.group_by:
            # Senders of one site seldom name it, and people ask for a line for each site.
            labels = {SITE: each.site} | labels
        if spec.group_by is not None:
            key, apart = tuple((name, labels.get(name, "")) for name in spec.group_by), 0
        else:
            key = tuple((name, value) for name, value in sorted(labels.items()) if name != without)
            # Two sources may have series with the same labels: each is a line.
            apart = 0 if without else each.id
        members[key, apart].append(each)
    return [
        LineGroup(dict(key), tuple(of_line))
        for (key, _), of_line in sorted(members.items(), key=itemgetter(0))
    ]


def _unit(spec: QuerySpec, members: tuple[StoredSeries, ...]) -> tuple[float, str]:
    definition = members[0].definition
    unit = definition.unit if definition else ""
    if members[0].kind == MetricKind.HISTOGRAM and spec.aggregation is Aggregation.QUANTILE:
        family = registry().get(definition.family) if definition else None
        return 1.0, family.unit if family else ""
    if spec.aggregation is Aggregation.COUNT:
        return 1.0, ""
    return per_second(unit) if spec.aggregation is Aggregation.RATE else (1.0, unit)
