"""Read what the problems of some sites follow from: a fixed number of statements for any number of sites."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Q

from inventory.models import Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.names import check_title, failing_words
from readiness.assessment.scoring.core.states import CheckState, Gate, ReasonCode
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.standing import FleetStanding, SiteStanding, fleet_standing
from readiness.loop.problems import intake, measurements, reasons, sentences, shifts
from readiness.loop.problems.core.folding import Dependencies
from readiness.loop.problems.core.health import DomainFacts
from readiness.loop.problems.core.problem import NO_DATA, Identity, PresentProblem
from readiness.loop.problems.core.site import ProblemFacts
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.dependencies import dependencies_of
from readiness.loop.problems.schedulers import scheduler_problems
from readiness.organisation.ownership import queries as ownership
from readiness.organisation.ownership.gaps import OwnershipQueue, queues_of
from readiness.organisation.ownership.queries import Live
from readiness.organisation.ownership.tables import presence_words
from readiness.organisation.people.queries import duty
from telemetry.drift import queries as drifts
from telemetry.drift import sentences as drift_sentences
from telemetry.models import InventoryDrift, Series, Source, SourceState
from telemetry.replicas.queries import troubled_replicas
from web.units import format_value, how_many

COVERAGE = "p5-telemetry-coverage"
"""Telemetry coverage fails when a source is silent, so it follows from the silence."""
STATE_OF_SOURCE = {SourceState.LATE.value: ProblemState.LATE, SourceState.SILENT.value: ProblemState.SILENT}
IDLE = (SourceState.PAUSED, SourceState.WAITING)
STATE_OF_CHECK = {
    (Gate.BLOCK, CheckState.FAIL): ProblemState.FAILING,
    (Gate.COND, CheckState.FAIL): ProblemState.WARN,
    (Gate.BLOCK, CheckState.STALE): ProblemState.MISSING,
    (Gate.COND, CheckState.STALE): ProblemState.MISSING,
}


@dataclass(slots=True)
class _Gathered:
    domains: list[DomainFacts] = field(default_factory=list)
    sources: list[PresentProblem] = field(default_factory=list)
    checks: list[PresentProblem] = field(default_factory=list)
    others: list[PresentProblem] = field(default_factory=list)
    turns_at: list[datetime] = field(default_factory=list)


def facts_of(site_ids: Collection[int], *, now: datetime) -> dict[int, ProblemFacts]:
    """The facts of those of the sites that still exist."""
    fleet = fleet_standing(now=now, site_ids=site_ids)
    by_site = {site.ref.id: _Gathered() for site in fleet.sites}
    running = [site.ref.id for site in fleet.sites if site.ref.stage != Site.Stage.RETIRED]
    _add_sources(by_site, running, now)
    _add_health(by_site, running, now)
    _add_checks(by_site, running, fleet.framework)
    _add_ownership(by_site, running, fleet)
    _add_duty(by_site, running, now)
    _add_drifts(by_site, running)
    _add_shifts(by_site, running, now)
    _add_measurements(by_site, running, fleet.framework, now)
    needed = dependencies_of(
        {site_id: gathered.domains for site_id, gathered in by_site.items()},
        mute_sources={
            int(source.subject)
            for gathered in by_site.values()
            for source in gathered.sources
            if NO_DATA in source.metrics
        },
    )
    return {site.ref.id: _facts(by_site[site.ref.id], site, fleet, needed) for site in fleet.sites}


def _facts(
    gathered: _Gathered, site: SiteStanding, fleet: FleetStanding, dependencies: Dependencies
) -> ProblemFacts:
    site_id = site.ref.id
    return ProblemFacts(
        site_id=site_id,
        is_retired=site.ref.stage == Site.Stage.RETIRED,
        kw=fleet.capacity[site_id].deployed.it_kw,
        domains=gathered.domains,
        sources=gathered.sources,
        checks=gathered.checks,
        others=gathered.others,
        dependencies=dependencies,
        turns_at=[*gathered.turns_at, *(step.at for step in fleet.changes.get(site_id, ()))],
    )


def _add_measurements(
    by_site: Mapping[int, _Gathered], site_ids: Sequence[int], framework: Framework, now: datetime
) -> None:
    stuck = measurements.stuck_problems(site_ids, framework, now=now)
    meters, schedulers = measurements.meter_problems(site_ids, now=now), scheduler_problems(site_ids)
    for site_id, problem in chain(stuck, meters, schedulers):
        by_site[site_id].others.append(problem)
        # Silence and its end write no row.
        by_site[site_id].turns_at.append(now + measurements.LOOK_AGAIN)


def _add_sources(by_site: Mapping[int, _Gathered], site_ids: Sequence[int], now: datetime) -> None:
    """Sources that are late or silent, and those that are idle, refuse, have another clock or troubled replicas; five
    statements."""
    refused = intake.refused_shares(now=now)
    refusals = intake.refusal_reasons(refused, now=now) if refused else {}
    troubled = Q(status__state__in=[*STATE_OF_SOURCE, *IDLE])
    of_site = Q(pk__in=refused) | Q(status__clock__in=intake.SKEWED) | Q(pk__in=troubled_replicas())
    troubled |= Q(of_site, site__in=site_ids)
    rows = (
        Source.objects.filter(troubled).select_related("status").prefetch_related("replicas").order_by("name")
    )
    sources = {source.pk: source for source in rows}
    for source_id, served in sites_served(sources, site_ids).items():
        source = sources[source_id]
        problems = [_source_problem(source)] if source.status.state in STATE_OF_SOURCE else []
        if (idle := intake.idle_problem(source, now=now)) is not None:
            problems.append(idle)
        if source.site_id is not None and (skewed := intake.clock_problem(source)) is not None:
            problems.append(skewed)
        if source.site_id is not None:
            problems += intake.replica_problems(source)
        if source_id in refused and source.site_id is not None:
            problems.append(intake.refusing_problem(source, refused[source_id], refusals.get(source_id)))
        for site_id in served:
            by_site[site_id].sources += problems
            if source.status.state == SourceState.WAITING:
                by_site[site_id].turns_at.append(intake.waits_until(source))


def _source_problem(source: Source) -> PresentProblem:
    status = source.status
    state = STATE_OF_SOURCE[status.state]
    return PresentProblem(
        identity=Identity(ProblemKind.SOURCE, str(source.pk)),
        state=state,
        subject=str(source.pk),
        since=status.state_since,
        last_sample_at=status.heard_at,
        title=f"{source.name} is {state}",
        detail="source",
        limit=sentences.limit_of_source(source),
        metrics=frozenset({NO_DATA} if state is ProblemState.SILENT else ()),
    )


def sites_served(sources: Mapping[int, Source], site_ids: Collection[int]) -> dict[int, set[int]]:
    """Those of the sites that each source sends data of: its own, or the ones that its label has named."""
    served: dict[int, set[int]] = defaultdict(set)
    for source in sources.values():
        if source.site_id is not None and source.site_id in site_ids:
            served[source.pk].add(source.site_id)
    labelled = [pk for pk, source in sources.items() if source.site_id is None]
    if labelled:
        rows = Series.objects.filter(source__in=labelled, site__in=site_ids).order_by()
        for source_id, site_id in rows.values_list("source_id", "site_id").distinct():
            served[source_id].add(site_id)
    return {pk: served[pk] for pk in sources if pk in served}


def _add_health(by_site: Mapping[int, _Gathered], site_ids: Sequence[int], now: datetime) -> None:
    for site_id, domains in reasons.domains_of(site_ids, now=now).items():
        for facts, turns_at in domains:
            by_site[site_id].domains.append(facts)
            by_site[site_id].turns_at += [turns_at] if turns_at is not None else []


_OF_CHECK = (
    *("site_id", "check_id", "gate", "state", "code", "value", "unit", "threshold_text", "reason"),
    *("since", "first_bad_at", "taken_at", "evidence"),
)


def _add_checks(by_site: Mapping[int, _Gathered], site_ids: Sequence[int], framework: Framework) -> None:
    failing = CheckResult.objects.filter(
        site__in=site_ids,
        state__in=[CheckState.FAIL, CheckState.STALE],
        gate__in=[Gate.BLOCK, Gate.COND],
    )
    rows = list(failing.order_by("site", "check_id").values(*_OF_CHECK))
    decided = {(row["site_id"], name) for row in rows if (name := row["evidence"].get("object", ""))}
    metrics = reasons.metrics_of_objects(decided)
    for row in rows:
        of_object = metrics.get((row["site_id"], row["evidence"].get("object", "")), frozenset())
        by_site[row["site_id"]].checks.append(_check_problem(row, framework, of_object))


def _check_problem(
    row: Mapping[str, Any], framework: Framework, metrics_of_object: frozenset[str]
) -> PresentProblem:
    check_id, value = row["check_id"], row["value"]
    check = framework.checks_by_id.get(check_id)
    words = (row["state"], row["evidence"].get("part", ""), row["threshold_text"], row["code"])
    return PresentProblem(
        identity=Identity(ProblemKind.CHECK, check_id),
        state=STATE_OF_CHECK[Gate(row["gate"]), CheckState(row["state"])],
        subject=check_id,
        since=row["first_bad_at"] or row["since"],
        last_sample_at=row["taken_at"],
        title=check_title(check, failing_words(check, *words)) if check else check_id,
        detail=row["reason"],
        value="" if value is None else str(format_value(value, row["unit"])),
        limit=row["threshold_text"],
        metrics=_metrics_of(framework, row),
        metrics_of_object=metrics_of_object,
        check_id=check_id,
    )


def _metrics_of(framework: Framework, row: Mapping[str, Any]) -> frozenset[str]:
    check = framework.checks_by_id.get(row["check_id"])
    decided = row["evidence"].get("part", "")
    parts = [part for part in check.parts if part.id == decided] if check else []
    metrics = {metric for part in parts for metric in part.metrics}
    is_blind = row["check_id"] == COVERAGE or (metrics and row["code"] == ReasonCode.TOO_OLD)
    return frozenset({*metrics, NO_DATA} if is_blind else metrics)


def _add_shifts(by_site: Mapping[int, _Gathered], site_ids: Sequence[int], now: datetime) -> None:
    for site_id, (problems, turns_at) in shifts.short_shift_problems(site_ids, now=now).items():
        by_site[site_id].others += problems
        by_site[site_id].turns_at += turns_at


def _add_ownership(by_site: Mapping[int, _Gathered], site_ids: Sequence[int], fleet: FleetStanding) -> None:
    cells = ownership.pressing(now=fleet.at, due_by=fleet.at, site_ids=site_ids)
    owned = [cell.current_or_coming for of_site in cells.values() for cell in of_site.values()]
    gone_since = ownership.gone_since([each for each in owned if each], now=fleet.at)
    for site_id, of_site in cells.items():
        queued: dict[OwnershipQueue, list[Live]] = defaultdict(list)
        for cell in of_site.values():
            for queue in queues_of(cell, fleet.at):
                queued[queue] += [cell.current_or_coming] if cell.current_or_coming else []
        for queue in sentences.LACKING:
            if queued[queue]:
                by_site[site_id].others.append(_lacking(queue, queued[queue], gone_since))
    for site in fleet.sites:
        if not site.ref.owner.strip():
            problem = _ownership_problem(OwnershipQueue.UNOWNED, "The site has no owner")
            by_site[site.ref.id].others.append(problem)
    for site_id, at in ownership.next_changes(site_ids, now=fleet.at).items():
        by_site[site_id].turns_at.append(at)


def _lacking(
    queue: OwnershipQueue, assignments: Sequence[Live], gone_since: Mapping[int, datetime]
) -> PresentProblem:
    """Says why in words without names, and since when the first owner cannot answer."""
    title = sentences.lacking(queue, len(assignments))
    if queue is OwnershipQueue.OVERDUE:
        return _ownership_problem(queue, title)
    reasons = dict.fromkeys(presence_words(each, names=False) for each in assignments)
    since = [gone_since[each.person_id] for each in assignments if each.person_id in gone_since]
    return _ownership_problem(queue, title, "; ".join(filter(None, reasons)), min(since, default=None))


def _ownership_problem(
    queue: OwnershipQueue, title: str, detail: str = "", since: datetime | None = None
) -> PresentProblem:
    return PresentProblem(
        identity=Identity(ProblemKind.OWNERSHIP, queue.value),
        state=ProblemState.WARN,
        subject=queue.value,
        title=title,
        detail=detail,
        since=since,
    )


def _add_duty(by_site: Mapping[int, _Gathered], site_ids: Sequence[int], now: datetime) -> None:
    """One problem for each rotation and kind of breach of its people's rest and hours."""
    for site_id, of_site in duty.site_duty(site_ids, now=now).items():
        by_site[site_id].turns_at += of_site.turns_at
        for breaches in of_site.pressing:
            by_site[site_id].others.append(
                PresentProblem(
                    identity=Identity(ProblemKind.DUTY, f"{breaches.rotation.pk}-{breaches.kind}"),
                    state=ProblemState.WARN,
                    subject=str(breaches.rotation.pk),
                    since=breaches.since if breaches.since is not None and breaches.since <= now else None,
                    title=sentences.duty_title(breaches),
                    detail=sentences.duty_detail(breaches),
                    value=sentences.duty_value(breaches),
                    limit=f"limit {format_value(breaches.limit, 'h')}",
                )
            )


def _add_drifts(by_site: Mapping[int, _Gathered], site_ids: Iterable[int]) -> None:
    """One problem for each device about which telemetry contradicts the inventory."""
    by_device: dict[tuple[int, int], list[InventoryDrift]] = defaultdict(list)
    for drift in drifts.pressing(site_ids):
        by_device[drift.site_id, drift.device_id].append(drift)
    for (site_id, device_id), alike in by_device.items():
        first, is_single = alike[0], len(alike) == 1
        problem = PresentProblem(
            identity=Identity(ProblemKind.INVENTORY, str(device_id)),
            state=ProblemState.WARN,
            subject=str(device_id),
            since=first.first_seen_at,
            title=f"{first.device} differs from the inventory",
            detail=drift_sentences.contradiction(first),
            value=first.reported_value if is_single else how_many(len(alike), "value", "values"),
            limit=f"inventory {first.inventory_value}" if is_single else "",
        )
        by_site[site_id].others.append(problem)
