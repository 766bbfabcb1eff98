"""Runs for pages: what a run or a record proves now, what it does not prove and why, the basis of a run, and latency
runs of a site with all stored percentiles; what one run or record says by itself."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from django.utils.text import capfirst

from readiness.assessment.evidence import rows
from readiness.assessment.evidence.core.bearing import REVALIDATION, checks_of, part_named
from readiness.assessment.evidence.core.confirming import awaited, blocking_parts
from readiness.assessment.evidence.core.parsed import Figure
from readiness.assessment.evidence.core.parsers.dcgm_diag import WORDS
from readiness.assessment.evidence.core.proving.collectives import fabric_rate
from readiness.assessment.evidence.core.proving.values import (
    FloorValue,
    PartKey,
    Proof,
    Run,
    SiteParts,
    voids_at,
)
from readiness.assessment.evidence.core.summary import coverage_text, failures_text, sample_size
from readiness.assessment.evidence.models import (
    Attestation,
    RecordedFact,
    RunDevice,
    RunMeasure,
    ValidationRun,
)
from readiness.assessment.evidence.parts import site_parts
from readiness.assessment.evidence.proofs import (
    WORKED_OUT,
    SiteProofs,
    checks_worked_out,
    platform_floors,
    proofs,
    proved_by_runs,
)
from readiness.assessment.evidence.rows import KEPT, REPEATED
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core import wording
from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure
from web.units import day


@dataclass(frozen=True, slots=True)
class Proved:
    """`why_not` says why the figure cannot pass, or what voided it; empty if it counts."""

    check_id: str
    check_name: str
    part_id: str
    part_name: str
    unit: str
    value: float | None
    detail: str
    why_not: str

    @property
    def word(self) -> str:
        """The severity that the value stands for; empty for other sub-measures."""
        if self.part_id != "worst-severity" or self.value is None:
            return ""
        return WORDS.get(int(self.value), "")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The outcome of a run: sentences about its basis, and the affected sub-measures. `proved` are those that it
    decides or helps to decide, `others` the remaining ones of the same checks."""

    samples: str
    failures: str
    coverage: str
    proved: list[Proved]
    others: list[Proved]

    @property
    def proves(self) -> list[Proved]:
        return [each for each in self.proved if not each.why_not]

    @property
    def proves_not(self) -> list[Proved]:
        return [each for each in self.proved if each.why_not] + self.others


def proved_by(site_id: int, ref: str, *, now: datetime) -> list[Proved]:
    """List what is proved, in the framework's order. `ref` is a reference as in results: `run:12`, `fact:3`,
    `attestation:4`. A figure made of several runs, such as a coverage or a median, is proved by each of them."""
    _version, framework = framework_queries.current()
    return _proved_of(framework, proofs([site_id], framework, now=now)[site_id], ref, now)


def summary_of(run: ValidationRun, *, now: datetime) -> RunSummary:
    _version, framework = framework_queries.current()
    parts, floors = site_parts([run.site_id], now), platform_floors()
    site = parts[run.site_id]
    of_site = proofs([run.site_id], framework, now=now, parts=parts, floors=floors)[run.site_id]
    figures = _figures(run)
    proved = _proved_of(framework, of_site, f"run:{run.pk}", now)
    as_read = _proving_run(run, figures)
    unjudged = _not_judged(framework, as_read, site, floors, now)
    return RunSummary(
        samples=sample_size(run.tool, figures),
        failures=failures_text(run.tool, figures),
        coverage=coverage_text(as_read, site),
        proved=proved,
        others=list(_others(framework, run, figures, of_site, proved, unjudged)),
    )


def _proved_of(framework: Framework, of_site: SiteProofs, ref: str, now: datetime) -> list[Proved]:
    kind, _, row = ref.partition(":")
    blocking = blocking_parts(framework)
    return [
        _proved_part(
            check, part, proof.value, proof.detail, _why_not(proof, part, now, may_block=key in blocking)
        )
        for check in framework.checks
        for part in check.parts
        for key in [(check.id, part.id)]
        for proof in of_site.get(key, ())
        if proof.ref == ref or (kind == "run" and int(row) in proof.others)
    ]


class PartProof(NamedTuple):
    """A proof, and what it proves or why not."""

    proof: Proof
    proved: Proved


def proofs_of_check(site_id: int, check_id: str, *, now: datetime) -> list[PartProof]:
    """All that runs, facts and attestations prove of one check at a site, in the order of its sub-measures."""
    _version, framework = framework_queries.current()
    of_site = proofs([site_id], framework, now=now)[site_id]
    blocking, check = blocking_parts(framework), framework.check(check_id)
    return [
        PartProof(proof, _proved_part(check, part, proof.value, proof.detail, why_not))
        for part in check.parts
        for proof in of_site.get((check_id, part.id), ())
        for why_not in [_why_not(proof, part, now, may_block=(check_id, part.id) in blocking)]
    ]


