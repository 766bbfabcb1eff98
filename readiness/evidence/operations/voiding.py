"""Voiding evidence: what a change at the site took the ground from under, and which change that was.

Pulled: nothing of the inventory calls here. Evidence keeps what it stood on; this compares it with what is there
now. Scoring calls it for the sites that claim rows name, before it evaluates them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from readiness.evidence.changes import Change, Place, changes_at, device_changes
from readiness.evidence.core.bearing import checks_of
from readiness.evidence.ground import Ground, is_shaken, software_kind
from readiness.evidence.models import (
    Attestation,
    RecordedFact,
    RunDevice,
    RunMeasure,
    Tool,
    ValidationRun,
    Voidable,
)
from readiness.evidence.rows import KEPT
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework

LONGEST = timedelta(days=10 * 366)
"""Records older than this count for no check, and are left alone; so are runs that are no longer read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One change that one piece of evidence does not survive."""

    evidence: Voidable
    change: Change
    at: datetime
    reason: str


@transaction.atomic
def void_changed(*, site_ids: Collection[int], now: datetime) -> int:
    """Void the evidence of these sites that changes since have touched; returns how much was.

    Calling it again changes nothing. What was voided stays so, even if the change is undone. The number of
    statements does not depend on sites or evidence.
    """
    runs = list(_standing(ValidationRun, site_ids, now))
    records: list[Attestation | RecordedFact] = [
        *(each for each in _standing(Attestation, site_ids, now) if each.basis),
        *(each for each in _standing(RecordedFact, site_ids, now) if each.basis),
    ]
    if not runs and not records:
        return 0
    _, framework = framework_queries.current()
    relevant = _relevant_to_runs(runs, framework)
    relevant |= {(type(record), record.pk): _relevant_to_record(record, framework) for record in records}
    live = [each for each in (*runs, *records) if relevant[type(each), each.pk]]
    findings = _other_versions([run for run in live if isinstance(run, ValidationRun)])
    findings += _other_ground(live, now=now)
    kept = [each for each in findings if each.change in relevant[type(each.evidence), each.evidence.pk]]
    # The history's clock may be ahead of `now`: what is seen now was not made later.
    return _apply([replace(each, at=min(each.at, now)) for each in kept])


def _standing[Evidence: Voidable](
    model: type[Evidence], site_ids: Collection[int], now: datetime
) -> Iterable[Evidence]:
    """Locked in the order of ids, so that two workers never wait for each other."""
    since = now - (KEPT if model is ValidationRun else LONGEST)
    return (
        model._default_manager.select_for_update(of=("self",))
        .filter(site_id__in=sorted(site_ids), taken_at__gte=since, taken_at__lte=now)
        .order_by("pk")
    )


type Relevant = dict[tuple[type[Voidable], int], frozenset[Change]]


def _relevant_to_runs(runs: Iterable[ValidationRun], framework: Framework) -> Relevant:
    """Kinds of change that void anything a run may prove, less those that it is voided by already."""
    tables = [run.pk for run in runs if run.tool == Tool.CSV]
    names: dict[int, set[str]] = defaultdict(set)
    if tables:
        rows = (
            RunMeasure.objects.filter(run_id__in=tables).order_by().values_list("run_id", "name").distinct()
        )
        for run_id, name in rows:
            names[run_id].add(name)
    return {
        (ValidationRun, run.pk): frozenset(
            change
            for check_id in checks_of(run.tool, names[run.pk])
            for change in _voided_by(framework, check_id)
        )
        - set(map(Change, run.void_changes))
        for run in runs
    }


def _relevant_to_record(record: Attestation | RecordedFact, framework: Framework) -> frozenset[Change]:
    return _voided_by(framework, record.check_id, record.part) - set(map(Change, record.void_changes))


def _voided_by(framework: Framework, check_id: str, part_id: str = "") -> frozenset[Change]:
    """What voids a check's evidence, or that of one sub-measure; nothing for a check that is no longer there."""
    check = framework.checks_by_id.get(check_id)
    parts = [part for part in check.parts if part_id in ("", part.id)] if check else []
    return frozenset(change for part in parts for change in part.validity.voided_by)


