"""Differences between two definitions, field by field and in words."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from readiness.framework.core import wording
from readiness.framework.core.definition import Check, Framework, GateRule, Preset, SubMeasure, Threshold
from readiness.framework.core.numbers import limit_text
from readiness.framework.core.vocabulary import Gate
from web.versioned.core.comparing import DocumentChange, fields_changed, items_changed

AS_ITS_CHECK = "as its check"


def changes(before: Framework, after: Framework) -> tuple[DocumentChange, ...]:
    """List differences in the later definition's order. The name of the version is none: each version has its own."""
    return (
        *fields_changed("", _head(before), _head(after)),
        *items_changed("pillar", before.pillars, after.pillars, _words),
        *items_changed("limit", before.limits, after.limits, _words),
        *items_changed("source", before.sources, after.sources, _words),
        *_checks(before, after),
    )


def _head(framework: Framework) -> dict[str, str]:
    weights = {f"weight of {gate}": limit_text(framework.weights[gate]) for gate in Gate}
    return {"title": framework.title, "note": framework.note, **weights}


def _words(item: Any, *without: str) -> dict[str, str]:
    """The fields of an item in words, other than its id and those that are told otherwise."""
    names = [field.name for field in dataclasses.fields(item) if field.name not in ("id", *without)]
    return {name.replace("_", " "): _said(getattr(item, name)) for name in names}


def _said(value: Any) -> str:
    if isinstance(value, frozenset):
        return wording.words(value)
    if not isinstance(value, tuple):
        return "" if value is None else str(value)
    kind = type(value[0]) if value else str
    in_words: dict[Any, Callable[[Any], str]] = {GateRule: wording.gate_rules, Preset: wording.presets}
    return in_words.get(kind, wording.in_order)(value)


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
        **_words(check, "pillar", "validity", "exclusions", "parts"),
        "not applicable": wording.exclusions(check.exclusions),
        **_validity(check),
    }


def _part(part: SubMeasure, check: Check, framework: Framework) -> dict[str, str]:
    """A sub-measure in words; what follows the check is said once, at the check."""
    followed = {name for name in ("gate", "profiles", "evidence", "waits_for") if _follows(part, check, name)}
    return {
        **_words(part, "pass_at", "warn_at", "validity", "exclusions"),
        **dict.fromkeys((name.replace("_", " ") for name in followed), AS_ITS_CHECK),
        **_threshold("pass", part.pass_at, part, framework),
        **_threshold("warn", part.warn_at, part, framework),
        "not applicable": wording.exclusions(part.exclusions),
        **({"validity": AS_ITS_CHECK} if part.validity == check.validity else _validity(part)),
    }


def _follows(part: SubMeasure, check: Check, name: str) -> bool:
    value = getattr(part, name)
    return value is None if name == "gate" else bool(value == getattr(check, name))


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
