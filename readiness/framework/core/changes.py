"""Differences between two definitions, field by field and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from readiness.framework.core import wording
from readiness.framework.core.definition import Check, Framework, SubMeasure, Threshold
from readiness.framework.core.numbers import limit_text
from readiness.framework.core.vocabulary import Gate
from web.versioned.core.comparing import DocumentChange, fields_changed, items_changed


def changes(before: Framework, after: Framework) -> tuple[DocumentChange, ...]:
    """List differences in the later definition's order. The name of the version is none: each version has its own."""
    differences = [
        *fields_changed("", _head(before), _head(after)),
        *items_changed(
            "pillar", before.pillars, after.pillars, _plain("name", "short_name", "question", "origin")
        ),
        *items_changed("limit", before.limits, after.limits, _plain("name", "unit", "declared_on", "note")),
        *items_changed("source", before.sources, after.sources, _source),
        *_checks(before, after),
    ]
    return tuple(differences)


def _head(framework: Framework) -> dict[str, str]:
    weights = {f"weight of {gate}": limit_text(framework.weights[gate]) for gate in Gate}
    return {"title": framework.title, "note": framework.note, **weights}


def _plain(*names: str) -> Callable[[Any], dict[str, str]]:
    return lambda item: {name.replace("_", " "): str(getattr(item, name)) for name in names}


def _source(source: Any) -> dict[str, str]:
    return _plain("title", "standing", "note")(source) | {"addresses": wording.in_order(source.urls)}


def _checks(before: Framework, after: Framework) -> Iterator[DocumentChange]:
    yield from items_changed("", before.checks, after.checks, _check)
    for check in after.checks:
        old = before.checks_by_id.get(check.id)
        if old is None:
            continue
        parts = {part.id: part for part in old.parts}
        yield from items_changed(f"{check.id} /", old.parts, check.parts, lambda _: {})
        for part in check.parts:
            if (earlier := parts.get(part.id)) is not None:
                where = f"{check.id} / {part.id}"
                yield from fields_changed(where, _part(earlier, old, before), _part(part, check, after))


def _check(check: Check) -> dict[str, str]:
    return {
        "name": check.name,
        "gate": str(check.gate),
        "gate rules": wording.gate_rules(check.gate_rules),
        "profiles": wording.words(check.profiles),
        "not applicable": wording.exclusions(check.exclusions),
        **_validity(check),
        "states": wording.words(check.states),
        "evidence": wording.words(check.evidence),
        "domains": wording.in_order(check.domains),
        "why": check.why,
        "how to": check.how_to,
        "waits for": check.waits_for,
        "note": check.note,
    }


def _part(part: SubMeasure, check: Check, framework: Framework) -> dict[str, str]:
    return {
        "name": part.name,
        **_threshold("pass", part.pass_at, part, framework),
        **_threshold("warn", part.warn_at, part, framework),
        "presets": wording.presets(part.presets),
        "limit from": part.limit_from,
        "direction": str(part.direction),
        "unit": part.unit,
        "gate": str(part.gate) if part.gate else "as its check",
        "profiles": wording.words(part.profiles) if part.profiles != check.profiles else "as its check",
        "not applicable": wording.exclusions(part.exclusions),
        # What follows the check is said once, at the check.
        **(_validity(part) if part.validity != check.validity else {"validity": "as its check"}),
        "evidence": wording.words(part.evidence) if part.evidence != check.evidence else "as its check",
        "measure": part.measure,
        "worst over": part.worst_over,
        "metrics": wording.in_order(part.metrics),
        "waits for": part.waits_for if part.waits_for != check.waits_for else "as its check",
        "note": part.note,
    }


def _threshold(
    name: str, threshold: Threshold | None, part: SubMeasure, framework: Framework
) -> dict[str, str]:
    strict = threshold is not None and threshold.strict
    return {
        name: wording.region(threshold, part, framework),
        f"edges of {name}": "left out" if strict else "included",
        f"source of {name}": wording.source(threshold),
        f"note of {name}": threshold.note if threshold else "",
    }


def _validity(item: Check | SubMeasure) -> dict[str, str]:
    return {
        "validity": wording.validity(item.validity),
        "source of validity": wording.source(item.validity),
        "voided by": wording.words(item.validity.voided_by),
        "note of validity": item.validity.note,
    }
