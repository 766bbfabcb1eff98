"""The gap over time of the sites that are asked about, whole and by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext

from inventory.models import Region, Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.scoring.core.gap import (
    NOTHING,
    CapabilityGap,
    Gap,
    SiteCapacity,
    SiteHistory,
    capability_gap,
    gap_at,
    gap_of,
    gap_over_time,
    gaps_by_group,
    largest_groups,
    with_blockers,
)
from readiness.scoring.core.states import Verdict
from readiness.scoring.gap.question import FIRST_BLOCKER, KIND, REGION, Question
from readiness.scoring.models import ScorePoint
from readiness.scoring.queries.capacity import (
    FITTED_WEEKS,
    CapacityHistory,
    check_name,
    evenly,
    histories_of,
    outlook,
    weekly,
)
from readiness.scoring.queries.score_points import NEAR
from readiness.scoring.queries.standing import Standing, capacity_changes, standing_of

CONDITIONAL, READY, UNEVALUATED, UNRECORDED, OTHERS = (
    *("conditional", "ready", "not-evaluated", "not-recorded"),
    "others",
)
"""Groups of sites that no blocker names; check ids look otherwise."""
CAPABILITY_SPAN = timedelta(days=180)
READ_AT_ONCE = 60_000
"""Rows of daily scores; of larger fleets only the days that are drawn are read."""


@dataclass(frozen=True, slots=True)
class Group:
    """`gaps` at the same instants as the whole. `key` is a slug, a kind, a pillar, a check, or one of those above."""

    key: str
    label: str
    gaps: tuple[Gap, ...]

    @property
    def now(self) -> Gap:
        return self.gaps[-1]


def regions() -> dict[str, str]:
    """Names by slug; one statement."""
    return dict(Region.objects.order_by("name").values_list("slug", "name"))


def sites_of(question: Question) -> QuerySet[Site]:
    """The sites that are asked about, with region and score joined in."""
    # What of a score is wide, nobody asks for here.
    wide = ("score__pillars", "score__counts", "score__verdict_reason")
    sites = Site.objects.select_related("region", "score").defer(*wide).order_by("name", "pk")
    if question.regions:
        sites = sites.filter(region__slug__in=question.regions)
    if question.kinds:
        sites = sites.filter(kind__in=question.kinds)
    if question.profiles:
        sites = sites.filter(profiles__overlap=list(question.profiles))
    return sites


def over_time(question: Question, *, start: datetime, end: datetime, now: datetime) -> CapacityHistory:
    """The whole from `start` to `end` (no later than `now`), and its projection; four statements."""
    _sites, known = _histories(question)
    ahead = outlook(weekly(known, now=now, weeks=FITTED_WEEKS), now=now, measure=question.measure)
    instants = _instants(question, start, end, now)
    return replace(ahead, gaps=gap_over_time(known, instants) if instants else ())


def groups_over_time(
    question: Question, *, start: datetime, end: datetime, now: datetime
) -> tuple[Group, ...]:
    """The groups at the same instants, in order of what they hold at the last; six statements at most.

    They add up to the whole: what is not among the largest of the range is one group of others.
    """
    instants = _instants(question, start, end, now)
    if not question.by or not instants:
        return ()
    sites, known = _histories(question)
    return _groups(question, sites, known, instants)


def _histories(question: Question) -> tuple[list[Site], list[SiteHistory]]:
    columns = ("slug", "name", "kind", "stage", "region__slug", "region__name")
    sites = list(sites_of(question).select_related(None).select_related("region").defer(None).only(*columns))
    return sites, histories_of(sites, capacity_changes(sites))


def _instants(question: Question, start: datetime, end: datetime, now: datetime) -> list[datetime]:
    until = min(end, now)
    return evenly(start, until, question.points) if until > start else []


def _groups(
    question: Question, sites: Sequence[Site], known: Sequence[SiteHistory], instants: Sequence[datetime]
) -> tuple[Group, ...]:
    """The groups that held most over the range, and all others as one."""
    if question.by_blocker:
        _version, framework = framework_queries.current()
        known = _blocked(sites, known, instants)
        group_of, labels = _blocker_of(question.by), _blocker_labels(framework)
    else:
        key_of, labels = _fixed(question.by, sites)
        group_of = lambda site: key_of[site.site]  # noqa: E731
    shown, others = largest_groups(
        known, instants, group_of=group_of, measure=question.measure, most=question.groups
    )
    grouped = gaps_by_group(
        known, instants, group_of=lambda site: key if (key := group_of(site)) in shown else OTHERS
    )
    labels[OTHERS] = ngettext("%(n)s other", "%(n)s others", others) % {"n": others}
    found = [Group(key, labels.get(key, key), gaps) for key, gaps in grouped.items()]
    of = question.measure.of
    return tuple(
        sorted(found, key=lambda one: (one.key == OTHERS, -of(one.now.gap), -of(one.now.deployed), one.key))
    )


def _blocker_of(by: str) -> Callable[[SiteCapacity], str]:
    return _blocker if by == FIRST_BLOCKER else _pillar


def _fixed(by: str, sites: Sequence[Site]) -> tuple[dict[str, str], dict[str, str]]:
    """The group of each site, by slug, and the words of each group."""
    if by == REGION:
        return {site.slug: site.region.slug for site in sites}, {
            site.region.slug: site.region.name for site in sites
        }
    if by == KIND:
        return {site.slug: site.kind for site in sites}, {
            value: str(label) for value, label in Site.Kind.choices
        }
    return {site.slug: site.slug for site in sites}, {site.slug: site.name for site in sites}


def _blocker(site: SiteCapacity) -> str:
    if site.verdict is Verdict.NOT_READY:
        return site.first_blocker or UNRECORDED
    return site.verdict or UNEVALUATED


def _pillar(site: SiteCapacity) -> str:
    blocker = _blocker(site)
    return site.first_blocker.partition("-")[0] if blocker == site.first_blocker else blocker


def _blocker_labels(framework: Framework) -> dict[str, str]:
    special = {
        CONDITIONAL: gettext("Conditional"),
        READY: gettext("Ready"),
        UNEVALUATED: gettext("Not evaluated yet"),
        UNRECORDED: gettext("Blocker not recorded"),
    }
    pillars = {pillar.id: pillar.short_name for pillar in framework.pillars}
    return special | pillars | {check.id: check_name(framework, check.id) for check in framework.checks}


def _blocked(
    sites: Sequence[Site], known: Sequence[SiteHistory], instants: Sequence[datetime]
) -> list[SiteHistory]:
    """The histories with each day's first blocker, and the present one; one statement."""
    days = _days(instants, sites=len(sites))
    recorded = _recorded([site.pk for site in sites], days)
    return [
        replace(history, verdicts=with_blockers(history.verdicts, recorded.get(site.pk, ())))
        for site, history in zip(sites, known, strict=True)
    ]