def _proved_part(check: Check, part: SubMeasure, value: float | None, detail: str, why_not: str) -> Proved:
    return Proved(check.id, check.name, part.id, part.name, part.unit, value, detail, why_not)


def _why_not(proof: Proof, part: SubMeasure, now: datetime, *, may_block: bool) -> str:
    reason = proof.failed or proof.cannot_judge or proof.voided
    until = proof.taken_at + timedelta(seconds=part.validity.limit_s(None))
    aged = f"It counted until {day(until)}." if until < now else ""
    waits = wording.until(proof.declaration, proof.unconfirmed) if proof.unconfirmed and may_block else ""
    return reason or aged or wording.cap(part, proof.declaration) or waits


def _others(
    framework: Framework,
    run: ValidationRun,
    figures: Collection[Figure],
    of_site: SiteProofs,
    proved: Collection[Proved],
    unjudged: Mapping[PartKey, str],
) -> Iterable[Proved]:
    named_keys = {key for figure in figures if (key := part_named(figure.name)) is not None}
    checks = checks_of(run.tool, [figure.name for figure in figures])
    checks |= {REVALIDATION} if {"p1-intra-node", "p1-accelerator-diag"} & checks else set()
    decided = {(each.check_id, each.part_id) for each in proved}
    for check in framework.checks:
        if check.id not in checks:
            continue
        is_proved = any(check.id == check_id for check_id, _ in decided)
        part_ids = WORKED_OUT.get(check.id, ())
        for part in check.parts:
            key, why = (check.id, part.id), unjudged.get((check.id, part.id), "")
            if key in decided or (is_proved and not why):
                continue
            if part.id in part_ids or key in named_keys:
                yield _proved_part(check, part, None, "", _instead(of_site.get(key, ()), run, why))


def _instead(proofs: Collection[Proof], run: ValidationRun, unjudged: str) -> str:
    """Say why the run was not judged, if so, and what counts instead."""
    if unjudged:
        counts = f" {_instead(proofs, run, '')}" if proofs else ""
        return f"It was not judged: {unjudged}{counts}"
    if not proofs:
        return run.loopback or "The run has no figure for this sub-measure."
    last = max(proofs, key=lambda proof: proof.taken_at)
    if last.declaration:
        return f"{capfirst(last.declaration)} counts instead."
    newer = "A newer run of the same test counts" if last.taken_at >= run.taken_at else "Another run counts"
    return f"{newer}: run {last.row}."


_BY_ONE_RUN = ("p1-accelerator-diag", "p1-intra-node", "p1-rdma-port", "p1-serving-latency")
"""Checks whose subjects are each judged by one run, so an objection to that run explains why it does not count."""


