"""Versions in words: what a page says of one, of a check in it, and of a sub-measure's thresholds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from readiness.framework.core import wording
from readiness.framework.core.changes import DefinitionChange
from readiness.framework.core.definition import Check, Framework, Preset, SubMeasure, Threshold, Validity
from readiness.framework.core.vocabulary import Direction, EvidenceKind
from readiness.framework.models import DraftStep, FrameworkVersion
from readiness.framework.queries import stored_changes
from readiness.framework.refusals import MAY_ADD, MAY_DISCARD, MAY_EDIT
from web import visibility
from web.units import plural

type Line = dict[str, Any]
SHOWN = 2


EVIDENCE = {
    EvidenceKind.TELEMETRY: "Telemetry",
    EvidenceKind.VALIDATION_RUN: "Validation runs",
    EvidenceKind.INVENTORY_FACT: "Inventory",
    EvidenceKind.ATTESTATION: "Attestations",
    EvidenceKind.PEOPLE_RECORD: "People records",
    EvidenceKind.OWNERSHIP_RECORD: "Ownership records",
}


def name_of(version: FrameworkVersion) -> str:
    """`muster-3 (rolls back to muster-1)`."""
    if version.rolls_back_to is None:
        return version.version
    return f"{version.version} (rolls back to {version.rolls_back_to.version})"


def url_of(version: FrameworkVersion) -> str:
    return reverse("framework-version", args=[version.pk])


def what_changed(version: FrameworkVersion) -> str:
    """The first changes against what it was made from, and how many more there are."""
    changes = stored_changes(version.changes)
    if not changes:
        return "nothing" if version.made_from else "the first version"
    shown = "; ".join(change.text for change in changes[:SHOWN])
    more = len(changes) - SHOWN
    if more <= 0:
        return shown
    return shown + " " + plural(more, f"and {more} more", f"and {more} more")


def facts(version: FrameworkVersion) -> list[Line]:
    said: list[Line] = [{"term": "Status", "kind": "framework", "state": version.status}]
    if version.is_draft:
        said.append({"term": "Revision", "value": version.revision})
    if version.made_from:
        said.append(
            {
                "term": "Made from",
                "value": version.made_from.version,
                "url": url_of(version.made_from),
            }
        )
    if version.rolls_back_to:
        said.append(
            {
                "term": "Rolls back to",
                "value": version.rolls_back_to.version,
                "url": url_of(version.rolls_back_to),
            }
        )
    said.append(_deed("Made", version.created_at, version.created_by))
    if version.edited_at:
        said.append(_deed("Last edited", version.edited_at, version.edited_by))
    if version.published_at:
        said.append(_deed("Published", version.published_at, version.published_by))
    if version.note:
        said.append({"term": "Note", "value": version.note})
    if version.override_reason:
        said.append({"term": "Published against a rule, because", "value": version.override_reason})
    said.append({"term": "Digest", "value": version.digest[:12]})
    return said


def _deed(term: str, at: datetime, by: User | None) -> Line:
    return {"term": term, "value": by_whom(by), "note": f"{at:%Y-%m-%d %H:%M} UTC"}


def by_whom(by: User | None) -> str:
    return visibility.name_of(by) or "shipped with Muster"


def offers(version: FrameworkVersion, user: User) -> dict[str, bool]:
    """Return what the reader may do with the version."""
    return {
        "may_edit": version.is_draft and user.has_perm(MAY_EDIT),
        "may_discard": version.is_draft and user.has_perm(MAY_DISCARD),
        "may_draft": user.has_perm(MAY_ADD),
    }


def weights(framework: Framework) -> list[Line]:
    return [{"term": str(gate), "value": weight} for gate, weight in framework.weights.items()]


def pillars(framework: Framework, changes: Iterable[DefinitionChange]) -> list[Line]:
    """Each with its checks, and how many defaults of ours are left in them."""
    touched = {change.where.split(" / ")[0] for change in changes}
    return [
        {
            "pillar": pillar,
            "changed": f"pillar {pillar.id}" in touched,
            "checks": [_check_line(check, touched) for check in framework.checks_of(pillar.id)],
        }
        for pillar in framework.pillars
    ]


def _check_line(check: Check, touched: set[str]) -> Line:
    labels = [value.source for value in _sourced(check)]
    return {
        "check": check,
        "changed": check.id in touched,
        "validity": wording.validity(check.validity),
        "profiles": _profiles(check),
        "defaults": labels.count("OD"),
        "own": labels.count("own"),
    }


def _sourced(check: Check) -> list[Threshold | Validity | Preset]:
    sourced: list[Threshold | Validity | Preset] = [check.validity]
    for part in check.parts:
        sourced += [threshold for threshold in (part.pass_at, part.warn_at) if threshold is not None]
        if part.validity != check.validity:
            sourced.append(part.validity)
        sourced += part.presets
    return sourced


def _profiles(item: Check | SubMeasure) -> str:
    return wording.words(item.profiles)


DIRECTIONS = {
    Direction.HIGHER: lambda: "higher is better",
    Direction.LOWER: lambda: "lower is better",
    Direction.RANGE: lambda: "between two ends",
    Direction.EQUAL: lambda: "one of some values",
}


def part_lines(check: Check, framework: Framework) -> list[Line]:
    return [
        {
            "part": part,
            "direction": DIRECTIONS[part.direction](),
            "gate": str(part.gate or check.gate),
            "thresholds": [
                _threshold(threshold, part, framework) for threshold in (part.pass_at, part.warn_at)
            ],
            "validity": wording.validity(part.validity),
            "validity_label": label(part.validity, framework),
            "presets": wording.presets(part.presets) if part.presets else "",
            "exclusions": wording.exclusions(part.exclusions) if part.exclusions else "",
        }
        for part in check.parts
    ]


def _threshold(threshold: Threshold | None, part: SubMeasure, framework: Framework) -> Line | None:
    if threshold is None:
        return None
    return {
        "text": wording.region(threshold, part, framework),
        "note": threshold.note,
        "label": label(threshold, framework),
    }


def label(value: Threshold | Validity, framework: Framework) -> Line:
    """Return where a figure comes from: a default of ours is marked as one, an own decision names who decided."""
    title = wording.source_title(value, framework)
    if value.source == "OD":
        return {"text": "default", "title": title, "url": ""}
    if value.decided is not None:
        return {
            "text": f"own: {value.decided.by}",
            "title": f"{title}: {value.note}",
            "url": "",
        }
    listed = next((source for source in framework.sources if source.id == value.source), None)
    return {"text": value.source, "title": title, "url": listed.urls[0] if listed and listed.urls else ""}


def check_facts(check: Check) -> list[Line]:
    said: list[Line] = [
        {"term": "Gate", "value": str(check.gate)},
        {"term": "Profiles", "value": _profiles(check)},
        {
            "term": "Evidence",
            "value": ", ".join(str(EVIDENCE[kind]) for kind in sorted(check.evidence)),
        },
        {"term": "Evidence counts for", "value": wording.validity(check.validity)},
        {"term": "Voided by", "value": wording.words(check.validity.voided_by)},
        {"term": "States", "value": wording.words(check.states)},
    ]
    if check.gate_rules:
        said.append({"term": "Other gates", "value": wording.gate_rules(check.gate_rules)})
    if check.exclusions:
        said.append({"term": "Not applicable", "value": wording.exclusions(check.exclusions)})
    return said


def change_lines(changes: Iterable[DefinitionChange]) -> list[Line]:
    """Grouped by where they are, in their order."""
    groups: dict[str, list[DefinitionChange]] = {}
    for change in changes:
        groups.setdefault(change.where, []).append(change)
    return [
        {"where": where or "The whole", "changes": changes_there} for where, changes_there in groups.items()
    ]


def step_lines(steps: Iterable[DraftStep]) -> list[Line]:
    return [
        {
            "revision": step.revision,
            "at": step.at,
            "by": by_whom(step.by),
            "texts": [change.text for change in stored_changes(step.changes)],
        }
        for step in steps
    ]