def _days(instants: Sequence[datetime], *, sites: int) -> list[date]:
    """Every day of the range where that is a bounded number of rows, else the instants' own.

    With the two weeks before: the first instant may lie on a day without an evaluation.
    """
    first, last = instants[0].date(), instants[-1].date()
    before = [first - timedelta(days=ago) for ago in range(NEAR.days, 0, -1)]
    every = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    return before + (every if len(every) * sites <= READ_AT_ONCE else sorted({at.date() for at in instants}))


def _recorded(site_ids: Sequence[int], days: Sequence[date]) -> Mapping[int, list[tuple[date, str]]]:
    """First blockers of sites by day, oldest first. A row for each day and blocker, for there are a thousand sites."""
    found = (
        ScorePoint.objects.filter(on_date__in=days, site__in=site_ids)
        .exclude(first_blocker="")
        .order_by("on_date", "first_blocker")
        .values_list("on_date", "first_blocker")
        .annotate(held=ArrayAgg("site_id"))
    )
    recorded: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for day, blocker, held in found:
        for site_id in held:
            known = recorded[site_id]
            # A day that says what the one before said tells nothing new.
            if not known or known[-1][1] != blocker:
                known.append((day, blocker))
    return recorded


@dataclass(frozen=True, slots=True)
class PresentGroup:
    """A group as it stands; `sites` are the slugs of those with capacity."""

    key: str
    label: str
    gap: Gap
    sites: tuple[str, ...]


def present_groups(question: Question, known: Standing) -> tuple[PresentGroup, ...]:
    """What each group holds now, the most first; groups without a gap are left out. No statement."""
    if question.by_blocker:
        key_of, labels = None, _blocker_labels(known.framework)
    else:
        key_of, labels = _fixed(question.by, known.sites)
    group_of = _blocker_of(question.by)
    members: dict[str, list[SiteCapacity]] = defaultdict(list)
    for site in known.capacity.values():
        if site.deployed != NOTHING:
            members[key_of[site.site] if key_of else group_of(site)].append(site)
    found = [
        PresentGroup(key, labels.get(key, key), gap_of(each, at=known.at), tuple(one.site for one in each))
        for key, each in members.items()
    ]
    measure = question.measure
    # No check blocks what is conditional: it comes after those that are.
    found.sort(key=lambda one: (one.key == CONDITIONAL, -measure.of(one.gap.gap), one.label))
    return tuple(one for one in found if measure.of(one.gap.gap))


@dataclass(frozen=True, slots=True)
class Present:
    """The sites as they stand, the pace and projection of the weeks before, and growth of accelerators in 180 days."""

    known: Standing
    outlook: CapacityHistory
    capability: CapabilityGap
    growth: float | None


def present(question: Question, *, now: datetime) -> Present:
    """Five statements, whatever the number of sites."""
    known = standing_of(sites_of(question), now=now)
    histories = histories_of(known.sites, known.changes)
    then = gap_at(histories, now - CAPABILITY_SPAN).deployed.accelerators
    counts = known.gap.deployed.accelerators
    return Present(
        known=known,
        outlook=outlook(weekly(histories, now=now, weeks=FITTED_WEEKS), now=now, measure=question.measure),
        # No room keeps figures of people: there is no base to compare with.
        capability=capability_gap(
            accelerators_then=then, accelerators_now=counts, qualified_then=0, qualified_now=0
        ),
        growth=counts / then - 1 if then else None,
    )
