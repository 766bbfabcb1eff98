"""The gap over time of the selected sites, as a whole and by group."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import QuerySet

from inventory.models import Region, Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.closing import ClosingTarget
from readiness.assessment.scoring.core.gap import (
    NOTHING,
    CapacityFigures,
    CapacityMeasure,
    Gap,
    SiteCapacity,
    SiteHistory,
    add_blockers,
    gap_of,
    gap_over_time,
    gaps_by_group,
    largest_groups,
    spans_of,
    total_of,
)
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.models import ScorePoint
from readiness.assessment.scoring.queries.capacity import (
    FITTED_WEEKS,
    CapacityHistory,
    check_name,
    evenly,
    histories_of,
    outlook,
    weekly,
)
from readiness.assessment.scoring.queries.results import NEAR
from readiness.assessment.scoring.queries.standing import FleetStanding, SiteStanding, standing_of
from readiness.organisation.people.core.growth import (
    GROWTH_SPAN,
    CapabilityGap,
    QualifiedGrowth,
    capability_gap,
    growth_of,
)
from readiness.organisation.people.fleet import fleet_people
from web.units import how_many

FIRST_BLOCKER, PILLAR, REGION, KIND, SITE = "first-blocker", "pillar", "region", "kind", "site"
POINTS, GROUPS, CHECKS = 120, 6, 10


@dataclass(frozen=True, slots=True)
class Question:
    """An empty `by` means no groups; empty `regions`, `kinds` and `profiles` mean all. `checks` is the number of
    resolved checks."""

    measure: CapacityMeasure = CapacityMeasure.POWER
    by: str = ""
    target: ClosingTarget = ClosingTarget.CONDITIONAL
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    points: int = POINTS
    groups: int = GROUPS
    checks: int = CHECKS

    @property
    def is_of_all_sites(self) -> bool:
        return not (self.regions or self.kinds or self.profiles)

    @property
    def groups_by_blocker(self) -> bool:
        return self.by in (FIRST_BLOCKER, PILLAR)


CONDITIONAL, READY, UNEVALUATED, UNRECORDED, OTHERS = (
    *("conditional", "ready", "not-evaluated", "not-recorded"),
    "others",
)
"""Groups of sites without a blocker; their ids differ from check ids."""
READ_AT_ONCE = 60_000
"""Rows of daily scores; for larger fleets only the drawn days are read."""


@dataclass(frozen=True, slots=True)
class Group:
    """`gaps` at the same instants as the whole. `key` is a slug, a kind, a pillar, a check, or one of the ids above."""

    key: str
    label: str
    gaps: tuple[Gap, ...]

    @property
    def now(self) -> Gap:
        return self.gaps[-1]


def regions() -> dict[str, str]:
    return dict(Region.objects.order_by("name").values_list("slug", "name"))


def sites_of(question: Question) -> QuerySet[Site]:
    sites = Site.objects.all()
    if question.regions:
        sites = sites.filter(region__slug__in=question.regions)
    if question.kinds:
        sites = sites.filter(kind__in=question.kinds)
    if question.profiles:
        sites = sites.filter(profiles__overlap=list(question.profiles))
    return sites


def fleet_of(question: Question, *, now: datetime) -> FleetStanding:
    return standing_of(sites_of(question), now=now, of_all=question.is_of_all_sites)


@dataclass(frozen=True, slots=True)
class WithPast:
    """The present standing of the selected sites, and their histories in the same order."""

    fleet: FleetStanding
    histories: Sequence[SiteHistory]

    def outlook(self, measure: CapacityMeasure) -> CapacityHistory:
        now = self.fleet.at
        return outlook(weekly(self.histories, now=now, weeks=FITTED_WEEKS), now=now, measure=measure)


def fleet_with_past(question: Question, *, now: datetime) -> WithPast:
    fleet = fleet_of(question, now=now)
    return WithPast(fleet, histories_of(fleet))


def gap_history(question: Question, sites: WithPast, *, start: datetime, end: datetime) -> CapacityHistory:
    instants = _instants(question, sites, start, end)
    gaps = gap_over_time(sites.histories, instants) if instants else ()
    return replace(sites.outlook(question.measure), gaps=gaps)


def groups_over_time(
    question: Question, sites: WithPast, *, start: datetime, end: datetime
) -> tuple[Group, ...]:
    """The groups at the same instants, sorted by their last value. One statement for blockers, else none. They add up
    to the whole: all but the largest are combined into one group of others."""
    instants = _instants(question, sites, start, end)
    if not question.by or not instants:
        return ()
    return _groups(question, sites, instants)


def _instants(question: Question, sites: WithPast, start: datetime, end: datetime) -> list[datetime]:
    until = min(end, sites.fleet.at)
    return evenly(start, until, question.points) if until > start else []


def _groups(question: Question, sites: WithPast, instants: Sequence[datetime]) -> tuple[Group, ...]:
    fleet, histories = sites.fleet, sites.histories
    if question.groups_by_blocker:
        histories = _blocked(fleet, histories, instants)
        group_of, labels = _blocker_of(question.by), _blocker_labels(fleet.framework)
    else:
        key_of, labels = _fixed(question.by, fleet.sites)
        group_of = lambda site: key_of[site.site]  # noqa: E731
    spans = spans_of(histories, instants)
    largest, others = largest_groups(spans, group_of=group_of, measure=question.measure, most=question.groups)
    grouped = gaps_by_group(
        spans, instants, group_of=lambda site: key if (key := group_of(site)) in largest else OTHERS
    )
    labels[OTHERS] = how_many(others, "other", "others")
    groups = [Group(key, labels.get(key, key), gaps) for key, gaps in grouped.items()]
    of = question.measure.of
    return tuple(
        sorted(
            groups,
            key=lambda group: (group.key == OTHERS, -of(group.now.gap), -of(group.now.deployed), group.key),
        )
    )


def _blocker_of(by: str) -> Callable[[SiteCapacity], str]:
    return _blocker if by == FIRST_BLOCKER else _pillar


def _fixed(by: str, sites: Sequence[SiteStanding]) -> tuple[dict[str, str], dict[str, str]]:
    if by == REGION:
        return {site.ref.slug: site.region for site in sites}, {
            site.region: site.ref.region for site in sites
        }
    if by == KIND:
        return {site.ref.slug: site.ref.kind for site in sites}, {
            value: str(label) for value, label in Site.Kind.choices
        }
    refs = [site.ref for site in sites]
    return {ref.slug: ref.slug for ref in refs}, {ref.slug: ref.name for ref in refs}


def _blocker(site: SiteCapacity) -> str:
    if site.verdict is Verdict.NOT_READY:
        return site.first_blocker or UNRECORDED
    return site.verdict or UNEVALUATED


def _pillar(site: SiteCapacity) -> str:
    blocker = _blocker(site)
    return site.first_blocker.partition("-")[0] if blocker == site.first_blocker else blocker


def _blocker_labels(framework: Framework) -> dict[str, str]:
    special = {
        CONDITIONAL: "Conditional",
        READY: "Ready",
        UNEVALUATED: "Not evaluated yet",
        UNRECORDED: "Blocker not recorded",
    }
    pillars = {pillar.id: pillar.short_name for pillar in framework.pillars}
    return special | pillars | {check.id: check_name(framework, check.id) for check in framework.checks}


def _blocked(
    fleet: FleetStanding, histories: Sequence[SiteHistory], instants: Sequence[datetime]
) -> list[SiteHistory]:
    recorded = _recorded(fleet, _days(instants, sites=len(fleet.sites)))
    return [
        replace(history, verdicts=add_blockers(history.verdicts, recorded.get(site.ref.id, ())))
        for site, history in zip(fleet.sites, histories, strict=True)
    ]


def _days(instants: Sequence[datetime], *, sites: int) -> list[date]:
    """Every day of the range if that is a bounded number of rows, else the days of the instants. It includes the two
    weeks before, because the first instant may be on a day without an evaluation."""
    first, last = instants[0].date(), instants[-1].date()
    before = [first - timedelta(days=ago) for ago in range(NEAR.days, 0, -1)]
    every = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    return before + (every if len(every) * sites <= READ_AT_ONCE else sorted({at.date() for at in instants}))


def _recorded(fleet: FleetStanding, days: Sequence[date]) -> Mapping[int, list[tuple[date, str]]]:
    rows = (
        ScorePoint.objects.filter(fleet.among("site"), on_date__in=days)
        .exclude(first_blocker="")
        .order_by("on_date", "first_blocker")
        .values_list("on_date", "first_blocker")
        .annotate(blocked_ids=ArrayAgg("site_id"))
    )
    recorded: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for day, blocker, blocked_ids in rows:
        for site_id in blocked_ids:
            entries = recorded[site_id]
            # A day with the same blocker as the day before adds nothing.
            if not entries or entries[-1][1] != blocker:
                entries.append((day, blocker))
    return recorded


@dataclass(frozen=True, slots=True)
class PresentGroup:
    """A group as it is now; `sites` are the slugs of those with capacity."""

    key: str
    label: str
    gap: Gap
    sites: tuple[str, ...]


def present_groups(question: Question, fleet: FleetStanding) -> tuple[PresentGroup, ...]:
    if question.groups_by_blocker:
        key_of, labels = None, _blocker_labels(fleet.framework)
    else:
        key_of, labels = _fixed(question.by, fleet.sites)
    group_of = _blocker_of(question.by)
    members: dict[str, list[SiteCapacity]] = defaultdict(list)
    for site in fleet.capacity.values():
        if site.deployed != NOTHING:
            members[key_of[site.site] if key_of else group_of(site)].append(site)
    groups = [
        PresentGroup(key, labels.get(key, key), gap_of(each, at=fleet.at), tuple(site.site for site in each))
        for key, each in members.items()
    ]
    measure = question.measure
    # No check blocks conditional capacity, so it comes after blocked capacity.
    groups.sort(key=lambda group: (group.key == CONDITIONAL, -measure.of(group.gap.gap), group.label))
    return tuple(group for group in groups if measure.of(group.gap.gap))


def capability(fleet: FleetStanding) -> CapabilityGap | None:
    """The staff growth gap of these sites together; None without records of their people."""
    people, now = fleet_people(now=fleet.at), fleet.at
    together = {site.ref.id: 0 for site in fleet.sites}
    if people.qualified.recorded.isdisjoint(together):
        return None
    [[then, present]] = people.qualified.counts(together, (now - GROWTH_SPAN, now), now=now).tolist()
    return capability_of(fleet, together, qualified_then=then, qualified_now=present)


def capability_of(
    fleet: FleetStanding, site_ids: Collection[int], *, qualified_then: int, qualified_now: int
) -> CapabilityGap:
    """Compare the growth of people over 180 days with that of these sites' capacity."""
    then = deployed_before(fleet, fleet.at - GROWTH_SPAN, site_ids)
    deployed = total_of(fleet.capacity[site_id].deployed for site_id in site_ids)
    return capability_gap(
        QualifiedGrowth(
            qualified_then=qualified_then,
            qualified_now=qualified_now,
            accelerators_then=then.accelerators,
            accelerators_now=deployed.accelerators,
            kw_then=then.it_kw,
            kw_now=deployed.it_kw,
        )
    )


def accelerator_growth(fleet: FleetStanding) -> float | None:
    """Return the growth as a share; None from zero."""
    then = deployed_before(fleet, fleet.at - GROWTH_SPAN, fleet.capacity)
    return growth_of(then.accelerators, fleet.gap.deployed.accelerators)


def deployed_before(fleet: FleetStanding, at: datetime, site_ids: Iterable[int]) -> CapacityFigures:
    """Sum the capacity that these sites had at an earlier instant; sites without capacity now are ignored."""
    return total_of(
        step.change
        for site_id in site_ids
        if fleet.capacity[site_id].deployed != NOTHING
        for step in fleet.changes[site_id]
        if step.at <= at
    )


@dataclass(frozen=True, slots=True)
class Present:
    fleet: FleetStanding
    outlook: CapacityHistory
    capability: CapabilityGap | None


def present(question: Question, sites: WithPast) -> Present:
    return Present(sites.fleet, sites.outlook(question.measure), capability(sites.fleet))
