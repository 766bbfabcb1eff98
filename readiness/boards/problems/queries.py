"""Problems of sites: health, sources, checks, owners and the inventory. A fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from inventory.models import DomainChoices, Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.states import CheckState, Gate, Health, HealthAt, ReasonCode, health_at
from readiness.assessment.scoring.models import CheckResult, DomainHealth
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.assessment.scoring.queries.rows import HealthReason, SiteRef
from readiness.assessment.scoring.queries.standing import FleetStanding
from readiness.assessment.scoring.reasons import as_it_was
from readiness.boards.health.queries import reason_of_stored
from readiness.boards.health.sentences import reading_words
from readiness.boards.problems.rows import Problem, ProblemKind, ProblemState, folded, in_order
from readiness.demand.workloads.models import Placement
from readiness.organisation.ownership import queries as ownership
from readiness.organisation.ownership.gaps import OwnershipQueue, queues_of
from telemetry.core.metric import LimitTest
from telemetry.core.registry import registry
from telemetry.drift import queries as drifts
from telemetry.drift import sentences as drift_sentences
from telemetry.models import InventoryDrift, Series, Source, SourceState
from web.units import duration, format_value, how_many, plural

COVERAGE = "p5-telemetry-coverage"
"""Telemetry coverage fails when a source is silent, so it follows from the silence."""
NO_DATA = "no-data"
"""Stands for the silence of a site in `metrics`."""
STATE_OF_HEALTH = {Health.CRITICAL: ProblemState.CRITICAL, Health.WARN: ProblemState.WARN}
SILENT_AFTER = {SourceState.LATE: 1, SourceState.SILENT: 3}
"""Multiples of cadence plus grace after which a source is late or silent, as in telemetry.sources."""
LACKING = {
    OwnershipQueue.LEFT: ("The owner of 1 item has left", "The owners of {} items have left"),
    OwnershipQueue.OVERDUE: ("1 item was not confirmed in time", "{} items were not confirmed in time"),
}


@dataclass(frozen=True, slots=True)
class _Stake:
    """The capacity and the workloads of each site, by its id."""

    at: datetime
    sites: Mapping[int, SiteRef]
    regions: Mapping[int, str]
    kw: Mapping[int, float]
    workloads: Mapping[int, int]

    def problem(self, site_id: int, kind: ProblemKind, subject: str, **given: Any) -> Problem:
        site = self.sites[site_id]
        name = given.pop("name", subject)
        problem_id = f"{kind}-{site.slug}-{name}"
        return Problem(
            id=problem_id,
            kind=kind,
            subject=subject,
            site=site,
            region=self.regions[site_id],
            kw=self.kw.get(site_id, 0.0),
            workloads=self.workloads.get(site_id, 0),
            **{"cause": problem_id, "detail": ""} | given,
        )


def problems(known: FleetStanding) -> list[Problem]:
    """All problems at sites that are not retired: worst causes first, each followed by its consequences."""
    return _problems(known, _workloads(known))


def causes(known: FleetStanding) -> list[Problem]:
    """Only the causes. Their workloads are not read, because they are not shown."""
    return [problem for problem in _problems(known, {}) if problem.is_cause]


def _problems(known: FleetStanding, workloads: Mapping[int, int]) -> list[Problem]:
    sites = {site.ref.id: site.ref for site in known.sites if site.ref.stage != Site.Stage.RETIRED}
    kw = {site_id: capacity.deployed.it_kw for site_id, capacity in known.capacity.items()}
    regions = {site.ref.id: site.region for site in known.sites}
    pressing = ownership.pressing(now=known.at, due_by=known.at, site_ids=known.site_ids)
    stake = _Stake(known.at, sites, regions, kw, workloads)
    sources = list(_sources(stake))
    silences = {each.site.id: each for each in reversed(sources) if each.state is ProblemState.SILENT}
    health = list(_health(stake, known, silences))
    checks = folded(_checks(stake, known), [*sources, *health])
    owners = [*_ownership(stake, pressing), *_without_owner(stake)]
    return in_order([*sources, *health, *checks, *owners, *_drifts(stake, known.site_ids)])


def _workloads(known: FleetStanding) -> dict[int, int]:
    placed = Placement.objects.holding_on(known.at.date()).filter(known.among("site")).order_by()
    return dict(placed.values_list("site_id").annotate(classes=Count("workload_class", distinct=True)))


def _sources(stake: _Stake) -> Iterator[Problem]:
    late = Source.objects.filter(status__state__in=[SourceState.LATE, SourceState.SILENT])
    sources = {source.pk: source for source in late.select_related("status").order_by("name")}
    for source_id, site_ids in _sites_served(sources).items():
        source = sources[source_id]
        status = source.status
        state = ProblemState(status.state)
        limit_s = SILENT_AFTER[SourceState(status.state)] * (source.cadence_s + source.grace_s)
        for site_id in sorted(site_ids & set(stake.sites)):
            yield stake.problem(
                *(site_id, ProblemKind.SOURCE, str(source_id)),
                state=state,
                title=f"{source.name} is {state}",
                detail="source",
                since=status.state_since,
                value=_silent_for(status.heard_at, stake.at),
                limit=f"limit {duration(limit_s)}",
                metrics=frozenset({NO_DATA} if state is ProblemState.SILENT else ()),
            )


def _silent_for(last_at: datetime | None, now: datetime) -> str:
    return f"{duration((now - last_at).total_seconds())} silent" if last_at else "never sent"


def _sites_served(sources: Mapping[int, Source]) -> dict[int, set[int]]:
    served: dict[int, set[int]] = defaultdict(set)
    for source in sources.values():
        if source.site_id is not None:
            served[source.pk].add(source.site_id)
    labelled = [pk for pk, source in sources.items() if source.site_id is None]
    rows = Series.objects.filter(source__in=labelled, site__isnull=False).order_by()
    for source_id, site_id in rows.values_list("source_id", "site_id").distinct():
        served[source_id].add(site_id)
    return served


def _health(stake: _Stake, known: FleetStanding, silences: Mapping[int, Problem]) -> Iterator[Problem]:
    is_troubled = Q(health_now__in=[Health.UNKNOWN, *STATE_OF_HEALTH]) | ~Q(reasons=[])
    troubled = DomainHealth.objects.as_of(known.at).filter(is_troubled, known.among("site"))
    read = troubled.order_by("site", "domain").values_list(
        *("site_id", "domain", "health", "since", "last_health", "heard_at", "blind_at", "reasons")
    )
    for site_id, domain, health, since, last_health, heard_at, blind_at, stored in read:
        if site_id not in stake.sites:
            continue
        current = health_at(HealthAt(health, since, last_health, heard_at, {}, {}), blind_at, known.at)
        if current.health == Health.UNKNOWN:
            reasons = [reason_of_stored(as_it_was(each)) for each in stored]
            yield _silent_domain(stake, site_id, domain, current, reasons, silences.get(site_id))
        elif stored:
            yield from _troubles(stake, site_id, domain, map(reason_of_stored, stored))
        else:
            yield stake.problem(
                *(site_id, ProblemKind.HEALTH, domain),
                state=STATE_OF_HEALTH[Health(current.health)],
                title=f"{DomainChoices(domain).label} is {current.health}",
                since=current.since,
            )


def _silent_domain(
    stake: _Stake,
    site_id: int,
    domain: str,
    current: HealthAt,
    reasons: Sequence[HealthReason],
    silence: Problem | None,
) -> Problem:
    problem = stake.problem(
        *(site_id, ProblemKind.HEALTH, domain),
        state=ProblemState.SILENT,
        title=f"No data about {DomainChoices(domain).label.lower()}",
        detail=f"last {current.last_health}" if current.last_health else "",
        since=current.since,
        value=_silent_for(current.heard_at or current.since, stake.at),
        reasons=tuple(reasons[:1]),
        objects=len(reasons),
        metrics=frozenset({NO_DATA}),
    )
    return problem if silence is None else replace(problem, cause=silence.id)


def _troubles(stake: _Stake, site_id: int, domain: str, reasons: Iterable[HealthReason]) -> Iterator[Problem]:
    """One problem for each rule that objects of the domain break. If several objects break a rule, each also gets a
    problem under that one."""
    by_rule: dict[str, list[HealthReason]] = defaultdict(list)
    for reason in reasons:
        by_rule[reason.metric if reason.health != Health.UNKNOWN else NO_DATA].append(reason)
    for metric, alike in by_rule.items():
        cause = _trouble(stake, site_id, domain, metric, alike)
        yield cause
        if len(alike) > 1:
            for reason in alike:
                of_object = _trouble(stake, site_id, domain, metric, [reason])
                yield replace(
                    of_object, id=f"{cause.id}-{reason.object_kind}-{reason.object_id}", cause=cause.id
                )


def _title(worst: HealthReason, alike: Sequence[HealthReason]) -> str:
    """Leave the exporter or sensor out of the title if it differs between the objects."""
    known = registry().get(worst.metric, None)
    differ = len({reason.title for reason in alike}) > 1
    return known.title if known is not None and known.parts and differ else worst.title


def _trouble(stake: _Stake, site_id: int, domain: str, metric: str, alike: Sequence[HealthReason]) -> Problem:
    worst = _worst(alike)
    is_silent = metric == NO_DATA
    begun = [reason.since for reason in alike if reason.since]
    return stake.problem(
        *(site_id, ProblemKind.HEALTH, domain),
        name=f"{domain}-{metric}",
        state=STATE_OF_HEALTH.get(Health(alike[0].health), ProblemState.SILENT),
        title="Not heard from" if is_silent else _title(worst, alike),
        detail=how_many(len(alike), "object", "objects") if len(alike) > 1 else "",
        since=min(begun, default=worst.taken_at),
        value=_silent_for(worst.taken_at, stake.at) if is_silent else reading_words(worst),
        limit=""
        if is_silent or worst.threshold is None
        else f"limit {format_value(worst.threshold, worst.unit)}",
        reasons=(worst, *(reason for reason in alike if reason is not worst)),
        objects=len(alike),
        metrics=frozenset({metric}),
    )


def _worst(alike: Sequence[HealthReason]) -> HealthReason:
    valued = [reason for reason in alike if reason.value is not None and reason.health == alike[0].health]
    if not valued:
        return alike[0]
    pick = min if valued[0].direction == LimitTest.BELOW else max
    return pick(valued, key=lambda reason: reason.value or 0.0)


_OF_CHECK = (
    *("site_id", "check_id", "gate", "state", "code", "value", "unit", "threshold_text", "reason"),
    *("since", "first_bad_at", "evidence"),
)
STATE_OF_CHECK = {
    (Gate.BLOCK, CheckState.FAIL): ProblemState.FAILING,
    (Gate.COND, CheckState.FAIL): ProblemState.WARN,
    (Gate.BLOCK, CheckState.STALE): ProblemState.MISSING,
    (Gate.COND, CheckState.STALE): ProblemState.MISSING,
}


def _checks(stake: _Stake, known: FleetStanding) -> Iterator[Problem]:
    open_checks = CheckResult.objects.filter(
        known.among("site"), state__in=[CheckState.FAIL, CheckState.STALE], gate__in=[Gate.BLOCK, Gate.COND]
    )
    for row in open_checks.order_by().values(*_OF_CHECK):
        if row["site_id"] not in stake.sites:
            continue
        check_id, value = row["check_id"], row["value"]
        yield stake.problem(
            *(row["site_id"], ProblemKind.CHECK, check_id),
            state=STATE_OF_CHECK[Gate(row["gate"]), CheckState(row["state"])],
            title=check_name(known.framework, check_id),
            detail=row["reason"],
            since=row["first_bad_at"] or row["since"],
            value="" if value is None else str(format_value(value, row["unit"])),
            limit=row["threshold_text"],
            metrics=_metrics_of(known.framework, row),
            check_id=check_id,
        )


def _metrics_of(framework: Framework, row: Mapping[str, Any]) -> frozenset[str]:
    check = framework.checks_by_id.get(row["check_id"])
    decided = row["evidence"].get("part", "")
    metrics = (
        {metric for part in check.parts if part.id == decided for metric in part.metrics} if check else set()
    )
    is_blind = row["check_id"] == COVERAGE or (metrics and row["code"] == ReasonCode.TOO_OLD)
    return frozenset({*metrics, NO_DATA} if is_blind else metrics)


def _ownership(stake: _Stake, pressing: Mapping[int, Mapping[Any, Any]]) -> Iterator[Problem]:
    for site_id, of_site in pressing.items():
        if site_id not in stake.sites:
            continue
        queued = [queue for cell in of_site.values() for queue in queues_of(cell, stake.at)]
        for queue, words in LACKING.items():
            if count := queued.count(queue):
                yield stake.problem(
                    *(site_id, ProblemKind.OWNERSHIP, queue.value),
                    state=ProblemState.WARN,
                    title=plural(count, *words).format(count),
                    since=None,
                )


def _drifts(stake: _Stake, site_ids: Collection[int] | None) -> Iterator[Problem]:
    """One problem for each device about which telemetry contradicts the inventory."""
    by_device: dict[tuple[int, int], list[InventoryDrift]] = defaultdict(list)
    for drift in drifts.pressing(site_ids):
        by_device[drift.site_id, drift.device_id].append(drift)
    for (site_id, device_id), alike in by_device.items():
        if site_id in stake.sites:
            first = alike[0]
            yield stake.problem(
                *(site_id, ProblemKind.INVENTORY, str(device_id)),
                state=ProblemState.WARN,
                title=f"{first.device} differs from the inventory",
                detail=drift_sentences.contradiction(first),
                since=first.first_seen_at,
                value=first.reported_value if len(alike) == 1 else how_many(len(alike), "value", "values"),
                limit=f"inventory {first.inventory_value}" if len(alike) == 1 else "",
            )


def _without_owner(stake: _Stake) -> Iterator[Problem]:
    for site_id, site in stake.sites.items():
        if not site.owner.strip():
            yield stake.problem(
                *(site_id, ProblemKind.OWNERSHIP, OwnershipQueue.UNOWNED.value),
                state=ProblemState.WARN,
                title="The site has no owner",
                since=None,
            )