def _other_versions(runs: Sequence[ValidationRun]) -> list[Finding]:
    """Devices of the runs that have another version now. A version that was never entered tells nothing."""
    if not runs:
        return []
    by_id = {run.pk: run for run in runs}
    differing = RunDevice.objects.filter(run_id__in=by_id).with_other_versions().select_related("device")
    rows = list(differing.order_by("run_id", "device_id"))
    changed = device_changes({row.device_id for row in rows})
    findings = []
    for row in rows:
        device = row.device
        for column, kind in (
            ("firmware_version", Change.FIRMWARE),
            ("software_version", software_kind(device.role)),
        ):
            before, after = getattr(row, column), getattr(device, column)
            if before and after and before != after:
                made = changed.get((device.pk, column, after))
                reason = f"{device.name}: {_spoken(kind)} {before} → {after}"
                run = by_id[row.run_id]
                at = made.at if made else run.recorded_at
                findings.append(Finding(run, kind, at, f"{reason}{made.when() if made else '.'}"))
    return findings


def _other_ground(evidence: Sequence[Voidable], *, now: datetime) -> list[Finding]:
    """Evidence whose basis is another one now."""
    standing = [each for each in evidence if each.basis]
    if not standing:
        return []
    ground = Ground.of(
        {each.site_id for each in standing}, [each for each in standing if isinstance(each, ValidationRun)]
    )
    shaken = [
        (each, kind)
        for each in standing
        for kind, before in sorted(each.basis.items())
        if is_shaken(kind, before, ground.under(each, kind))
    ]
    changes = changes_at({Place(each.site_id, _kind(kind)) for each, kind in shaken})
    findings = []
    for each, key in shaken:
        kind = _kind(key)
        made = changes.get(Place(each.site_id, kind))
        reason = made.sentence() if made else f"The {_spoken(kind)} at the site changed."
        findings.append(Finding(each, kind, made.at if made else now, reason))
    return findings


def _kind(key: str) -> Change:
    return Change.FIRMWARE if key == "accelerator-firmware" else Change(key)


def _spoken(kind: Change) -> str:
    return {Change.NOS: "NOS", Change.TOPOLOGY: "links"}.get(kind, kind.value.replace("-", " "))


def _apply(findings: Iterable[Finding]) -> int:
    """Write each evidence's findings beside those that it has; the first change is when it was voided."""
    by_evidence: dict[tuple[type[Voidable], int], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_evidence[type(finding.evidence), finding.evidence.pk].append(finding)
    voided: dict[type[Voidable], list[Voidable]] = defaultdict(list)
    for (model, _), found in sorted(by_evidence.items(), key=lambda item: (item[0][0].__name__, item[0][1])):
        evidence = found[0].evidence
        evidence.void_changes = sorted({*evidence.void_changes, *(each.change.value for each in found)})
        evidence.voided_at = min(filter(None, [evidence.voided_at, *(each.at for each in found)]))
        evidence.voids = _by_kind(found) | evidence.voids
        reasons = dict.fromkeys(filter(None, [evidence.void_reason, *(each.reason for each in found)]))
        evidence.void_reason = " ".join(reasons)[:4000]
        voided[model].append(evidence)
    for model, changed in voided.items():
        model._default_manager.bulk_update(changed, ["void_changes", "voids", "voided_at", "void_reason"])
    return len(by_evidence)


def _by_kind(found: Iterable[Finding]) -> dict[str, dict[str, str]]:
    """Of each kind the first change, and what all of them were."""
    told: dict[str, dict[str, str]] = {}
    for each in sorted(found, key=lambda finding: finding.at):
        there = told.setdefault(each.change.value, {"at": each.at.isoformat(), "reason": ""})
        if each.reason not in there["reason"]:
            there["reason"] = f"{there['reason']} {each.reason}".strip()[:4000]
    return told
