"""A framework back to plain mappings and YAML, and the digest of its content."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from readiness.framework.core.conditions import Condition, ConditionOperator, ExclusionRule, FactTest
from readiness.framework.core.definition import (
    Bound,
    Check,
    Framework,
    GateRule,
    Preset,
    SubMeasure,
    Threshold,
    Validity,
)
from readiness.framework.core.reader import duration_text
from readiness.framework.core.vocabulary import Direction
from web import yaml_documents


def to_mapping(framework: Framework) -> dict[str, Any]:
    """The whole definition as plain values, as `load` reads it; defaults and inherited ones left out."""
    return {
        "version": framework.version,
        "title": framework.title,
        "note": framework.note,
        "weights": {str(gate): weight for gate, weight in framework.weights.items()},
        "counts": {pillar.id: len(framework.checks_of(pillar.id)) for pillar in framework.pillars},
        "pillars": [_fields(p, "id", "name", "short_name", "question", "origin") for p in framework.pillars],
        "limits": [_fields(limit, "id", "name", "unit", "declared_on", "note") for limit in framework.limits],
        "sources": [
            _present({**_fields(s, "id", "title", "standing", "note"), "urls": list(s.urls)})
            for s in framework.sources
        ],
        "checks": [_check(check) for check in framework.checks],
    }


def dump(framework: Framework) -> str:
    """The whole definition as one YAML document that `load_text` reads back to an equal framework."""
    return yaml_documents.write(to_mapping(framework))


def digest(framework: Framework) -> str:
    """SHA-256 over the content, so that two versions that say the same have the same digest."""
    canonical = json.dumps(to_mapping(framework), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def renamed(framework: Framework, version: str) -> Framework:
    """The same content as another version."""
    named = dataclasses.replace(framework, version=version)
    return dataclasses.replace(named, content_digest=digest(named))


def _check(check: Check) -> dict[str, Any]:
    return _present(
        {
            **_fields(check, "id", "pillar", "name", "why", "how_to", "waits_for"),
            "domains": [str(domain) for domain in check.domains],
            "evidence": _words(check.evidence),
            "gate": str(check.gate),
            "gate_rules": [_gate_rule(rule) for rule in check.gate_rules],
            "profiles": _words(check.profiles),
            "not_applicable": [_exclusion(rule) for rule in check.exclusions],
            "valid_for": _validity(check.validity),
            "states": _words(check.states),
            "note": check.note,
            "parts": [_part(part, check) for part in check.parts],
        }
    )


def _part(part: SubMeasure, check: Check) -> dict[str, Any]:
    return _present(
        {
            **_fields(part, "id", "name", "unit", "direction", "measure", "worst_over", "limit_from"),
            "metrics": list(part.metrics),
            "pass": _threshold(part.pass_at, part.direction),
            "warn": _threshold(part.warn_at, part.direction),
            "presets": [_preset(preset, part) for preset in part.presets],
            "gate": str(part.gate) if part.gate else "",
            "valid_for": {} if part.validity == check.validity else _validity(part.validity),
            "evidence": [] if part.evidence == check.evidence else _words(part.evidence),
            "profiles": [] if part.profiles == check.profiles else _words(part.profiles),
            "not_applicable": [_exclusion(rule) for rule in part.exclusions],
            "waits_for": "" if part.waits_for == check.waits_for else part.waits_for,
            "note": part.note,
        }
    )


def _threshold(threshold: Threshold | None, direction: Direction) -> dict[str, Any]:
    if threshold is None:
        return {}
    if threshold.bound is None:
        limit: dict[str, Any] = {"factor": threshold.factor}
    elif threshold.bound == Bound():
        limit = {"any": True}
    else:
        limit = _bound(threshold.bound, direction)
    return _present({**limit, "strict": threshold.strict, **_sourced(threshold)})


def _sourced(value: Threshold | Preset | Validity) -> dict[str, Any]:
    decided = value.decided
    return {
        **_fields(value, "source", "note"),
        **({"decided_by": decided.by, "decided_on": decided.on} if decided else {}),
    }


def _bound(bound: Bound, direction: Direction) -> dict[str, Any]:
    match direction:
        case Direction.HIGHER:
            return {"value": bound.low}
        case Direction.LOWER:
            return {"value": bound.high}
        case Direction.EQUAL:
            return {"values": sorted(bound.values)}
        case Direction.RANGE:
            return {"low": bound.low, "high": bound.high}


def _preset(preset: Preset, part: SubMeasure) -> dict[str, Any]:
    limit: dict[str, Any] = {"value": preset.value}
    if preset.value is None:
        regions = {"pass": preset.pass_at, "warn": preset.warn_at}
        limit = {key: _bound(bound, part.direction) for key, bound in regions.items() if bound}
    return _present({**_fields(preset, "id", "name"), **limit, **_sourced(preset)})


def _validity(validity: Validity) -> dict[str, Any]:
    return _present(
        {
            "max_age": duration_text(validity.max_age_s),
            "voided_by": _words(validity.voided_by),
            **_sourced(validity),
        }
    )


def _gate_rule(rule: GateRule) -> dict[str, Any]:
    return {"when": _condition(rule.when), "gate": str(rule.gate), "reason": rule.reason}


def _exclusion(rule: ExclusionRule) -> dict[str, Any]:
    return {"when": _condition(rule.when), "reason": rule.reason}


def _condition(condition: Condition) -> dict[str, Any]:
    return {test.fact: _test(test) for test in condition.tests}


def _test(test: FactTest) -> Any:
    operand = _words(test.operand) if isinstance(test.operand, frozenset) else test.operand
    if test.operator in (ConditionOperator.IS, ConditionOperator.IN):
        return operand
    return {str(test.operator): operand}


def _words(words: Iterable[str]) -> list[str]:
    return sorted(str(word) for word in words)


def _fields(value: object, *names: str) -> dict[str, Any]:
    """The named attributes as plain values, empty texts left out."""
    fields = {name: getattr(value, name) for name in names}
    plain = {name: str(value) if isinstance(value, StrEnum) else value for name, value in fields.items()}
    return _present(plain)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out the fields that are empty; zero is not empty, and `strict` is written only when true."""
    return {key: value for key, value in fields.items() if not _is_empty(value)}


def _is_empty(value: object) -> bool:
    return value is False or value == "" or (isinstance(value, list | dict) and not value)
