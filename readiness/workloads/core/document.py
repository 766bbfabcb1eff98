"""Envelopes as a YAML document: one list, `workloads`, of mappings. What nobody knows there is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from readiness.framework.core.loading import parse
from readiness.framework.core.reader import DefinitionError, MappingReader
from web import yaml_documents

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
"""Where each field of a workload class is written, below the mapping of its class; in this order it is written."""
SECTIONS = ("demand", "latency", "cost", "jurisdiction", "carbon", "readiness")
_NUMBERS = frozenset(
    (
        *("it_kw", "bandwidth_gbps", "latency_limit_ms", "latency_percentile", "cost_ceiling"),
        *("carbon_g_per_kwh", "carbon_kg_per_month", "min_score", "deferrable_h"),
    )
)
_LISTS = frozenset(("allowed_jurisdictions", "forbidden_jurisdictions", "data_categories"))
_ABSENT: Mapping[str, Any] = {
    "criticality": "standard",
    "latency_percentile": 99.0,
    "deferrable_h": 0.0,
    "provenance": "declared",
}
"""What a field is where it is not written, other than empty."""


@dataclass(frozen=True, slots=True)
class Written:
    """One class as it is written: where, and its fields. `accelerators` are mappings of type ("" : any) and count,
    `users` of region and requests_per_s.
    """

    path: str
    values: Mapping[str, Any]

    def path_of(self, field: str) -> str:
        return f"{self.path}.{PATHS[field]}" if field in PATHS else self.path


def read(text: str, name: str = "workloads.yaml") -> tuple[Written, ...]:
    """The classes of a document. Raises DefinitionError, whose path names the field."""
    root = MappingReader(parse(text, name))
    classes = []
    for item in root.items(ROOT):
        classes.append(_class(item))
        item.close()
    root.close()
    if len(classes) > MOST_WORKLOADS:
        raise DefinitionError(ROOT, f"holds {len(classes)} classes; {MOST_WORKLOADS} is the most")
    slugs: set[str] = set()
    for each in classes:
        slug = each.values["slug"]
        if slug in slugs:
            raise DefinitionError(each.path_of("slug"), f"{slug} is written twice")
        slugs.add(slug)
    return tuple(classes)


def dump(classes: Iterable[Mapping[str, Any]]) -> str:
    """A document of these classes, as `read` takes it; what is empty or as it is by itself is left out."""
    return yaml_documents.write({ROOT: [_mapping(values) for values in classes]})


def _class(item: MappingReader) -> Written:
    sections = {name: item.optional_mapping(name) for name in SECTIONS}
    values: dict[str, Any] = {}
    for field, path in PATHS.items():
        section, _dot, key = path.rpartition(".")
        reader = sections[section] if section else item
        values[field] = _ABSENT.get(field, _empty(field)) if reader is None else _value(reader, key, field)
    for reader in sections.values():
        if reader is not None:
            reader.close()
    return Written(item.path, values)


def _value(reader: MappingReader, key: str, field: str) -> Any:
    if field in ("slug", "name"):
        return reader.text(key, most=100)
    if field == "accelerators":
        return tuple(_need(each) for each in reader.items(key, required=False))
    if field == "users":
        return tuple(_users(each) for each in reader.items(key, required=False))
    if field in _LISTS:
        return reader.texts(key)
    if not reader.has(key):
        return _ABSENT.get(field, _empty(field))
    if field in _NUMBERS:
        return reader.number(key)
    if field == "declared_on":
        return date.fromisoformat(reader.day(key))
    return reader.text(key, default="")


def _empty(field: str) -> Any:
    if field in _LISTS or field in ("accelerators", "users"):
        return ()
    return None if field in _NUMBERS or field == "declared_on" else ""


def _need(reader: MappingReader) -> dict[str, Any]:
    need: dict[str, Any] = {"type": reader.text("type", default=""), "count": reader.integer("count")}
    if need["count"] < 1:
        raise reader.error("count", "must be 1 or more")
    reader.close()
    return need


def _users(reader: MappingReader) -> dict[str, Any]:
    rate = reader.number("requests_per_s") if reader.has("requests_per_s") else None
    users = {"region": reader.text("region"), "requests_per_s": rate}
    reader.close()
    return users


def _mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for field, path in PATHS.items():
        value = values.get(field)
        if value in (None, "", (), []) or value == _ABSENT.get(field, object()):
            continue
        if field in ("accelerators", "users"):
            rows = [{key: each for key, each in row.items() if each not in (None, "")} for row in value]
            value = rows
        elif field in _LISTS:
            value = list(value)
        section, _dot, key = path.rpartition(".")
        (mapping.setdefault(section, {}) if section else mapping)[key] = value
    return mapping
