"""Void evidence whose ground changed, and name the change.

This is pulled: the inventory never calls here. Evidence keeps its ground; this module compares it with the present
inventory and with the change history, so that undone changes are noticed too. Scoring calls it for claimed sites before
it evaluates them. Changes since the evidence was taken count, not since it was entered: a file may arrive late.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from readiness.assessment.evidence.changes import (
    ChangeScope,
    DatedChange,
    GroundStep,
    Reach,
    steps_at,
    version_steps,
)
from readiness.assessment.evidence.core.bearing import NAME_CHECKS, checks_of
from readiness.assessment.evidence.ground import (
    ACCELERATORS,
    CurrentGround,
    is_shaken,
    software_kind,
)
from readiness.assessment.evidence.models import (
    Attestation,
    RecordedFact,
    RunMeasure,
    ValidationRun,
    Voidable,
)
from readiness.assessment.evidence.replacements import PARTS, PartHistory, devices_kept, replacements
from readiness.assessment.evidence.rows import KEPT
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.vocabulary import Change
from web.units import instant

LONGEST = timedelta(days=10 * 366)
"""Older records count for no check and are left alone; so are runs that are no longer read."""


@dataclass(frozen=True, slots=True)
class VoidingChange:
    """One change that voids one piece of evidence; `place` is that of a replaced part."""

    evidence: Voidable
    change: Change
    at: datetime
    reason: str
    place: str = ""


@transaction.atomic
def void_changed(*, site_ids: Collection[int], now: datetime) -> int:
    """Void the evidence of these sites that later changes affect; returns the number of voided rows.

    Calling it again changes nothing. Voided evidence stays void, even if the change is undone. The number of statements
    does not depend on sites or evidence.
    """
    runs = list(_standing(ValidationRun, site_ids, now))
    records: list[Attestation | RecordedFact] = [
        *(each for each in _standing(Attestation, site_ids, now) if each.basis),
        *(each for each in _standing(RecordedFact, site_ids, now) if each.basis),
    ]
    if not runs and not records:
        return 0
    history = PartHistory(site_ids, devices_kept(runs))
    reaches: Reaches = {
        (type(each), each.pk): Reach.measure(each, history.began) for each in (*runs, *records)
    }
    of_runs = {run.pk: reaches[ValidationRun, run.pk] for run in runs}
    replaced = [
        VoidingChange(each.run, each.change, each.at, each.reason, ":".join(map(str, each.place)))
        for each in replacements(runs, history, of_runs, now=now)
    ]
    _, framework = framework_queries.current()
    relevant = _relevant_to_runs(runs, framework)
    relevant |= {
        (type(record), record.pk): _voided_by(framework, record.check_id, record.part)
        - set(map(Change, record.void_changes))
        for record in records
    }
    live = [each for each in (*runs, *records) if relevant[type(each), each.pk]]
    findings = _other_versions([run for run in live if isinstance(run, ValidationRun)])
    findings += _other_ground(live, relevant, reaches, now=now)
    relevant_findings = [
        each for each in findings if each.change in relevant[type(each.evidence), each.evidence.pk]
    ]
    # The history's clock may be ahead of `now`, but a visible change was not made later.
    return _apply([replace(each, at=min(each.at, now)) for each in (*replaced, *relevant_findings)])


def _standing[Evidence: Voidable](
    model: type[Evidence], site_ids: Collection[int], now: datetime
) -> Iterable[Evidence]:
    """Lock in the order of ids, so that two workers never wait for each other."""
    since = now - (KEPT if model is ValidationRun else LONGEST)
    return (
        model._default_manager.select_for_update(of=("self",))
        .filter(site_id__in=sorted(site_ids), taken_at__gte=since, taken_at__lte=now)
        .order_by("pk")
    )


type Relevant = dict[tuple[type[Voidable], int], frozenset[Change]]
type Reaches = dict[tuple[type[Voidable], int], Reach]


def _relevant_to_runs(runs: Iterable[ValidationRun], framework: Framework) -> Relevant:
    tables = [run.pk for run in runs if run.tool in NAME_CHECKS]
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


def _voided_by(framework: Framework, check_id: str, part_id: str = "") -> frozenset[Change]:
    check = framework.checks_by_id.get(check_id)
    parts = [part for part in check.parts if part_id in ("", part.id)] if check else []
    return frozenset(change for part in parts for change in part.validity.voided_by)


def _other_versions(runs: Sequence[ValidationRun]) -> list[VoidingChange]:
    by_id = {run.pk: run for run in runs}
    findings = []
    for step in version_steps(by_id):
        kind = Change.FIRMWARE if step.column == "firmware_version" else software_kind(step.role)
        reason = f"{step.device}: {_spoken(kind)} {step.before} → {step.after} ({instant(step.at)})."
        findings.append(VoidingChange(by_id[step.run_id], kind, step.at, reason))
    return findings


def _other_ground(
    evidence: Sequence[Voidable], relevant: Relevant, reaches: Reaches, *, now: datetime
) -> list[VoidingChange]:
    standing = [
        (each, kind, before)
        for each in evidence
        for kind, before in sorted(each.basis.items())
        if kind not in PARTS and _kind(kind) in relevant[type(each), each.pk]
    ]
    if not standing:
        return []
    ground = CurrentGround.read(
        {each.site_id for each, _, _ in standing},
        [each for each in evidence if isinstance(each, ValidationRun) and each.basis],
    )
    of_standing = [reaches[type(each), each.pk] for each, _, _ in standing]
    since = Reach(min(each.changed for each in of_standing), min(each.entered for each in of_standing))
    history = steps_at({ChangeScope(each.site_id, kind) for each, kind, _ in standing}, since=since)
    findings = []
    for each, key, before in standing:
        steps = history.get(ChangeScope(each.site_id, key), [])
        change = _first_since(each, key, steps, ground, reaches[type(each), each.pk])
        if change is None and not is_shaken(key, before, ground.digest(each, key)):
            continue
        # If a clock is ahead, a change before the evidence was entered is found by its newest entry.
        change = change or (steps[-1].change if steps else None)
        reason = change.sentence() if change else f"The {_spoken(_kind(key))} at the site changed."
        findings.append(VoidingChange(each, _kind(key), change.at if change else now, reason))
    return findings


def _first_since(
    each: Voidable, key: str, steps: Iterable[GroundStep], ground: CurrentGround, reach: Reach
) -> DatedChange | None:
    devices = ground.crossed(each, key)
    more = 0
    for step in steps:
        since = reach.entered if step.net > 0 else reach.changed
        if step.change.at <= since or (devices is not None and not step.devices & devices):
            continue
        more += step.net
        # Fewer accelerators are not an expansion, and neither is a replacement.
        if key != Change.EXPANSION or more > 0:
            return step.change
    return None


def _kind(key: str) -> Change:
    return Change.FIRMWARE if key == ACCELERATORS else Change(key)


def _spoken(kind: Change) -> str:
    return {Change.NOS: "NOS", Change.TOPOLOGY: "links"}.get(kind, kind.value.replace("-", " "))


def _apply(findings: Iterable[VoidingChange]) -> int:
    by_evidence: dict[tuple[type[Voidable], int], list[VoidingChange]] = defaultdict(list)
    for finding in findings:
        by_evidence[type(finding.evidence), finding.evidence.pk].append(finding)
    voided: dict[type[Voidable], list[Voidable]] = defaultdict(list)
    for (model, _), of_evidence in sorted(
        by_evidence.items(), key=lambda item: (item[0][0].__name__, item[0][1])
    ):
        evidence = of_evidence[0].evidence
        evidence.void_changes = sorted({*evidence.void_changes, *(each.change.value for each in of_evidence)})
        evidence.voided_at = min(filter(None, [evidence.voided_at, *(each.at for each in of_evidence)]))
        evidence.voids = _merge_kinds(evidence.voids, of_evidence)
        reasons = dict.fromkeys(filter(None, [evidence.void_reason, *(each.reason for each in of_evidence)]))
        evidence.void_reason = " ".join(reasons)[:4000]
        voided[model].append(evidence)
    for model, changed in voided.items():
        model._default_manager.bulk_update(changed, ["void_changes", "voids", "voided_at", "void_reason"])
    return len(by_evidence)


def _merge_kinds(voids: Mapping[str, Any], changes: Iterable[VoidingChange]) -> dict[str, Any]:
    kinds = dict(voids)
    for each in sorted(changes, key=lambda finding: finding.at):
        kind, at = each.change.value, each.at.isoformat()
        if kind in voids and not each.place:
            continue
        entry = kinds[kind] = {"at": at, "reason": "", **kinds.get(kind, {})}
        if each.place:
            entry["at"] = min(entry["at"], at)
            entry["places"] = {**entry.get("places", {}), each.place: at}
        if each.reason not in entry["reason"]:
            entry["reason"] = f"{entry['reason']} {each.reason}".strip()[:4000]
    return kinds
