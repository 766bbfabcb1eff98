"""Steps of an edit: each takes a definition as a mapping and returns another. `load` then checks the result."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.thresholds import OperatorDecision
from readiness.assessment.framework.core.vocabulary import OWN
from web.versioned.core.documents import DocumentError

type Definition = Mapping[str, Any]

FIGURES = ("value", "low", "high", "values", "factor", "any", "strict")
"""Keys of a threshold that make up its figure; the others describe its origin."""


@dataclass(frozen=True, slots=True)
class GivenThreshold:
    """A threshold as entered. `figures` holds some of FIGURES, empty for none; `source` is "" if the label stays."""

    figures: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    note: str = ""


def replace_pillar(definition: Definition, pillar_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**definition, "pillars": _replaced(definition["pillars"], pillar_id, fields)}


def replace_check(definition: Definition, check_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**definition, "checks": _replaced(definition["checks"], check_id, fields)}


def replace_part(
    definition: Definition, check_id: str, part_id: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    [check] = [item for item in definition["checks"] if item["id"] == check_id]
    return replace_check(definition, check_id, {"parts": _replaced(check["parts"], part_id, fields)})


def threshold(
    name: str, before: Mapping[str, Any] | None, entered: GivenThreshold, decided: OperatorDecision
) -> dict[str, Any] | None:
    """Merge an entered threshold with the present one; None means no threshold. Raises DocumentError for a missing
    field. A new figure needs a new source, because the old label belongs to the old figure."""
    if not entered.figures:
        return None
    old = {key: value for key, value in (before or {}).items() if key in FIGURES}
    figures = _kept(entered.figures)
    if old != figures and not entered.source:
        raise DocumentError(f"{name}.source", "a new figure needs its source: say where it comes from")
    return figures | sourced(name, before, entered.source, entered.note, decided)


def validity(
    before: Mapping[str, Any],
    max_age: str,
    voided_by: list[str],
    entered: GivenThreshold,
    decided: OperatorDecision,
) -> dict[str, Any]:
    if before.get("max_age") != max_age and not entered.source:
        raise DocumentError("valid_for.source", "a new span needs its source: say where it comes from")
    source = sourced("valid_for", before, entered.source, entered.note, decided)
    return _kept({"max_age": max_age, "voided_by": sorted(voided_by)}) | source


def sourced(
    name: str, before: Mapping[str, Any] | None, source: str, note: str, decided: OperatorDecision
) -> dict[str, Any]:
    """Source and note, and for an own decision who decided: the editor, if any of it is new."""
    earlier = before or {}
    label = source or str(earlier.get("source", ""))
    label_fields: dict[str, Any] = _kept({"source": label, "note": note})
    if label != OWN:
        return label_fields
    if not note:
        raise DocumentError(f"{name}.note", "an own decision needs a sentence that says why")
    if not source and note == earlier.get("note", ""):
        return label_fields | {key: earlier[key] for key in ("decided_by", "decided_on") if key in earlier}
    return label_fields | {"decided_by": decided.by, "decided_on": decided.on}


def refuse_unlike(framework: Framework, in_force: Framework) -> None:
    """Raise DocumentError for edits that would break stored evidence and pages.

    The five pillars are fixed. A sub-measure keeps its unit, because results are stored in it and the same number in
    another unit means something else.
    """
    pillar_ids = tuple(pillar.id for pillar in in_force.pillars)
    if tuple(pillar.id for pillar in framework.pillars) != pillar_ids:
        raise DocumentError(
            "pillars", f"must be {', '.join(pillar_ids)} in this order; their words may change"
        )
    for check in framework.checks:
        earlier = in_force.checks_by_id.get(check.id)
        units = {part.id: part.unit for part in earlier.parts} if earlier else {}
        for part in check.parts:
            if units.get(part.id, part.unit) != part.unit:
                raise DocumentError(
                    f"checks[{check.id}].parts[{part.id}].unit",
                    f"is {units[part.id]!r} in the version in force; a figure in another unit needs another id",
                )


def _replaced(items: Any, item_id: str, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_changed(item, fields) if item["id"] == item_id else item for item in items]


def _changed(item: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out fields that became empty, because the loader gives absent fields their default."""
    changed = copy.deepcopy(dict(item))
    for key, value in fields.items():
        if _is_nothing(value):
            changed.pop(key, None)
        else:
            changed[key] = value
    return changed


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if not _is_nothing(value)}


def _is_nothing(value: object) -> bool:
    return value is None or value is False or value == "" or (isinstance(value, list | dict) and not value)
