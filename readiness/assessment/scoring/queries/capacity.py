"""Capacity deployed, ready and conditional: now, over time, by site, and what holds the rest back."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from inventory import queries as inventory
from inventory.models import Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.gap import (
    NOTHING,
    BlockerGroup,
    CapacityFigures,
    CapacityMeasure,
    Gap,
    SiteCapacity,
    SiteHistory,
    StageChange,
    VerdictStep,
    gap_of,
    gap_over_time,
    group_by_first_blocker,
    total_of,
)
from readiness.assessment.scoring.core.mean import TrendLine, fit
from readiness.assessment.scoring.core.states import Stage, Verdict
from readiness.assessment.scoring.models import Flip
from readiness.assessment.scoring.queries.rows import SiteRef
from readiness.assessment.scoring.queries.standing import EVER, FleetStanding, fleet_standing
from web.cached import CachedAnswer

PROJECTED_WEEKS = 12
FITTED_WEEKS = 12
LEAST_WEEKS = 4
"""A line through fewer weeks means nothing."""
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Projection:
    """The future deployed and ready capacity, in one measure, if the trend of the last weeks continues; bands are (low,
    high). `method` is a text for the page."""

    method: str
    instants: tuple[datetime, ...]
    deployed: tuple[float, ...]
    ready: tuple[float, ...]
    deployed_band: tuple[tuple[float, float], ...]
    ready_band: tuple[tuple[float, float], ...]
    horizon_weeks: int = PROJECTED_WEEKS


@dataclass(frozen=True, slots=True)
class Pace:
    deployed_a_month: float
    ready_a_month: float
    weeks: int


@dataclass(frozen=True, slots=True)
class CapacityHistory:
    """`gaps` in order of time. Without a projection, `no_projection` says why."""

    gaps: tuple[Gap, ...]
    projection: Projection | None
    no_projection: str
    pace: Pace | None


@dataclass(frozen=True, slots=True)
class SiteCapacityRow:
    site: SiteRef
    deployed: CapacityFigures
    ready: CapacityFigures
    conditional: CapacityFigures
    verdict: str
    first_blocker: str


@dataclass(frozen=True, slots=True)
class HeldByCheck:
    check_id: str
    name: str
    capacity: CapacityFigures
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldByPillar:
    pillar: str
    name: str
    short_name: str
    capacity: CapacityFigures
    sites: tuple[str, ...]
    checks: tuple[HeldByCheck, ...]


@dataclass(frozen=True, slots=True)
class HoldsBack:
    """Not-ready capacity by first blocker, every site once. The pillars' `capacity`, `unevaluated` and `conditional`
    add up to the gap."""

    pillars: tuple[HeldByPillar, ...]
    conditional: CapacityFigures
    unevaluated: CapacityFigures
    gap: Gap


def capacity_over_time(
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    points: int = 120,
    site_ids: Collection[int] | None = None,
) -> CapacityHistory:
    histories = histories_of(fleet_standing(now=now, site_ids=site_ids))
    until = min(end, now)
    gaps = gap_over_time(histories, evenly(start, until, points)) if until > start else ()
    return replace(outlook(weekly(histories, now=now, weeks=FITTED_WEEKS), now=now), gaps=gaps)


def outlook(
    weeks: Sequence[Gap], *, now: datetime, measure: CapacityMeasure = CapacityMeasure.POWER
) -> CapacityHistory:
    weeks = weeks[-FITTED_WEEKS - 1 :]
    enough = [gap for gap in weeks if gap.deployed != NOTHING]
    if len(enough) < LEAST_WEEKS:
        reason = f"A projection needs {LEAST_WEEKS} weeks of deployed capacity; there are {len(enough)}."
        return CapacityHistory((), None, reason, None)
    projection, pace = _project(enough, now, measure)
    return CapacityHistory((), projection, "", pace)


def site_rows(*, now: datetime, site_ids: Collection[int] | None = None) -> tuple[SiteCapacityRow, ...]:
    fleet = fleet_standing(now=now, site_ids=site_ids)
    rows = [
        SiteCapacityRow(
            site=site.ref,
            deployed=present.deployed,
            ready=_band(present, Verdict.READY),
            conditional=_band(present, Verdict.CONDITIONAL),
            verdict=site.verdict,
            first_blocker=site.first_blocker,
        )
        for site in fleet.sites
        if (present := fleet.capacity[site.ref.id]).deployed != NOTHING
    ]
    return tuple(sorted(rows, key=lambda row: (-row.deployed.it_kw, row.site.name)))


def holds_back(
    *, now: datetime, site_ids: Collection[int] | None = None, fleet: FleetStanding | None = None
) -> HoldsBack:
    fleet = fleet or fleet_standing(now=now, site_ids=site_ids)
    present = list(fleet.capacity.values())
    groups = group_by_first_blocker(present)
    unevaluated = total_of(group.capacity for group in groups if not group.check_id)
    return HoldsBack(
        pillars=_held_by_pillar(fleet.framework, groups),
        conditional=total_of(site.deployed for site in present if site.verdict is Verdict.CONDITIONAL),
        unevaluated=unevaluated,
        gap=gap_of(present, at=now),
    )


def _held_by_pillar(framework: Framework, groups: Sequence[BlockerGroup]) -> tuple[HeldByPillar, ...]:
    pillars = []
    for pillar in framework.pillars:
        checks = tuple(
            HeldByCheck(group.check_id, check_name(framework, group.check_id), group.capacity, group.sites)
            for group in groups
            if group.check_id.startswith(f"{pillar.id}-")
        )
        pillars.append(
            HeldByPillar(
                pillar=pillar.id,
                name=pillar.name,
                short_name=pillar.short_name,
                capacity=total_of(check.capacity for check in checks),
                sites=tuple(sorted(site for check in checks for site in check.sites)),
                checks=checks,
            )
        )
    return tuple(sorted(pillars, key=lambda pillar: (-pillar.capacity.it_kw, pillar.pillar)))


def check_name(framework: Framework, check_id: str) -> str:
    check = framework.checks_by_id.get(check_id)
    return check.name if check else check_id


# Thousands of verdicts are read, which seldom change. The basis is their number, when each site's changed, and the
# capacity.
HISTORIES: CachedAnswer[None, Sequence[SiteHistory]] = CachedAnswer(
    "histories of sites", models=(Site,), versions=(Flip,)
)


def histories_of(fleet: FleetStanding) -> Sequence[SiteHistory]:
    changed_at = [(site.ref.id, site.verdict_since, site.failed_at) for site in fleet.sites]
    return HISTORIES.value(
        lambda: _histories(fleet),
        key=None if fleet.of_all else tuple(site.ref.id for site in fleet.sites),
        basis=(_verdict_flips(fleet).count(), changed_at, fleet.changes),
    )


def _histories(fleet: FleetStanding) -> list[SiteHistory]:
    stages, verdicts = _stages(fleet), _verdicts(fleet)
    return [
        SiteHistory(ref.slug, fleet.changes.get(ref.id, ()), stages[ref.id], verdicts.get(ref.id, ()))
        for ref in (site.ref for site in fleet.sites)
    ]


def weekly(histories: Sequence[SiteHistory], *, now: datetime, weeks: int) -> tuple[Gap, ...]:
    instants = [now - timedelta(weeks=back) for back in range(weeks, -1, -1)]
    return gap_over_time(histories, instants)


def evenly(start: datetime, end: datetime, points: int) -> list[datetime]:
    step = (end - start) / max(points - 1, 1)
    return [start + step * place for place in range(points - 1)] + [end]


def _band(site: SiteCapacity, verdict: Verdict) -> CapacityFigures:
    return site.deployed if site.verdict is verdict else NOTHING


def _stages(fleet: FleetStanding) -> dict[int, list[StageChange]]:
    """Stages from the change history. The first known stage also counts for the time before."""
    steps: dict[int, list[StageChange]] = defaultdict(list)
    for step in inventory.stage_history(fleet.site_ids):
        at = step.at if steps[step.site_id] else EVER
        steps[step.site_id].append(StageChange(at, Stage(step.stage)))
    return {
        ref.id: steps[ref.id] or [StageChange(EVER, Stage(ref.stage))]
        for ref in (site.ref for site in fleet.sites)
    }


def _verdict_flips(fleet: FleetStanding) -> QuerySet[Flip]:
    return Flip.objects.filter(fleet.among("site"), subject=Flip.Subject.VERDICT)


def _verdicts(fleet: FleetStanding) -> dict[int, list[VerdictStep]]:
    steps: dict[int, list[VerdictStep]] = defaultdict(list)
    for site_id, at, verdict in (
        _verdict_flips(fleet).order_by("at", "id").values_list("site_id", "at", "to_state")
    ):
        steps[site_id].append(VerdictStep(at, Verdict(verdict) if verdict else None))
    # A verdict that cannot be confirmed counts for nothing, here as in what stands now.
    for site in fleet.sites:
        if site.failed_at is not None:
            steps[site.ref.id].append(VerdictStep(site.failed_at, None))
    return steps


def _project(weeks: Sequence[Gap], now: datetime, measure: CapacityMeasure) -> tuple[Projection, Pace]:
    ages = [(gap.at - now) / timedelta(weeks=1) for gap in weeks]
    last_deployed, last_ready = measure.of(weeks[-1].deployed), measure.of(weeks[-1].ready)
    deployed = fit(ages, [measure.of(gap.deployed) for gap in weeks])
    ready = fit(ages, [measure.of(gap.ready) for gap in weeks])
    ahead = range(PROJECTED_WEEKS + 1)
    method = (
        f"Straight line through the last {len(weeks) - 1} weeks; the band is two standard deviations of the distance"
        " to it."
    )
    projection = Projection(
        method=method,
        instants=tuple(now + timedelta(weeks=week) for week in ahead),
        deployed=_through(deployed, last_deployed),
        ready=_through(ready, last_ready),
        deployed_band=_band_around(deployed, last_deployed),
        ready_band=_band_around(ready, last_ready),
    )
    weeks_a_month = DAYS_A_MONTH / 7
    return projection, Pace(deployed.slope * weeks_a_month, ready.slope * weeks_a_month, len(weeks) - 1)


def _through(line: TrendLine, last: float) -> tuple[float, ...]:
    return tuple(max(last + line.slope * week, 0.0) for week in range(PROJECTED_WEEKS + 1))


def _band_around(line: TrendLine, last: float) -> tuple[tuple[float, float], ...]:
    wide = 2 * line.spread
    return tuple((max(value - wide, 0.0), value + wide) for value in _through(line, last))
