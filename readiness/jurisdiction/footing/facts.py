"""Facts on record about the data of a workload class, for its own page: one for origins, one for bases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from readiness.jurisdiction import queries
from readiness.jurisdiction.footing.kinds import BASES, ORIGINS, RecordKind
from readiness.jurisdiction.footing.tables import held_on
from readiness.jurisdiction.models import HeldBasis
from readiness.jurisdiction.refusals import MAY_SEE
from readiness.workloads.models import WorkloadClass
from web.units import how_many

type Line = dict[str, Any]


def facts_on_record(workload: WorkloadClass, *, may: Callable[[str], bool], today: date) -> list[Line]:
    """One fact, and one statement, for each list that the reader may open."""
    facts = []
    if may(MAY_SEE) and may(ORIGINS.permission("view")):
        facts.append(_origins(workload, queries.origins_of(workload), may))
    if may(MAY_SEE) and may(BASES.permission("view")):
        facts.append(_bases(workload, queries.bases_of(workload), may, today))
    return facts


def _origins(workload: WorkloadClass, countries: Sequence[str], may: Callable[[str], bool]) -> Line:
    said = how_many(len(countries), "country", "countries")
    return _line(ORIGINS, workload, said if countries else "", ", ".join(countries), may)


def _bases(
    workload: WorkloadClass, bases: Sequence[HeldBasis], may: Callable[[str], bool], today: date
) -> Line:
    said = how_many(len(bases), "basis", "bases")
    held = f"{sum(held_on(row, today) for row in bases)} held today"
    return _line(BASES, workload, said if bases else "", held, may)


def _line(
    kind: RecordKind, workload: WorkloadClass, said: str, note: str, may: Callable[[str], bool]
) -> Line:
    """The list of the class; where it is empty, the form to add to it."""
    of_class = urlencode({"workload_class": workload.slug})
    line = {"term": str(kind.label)}
    if said:
        return line | {"value": said, "url": f"{kind.url('list')}?{of_class}", "note": note}
    none = "none on record"
    if may(kind.permission("add")):
        return line | {"value": str(kind.add_label), "url": f"{kind.url('add')}?{of_class}", "note": none}
    return line | {"value": none}
