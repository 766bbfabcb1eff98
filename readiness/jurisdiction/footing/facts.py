"""Facts on record about the data of a workload class, for its own page: one for origins, one for bases."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from readiness.jurisdiction import queries
from readiness.jurisdiction.footing.kinds import KINDS, ORIGINS, held_on
from readiness.jurisdiction.versions import MAY_SEE
from readiness.workloads.models import WorkloadClass
from web.kinds import Kind

type Fact = dict[str, Any]


def facts_on_record(workload: WorkloadClass, *, may: Callable[[str], bool], today: date) -> list[Fact]:
    """One fact, and one statement, for each list that the reader may open."""
    if not may(MAY_SEE):
        return []
    return [_fact(kind, workload, may, today) for kind in KINDS if may(kind.permission("view"))]


def _fact(kind: Kind, workload: WorkloadClass, may: Callable[[str], bool], today: date) -> Fact:
    """The list of the class; where it is empty, the form to add to it."""
    said, note = _origins(workload) if kind is ORIGINS else _bases(workload, today)
    address = urlencode({"workload_class": workload.slug})
    if said:
        return {"term": kind.title, "value": said, "url": f"{kind.url('list')}?{address}", "note": note}
    none = "none on record"
    if may(kind.permission("add")):
        url = f"{kind.url('add')}?{address}"
        label = "Add an origin" if kind is ORIGINS else "Add a basis"
        return {"term": kind.title, "value": label, "url": url, "note": none}
    return {"term": kind.title, "value": none}


def _origins(workload: WorkloadClass) -> tuple[str, str]:
    countries = queries.origins_of(workload)
    n = len(countries)
    return f"{n} {'country' if n == 1 else 'countries'}" if n else "", ", ".join(countries)


def _bases(workload: WorkloadClass, today: date) -> tuple[str, str]:
    bases = queries.bases_of(workload)
    n = len(bases)
    held = f"{sum(held_on(basis, today) for basis in bases)} held today"
    return f"{n} {'basis' if n == 1 else 'bases'}" if n else "", held