def _not_judged(
    framework: Framework, run: Run, site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> dict[PartKey, str]:
    """Why a run by itself is not judged, by sub-measure."""
    checks = checks_worked_out(framework)
    alone = proved_by_runs(framework, checks, rows.SiteRuns(newest=[run]), site, floors, now)
    reasons = {
        key: next((proof.cannot_judge for proof in each if proof.cannot_judge), "")
        for key, each in alone.items()
        if key[0] in _BY_ONE_RUN
    }
    fabric = checks.get("p1-fabric-collective")
    rate = fabric_rate(fabric, run, site, floors) if fabric else None
    if fabric and rate is not None:
        reasons |= {(fabric.id, part.id): rate.cannot_judge for part in fabric.parts}
    return reasons


def _figures(run: ValidationRun) -> list[Figure]:
    names = tuple(Figure.__dataclass_fields__)
    return [Figure(**dict(zip(names, row, strict=True))) for row in run.measures.values_list(*names)]


def _proving_run(run: ValidationRun, figures: Iterable[Figure]) -> Run:
    devices = sorted((each.device_id, each.device.role) for each in run.run_devices.all())
    return Run(
        id=run.pk,
        tool=run.tool,
        scope=run.scope,
        taken_at=run.taken_at,
        load=run.load,
        load_gbps=run.load_gbps,
        platform=run.platform,
        loopback=run.loopback,
        provenance=run.provenance,
        hosts=len(run.hosts),
        figures=tuple(figures),
        **rows.device_columns(devices),
    )


def proofs_alone(
    runs: Sequence[ValidationRun],
    framework: Framework,
    parts: Mapping[int, SiteParts],
    floors: Sequence[FloorValue],
    now: datetime,
) -> dict[int, SiteProofs]:
    """Return the proofs of each run by itself, whatever newer runs say; one statement for runs with their devices."""
    figures = rows.figures_of([run.pk for run in runs], floors)
    checks = checks_worked_out(framework)
    proofs = {}
    for run in runs:
        as_read = _stored_run(run, figures.get(run.pk, ()), now)
        about = checks_of(run.tool, [figure.name for figure in as_read.figures])
        of_tool = {check_id: check for check_id, check in checks.items() if check_id in about}
        proofs[run.pk] = proved_by_runs(
            framework, of_tool, rows.SiteRuns(newest=[as_read]), parts[run.site_id], floors, now
        )
    return proofs


def _stored_run(run: ValidationRun, figures: Iterable[Figure], now: datetime) -> Run:
    voids = voids_at(run.void_changes, run.voids, run.voided_at, run.void_reason, now)
    return replace(
        _proving_run(run, figures),
        about=run.about,
        local=next((each.device_id for each in run.run_devices.all() if each.place == 0), 0),
        mismatch=run.mismatch,
        implausible=run.implausible,
        sender_named=run.sender_named,
        void_changes=voids.changes,
        voided_at=voids.at,
        void_reason=voids.reason,
    )


def proof_by_record(record: Attestation | RecordedFact, part: SubMeasure, *, now: datetime) -> Proof:
    """Return the proof of a fact or an attestation, whatever newer ones say; `site` is read before."""
    says = record if isinstance(record, Attestation) else None
    is_confirmed = says is None or (says.confirmed_at is not None and says.confirmed_at <= now)
    in_grace = says is not None and says.grace_until is not None and says.grace_until > now
    waits = (
        "" if says is None or is_confirmed or in_grace else awaited(has_account=says.attester_id is not None)
    )
    is_rejected = says is not None and says.rejected_at is not None and says.rejected_at <= now
    row = rows.RecordRow(
        kind="fact" if says is None else "attestation",
        id=record.pk,
        site_id=record.site_id,
        check_id=record.check_id,
        part=record.part,
        value=cast(float, record.value),
        taken_at=record.taken_at,
        detail="",
        void_changes=record.void_changes,
        voids=record.voids or None,
        voided_at=record.voided_at,
        void_reason=record.void_reason,
        provenance=record.provenance,
        valid_until=says.valid_until if says else None,
        time_zone=record.site.time_zone,
        unconfirmed=waits,
        rejection=says.rejection if says and is_rejected else "",
    )
    return rows.record_proof(row, part, now)


MOST_SHOWN = 2_000
"""Number of runs of one site that a page reads, the newest first."""


class TailFigure(NamedTuple):
    """One percentile of one run. `caution` says why it is not judged."""

    run_id: int
    name: str
    percentile: float
    value: float | None
    samples: int | None
    caution: str


def kept_latency_runs(site_id: int, *, now: datetime) -> list[Run]:
    of_run = ("tool", "taken_at", "load", "voided_at", "void_reason")
    of_figure = ("name", "percentile", "value", "operation", "subject", "size_bytes", "caution")
    measures = RunMeasure.objects.filter(
        run__site_id=site_id,
        run__tool__in=REPEATED,
        run__taken_at__gt=now - KEPT,
        run__taken_at__lte=now,
        run__withdrawn_at=None,
        name="latency",
        percentile=99.0,
    ).order_by("-run__taken_at", "-run_id", "id")
    run_rows = list(
        measures.values_list("run_id", *(f"run__{name}" for name in of_run), *of_figure)[:MOST_SHOWN]
    )
    devices: dict[int, list[tuple[int, str]]] = defaultdict(list)
    of_runs = RunDevice.objects.filter(run_id__in=[row[0] for row in run_rows]).order_by("device_id")
    for run_id, device_id, role in of_runs.values_list("run_id", "device_id", "device__role"):
        devices[run_id].append((device_id, role))
    return [
        Run(
            id=run_id,
            scope="",
            **dict(zip(of_run, row, strict=False)),
            figures=(Figure(**dict(zip(of_figure, row[len(of_run) :], strict=True))),),
            **rows.device_columns(devices[run_id]),
        )
        for run_id, *row in run_rows
    ]


def tail_figures(run_ids: Collection[int], *names: str, **of_path: Any) -> list[TailFigure]:
    """Every stored percentile of the latency, or of these figures, including those that are not judged. `of_path`
    limits them to one operation, subject and size. One statement."""
    rows = (
        RunMeasure.objects.filter(
            run_id__in=sorted(run_ids),
            name__in=names or ("latency",),
            percentile__isnull=False,
            **of_path,
        )
        .order_by("run_id", "percentile", "id")
        .values_list("run_id", "name", "percentile", "value", "samples", "caution")
    )
    return [TailFigure._make(row) for row in rows]
