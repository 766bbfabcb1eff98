"""Envelopes as a YAML document: one list, `workloads`, of mappings. Unknown keys are errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any

from pydantic import BaseModel, Field

from web import yaml_documents
from web.versioned.core import documents
from web.versioned.core.documents import CLOSED, Day, DocumentError, Integer, Line, Number, Text, Word
from web.versioned.core.files import parse

ROOT = "workloads"
MOST_WORKLOADS = 1000
PATHS: Mapping[str, str] = {
    "slug": "slug",
    "name": "name",
    "description": "description",
    "kind": "kind",
    "criticality": "criticality",
    "accelerators": "demand.accelerators",
    "it_kw": "demand.it_kw",
    "bandwidth_gbps": "demand.bandwidth_gbps",
    "users": "users",
    "served_models": "served_models",
    "latency_limit_ms": "latency.limit_ms",
    "latency_percentile": "latency.percentile",
    "cost_ceiling": "cost.ceiling",
    "cost_currency": "cost.currency",
    "cost_unit": "cost.per",
    "allowed_jurisdictions": "jurisdiction.allowed",
    "forbidden_jurisdictions": "jurisdiction.forbidden",
    "residency": "jurisdiction.residency",
    "data_categories": "jurisdiction.data",
    "carbon_g_per_kwh": "carbon.g_per_kwh",
    "carbon_kg_per_month": "carbon.kg_per_month",
    "min_verdict": "readiness.verdict",
    "min_score": "readiness.score",
    "deferrable_h": "deferrable_h",
    "source": "source",
    "provenance": "provenance",
    "declared_on": "declared_on",
}
"""The path of each field below the mapping of its class, in the order of writing."""
_ABSENT: Mapping[str, Any] = {
    "criticality": "standard",
    "latency_percentile": 99.0,
    "deferrable_h": 0.0,
    "provenance": "declared",
}
"""Defaults of missing fields, if not empty; they are not written."""
_ROWS = ("accelerators", "users")
ANY = "any"
"""Any verdict. Written out, because a new class without a verdict asks for a conditional site."""


type Amount = Number | None


class ClosedMapping(BaseModel):
    model_config = CLOSED


class NeedEntry(ClosedMapping):
    type: Line = ""
    count: Annotated[Integer, Field(ge=1)]


class UsersEntry(ClosedMapping):
    region: Text
    requests_per_s: Amount = None


class DemandSection(ClosedMapping):
    accelerators: tuple[NeedEntry, ...] = ()
    it_kw: Amount = None
    bandwidth_gbps: Amount = None


class LatencySection(ClosedMapping):
    limit_ms: Amount = None
    percentile: Number = _ABSENT["latency_percentile"]


class CostSection(ClosedMapping):
    ceiling: Amount = None
    currency: Line = ""
    per: Line = ""


class JurisdictionSection(ClosedMapping):
    allowed: tuple[Word, ...] = ()
    forbidden: tuple[Word, ...] = ()
    residency: Line = ""
    data: tuple[Word, ...] = ()


class CarbonSection(ClosedMapping):
    g_per_kwh: Amount = None
    kg_per_month: Amount = None


class ReadinessSection(ClosedMapping):
    verdict: Line | None = None
    score: Amount = None


class ClassEntry(ClosedMapping):
    slug: Annotated[Text, Field(max_length=100)]
    name: Annotated[Text, Field(max_length=100)]
    description: Line = ""
    kind: Line = ""
    criticality: Line = _ABSENT["criticality"]
    demand: DemandSection = DemandSection()
    users: tuple[UsersEntry, ...] = ()
    served_models: tuple[Word, ...] = ()
    latency: LatencySection = LatencySection()
    cost: CostSection = CostSection()
    jurisdiction: JurisdictionSection = JurisdictionSection()
    carbon: CarbonSection = CarbonSection()
    readiness: ReadinessSection = ReadinessSection()
    deferrable_h: Number = _ABSENT["deferrable_h"]
    source: Line = ""
    provenance: Line = _ABSENT["provenance"]
    declared_on: Day | None = None


class WorkloadsDocument(ClosedMapping):
    workloads: tuple[ClassEntry, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """One class as written: its place and its fields. `accelerators` are mappings of type ("" : any) and count, `users`
    of region and requests_per_s. `min_verdict` is None if the document names none.
    """

    path: str
    values: Mapping[str, Any]

    def path_of(self, field: str) -> str:
        return f"{self.path}.{PATHS[field]}" if field in PATHS else self.path


def read(text: str, name: str = "workloads.yaml") -> tuple[Written, ...]:
    entries = documents.read(WorkloadsDocument, parse(text, name)).workloads
    if not 1 <= len(entries) <= MOST_WORKLOADS:
        raise DocumentError(ROOT, f"holds {len(entries)} classes; 1 to {MOST_WORKLOADS} are taken")
    classes = tuple(Written(f"{ROOT}[{place}]", _values(entry)) for place, entry in enumerate(entries))
    slugs: set[str] = set()
    for each in classes:
        slug = each.values["slug"]
        if slug in slugs:
            raise DocumentError(each.path_of("slug"), f"{slug} is written twice")
        slugs.add(slug)
    return classes


def dump(classes: Iterable[Mapping[str, Any]]) -> str:
    return yaml_documents.write({ROOT: [_mapping(values) for values in classes]})


def _values(entry: ClassEntry) -> dict[str, Any]:
    values = {field: attrgetter(path)(entry) for field, path in PATHS.items()}
    for field in _ROWS:
        values[field] = tuple(each.model_dump() for each in values[field])
    return values | {"min_verdict": "" if values["min_verdict"] == ANY else values["min_verdict"]}


def _mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for field, path in PATHS.items():
        value: Any = ANY if field == "min_verdict" and values.get(field) == "" else values.get(field)
        if value in (None, "", (), []) or value == _ABSENT.get(field, object()):
            continue
        if field in _ROWS:
            value = [{key: each for key, each in row.items() if each not in (None, "")} for row in value]
        elif isinstance(value, tuple):
            value = list(value)
        section, _dot, key = path.rpartition(".")
        (mapping.setdefault(section, {}) if section else mapping)[key] = value
    return mapping
