"""Envelopes as a YAML document: one list, `workloads`, of mappings. Unknown keys are errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from web import yaml_documents
from web.versioned.core.documents import DocumentError, Fields, most
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
SECTIONS = ("demand", "latency", "cost", "jurisdiction", "carbon", "readiness")
_LISTS = ("allowed_jurisdictions", "forbidden_jurisdictions", "data_categories", "served_models")
_NUMBERS = (
    *("it_kw", "bandwidth_gbps", "latency_limit_ms", "latency_percentile", "cost_ceiling"),
    *("carbon_g_per_kwh", "carbon_kg_per_month", "min_score", "deferrable_h"),
)
_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(_NUMBERS, float),
    **dict.fromkeys(_LISTS, tuple[str, ...]),
    "declared_on": date,
}
"""Types of the fields that are not text."""
_ABSENT: Mapping[str, Any] = {
    "criticality": "standard",
    "latency_percentile": 99.0,
    "deferrable_h": 0.0,
    "provenance": "declared",
    "min_verdict": None,
}
"""Defaults of missing fields, if not empty."""
ANY = "any"
"""Any verdict. Written out, because a new class without a verdict asks for a conditional site."""


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
    root = Fields(parse(text, name))
    classes = root.each(ROOT, _class)
    root.close()
    if not 1 <= len(classes) <= MOST_WORKLOADS:
        raise DocumentError(ROOT, f"holds {len(classes)} classes; 1 to {MOST_WORKLOADS} are taken")
    slugs: set[str] = set()
    for each in classes:
        slug = each.values["slug"]
        if slug in slugs:
            raise DocumentError(each.path_of("slug"), f"{slug} is written twice")
        slugs.add(slug)
    return classes


def dump(classes: Iterable[Mapping[str, Any]]) -> str:
    return yaml_documents.write({ROOT: [_mapping(values) for values in classes]})


def _class(item: Fields) -> Written:
    sections = {name: item.optional(name) for name in SECTIONS}
    values: dict[str, Any] = {}
    for field, path in PATHS.items():
        section, _dot, key = path.rpartition(".")
        fields = sections[section] if section else item
        values[field] = _absent(field) if fields is None else _value(fields, key, field)
    for fields in sections.values():
        if fields is not None:
            fields.close()
    return Written(item.path, values)


def _value(fields: Fields, key: str, field: str) -> Any:
    if field in _ROWS:
        return fields.each(key, _ROWS[field])
    if field in ("slug", "name"):
        return fields.take(key, Annotated[str, most(100)])
    value = fields.take(key, _KINDS.get(field, str), _absent(field))
    return "" if field == "min_verdict" and value == ANY else value


def _absent(field: str) -> Any:
    if field in _LISTS or field in _ROWS:
        return ()
    return _ABSENT.get(field, None if field in _KINDS else "")


def _need(fields: Fields) -> dict[str, Any]:
    return {"type": fields.take("type", str, ""), "count": fields.take("count", Annotated[int, _one_or_more])}


def _one_or_more(count: int, fields: Fields) -> int:
    if count < 1:
        raise ValueError("must be 1 or more")
    return count


def _users(fields: Fields) -> dict[str, Any]:
    rate = fields.take("requests_per_s", float, None)
    return {"region": fields.take("region", str), "requests_per_s": rate}


_ROWS = {"accelerators": _need, "users": _users}


def _mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for field, path in PATHS.items():
        value: Any = ANY if field == "min_verdict" and values.get(field) == "" else values.get(field)
        if value in (None, "", (), []) or value == _ABSENT.get(field, object()):
            continue
        if field in _ROWS:
            rows = [{key: each for key, each in row.items() if each not in (None, "")} for row in value]
            value = rows
        elif field in _LISTS:
            value = list(value)
        section, _dot, key = path.rpartition(".")
        (mapping.setdefault(section, {}) if section else mapping)[key] = value
    return mapping
