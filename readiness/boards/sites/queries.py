"""The site table: a queryset to filter and sort, and the rows of one page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Case, F, FloatField, IntegerField, QuerySet, When
from django.db.models.functions import Coalesce

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, SiteCapacity
from readiness.assessment.scoring.core.states import HealthAt, Verdict, health_at
from readiness.assessment.scoring.models import DomainHealth, SiteScore
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.assessment.scoring.queries.rows import HealthMark, PillarFigure, SiteRef, ref_of
from readiness.assessment.scoring.queries.standing import annotate_owner, event_kw, present_capacity, score_of
from readiness.boards.health.queries import DOMAINS
from web import watch

WEEKS = 24


def table(*, now: datetime) -> QuerySet[Site]:
    """Sites with region and score, and columns to sort and filter by.

    `deployed_kw` and `ready_kw` count a capacity event from the end of its day in the site's time zone, as the rows do.
    """
    kw = Coalesce(event_kw(at=now), 0.0)
    counting = [Site.Stage.COMMISSIONING, Site.Stage.PRODUCTION]
    deployed = Case(When(stage__in=counting, then=kw), default=0.0, output_field=FloatField())
    return (
        annotate_owner(Site.objects.select_related("region", "score"), now=now)
        .annotate(deployed_kw=deployed)
        .annotate(
            ready_kw=Case(
                When(score__verdict=Verdict.READY, score__failed_at=None, then=F("deployed_kw")),
                default=0.0,
                output_field=FloatField(),
            ),
            verdict_order=Case(
                When(score__failed_at__isnull=False, then=3),
                When(score__verdict=Verdict.NOT_READY, then=0),
                When(score__verdict=Verdict.CONDITIONAL, then=1),
                When(score__verdict=Verdict.READY, then=2),
                default=3,
                output_field=IntegerField(),
            ),
            newest_sample_at=F("score__newest_sample_at"),
        )
    )


@dataclass(frozen=True, slots=True)
class SiteRow:
    """`stored` is empty for a site that was never evaluated. `ready` is all of `deployed` or zero.

    `weeks` holds the score at the end of each of the last 24 weeks, oldest first; None without a score.
    """

    site: SiteRef
    stored: SiteScore
    deployed: CapacityFigures
    ready: CapacityFigures
    pillars: tuple[PillarFigure, ...]
    health: tuple[HealthMark, ...]
    weeks: tuple[float | None, ...]
    first_blocker_name: str
    data_age_s: float | None

    @property
    def verdict(self) -> str:
        return self.stored.confirmed_verdict

    @property
    def weakest(self) -> PillarFigure | None:
        scored = (pillar for pillar in self.pillars if pillar.score is not None)
        return min(scored, key=lambda each: (each.score or 0.0, each.upper or 0.0, each.id), default=None)


def rows(
    sites: Iterable[Site],
    *,
    now: datetime,
    framework: Framework | None = None,
    capacity: Mapping[int, SiteCapacity] | None = None,
) -> list[SiteRow]:
    """The rows of these sites, in their order; five statements for any number of sites.

    Sites from `table()` bring their region and score. `capacity` holds the capacity by site if it is already known.
    """
    listed_sites = list(sites)
    framework = framework or framework_queries.current()[1]
    # A site added in the meantime is missing in the known capacities.
    if capacity is None or not all(site.pk in capacity for site in listed_sites):
        capacity = present_capacity(listed_sites, now=now)
    health = _health(listed_sites, now=now)
    weeks = _weeks(listed_sites, now=now)
    return [
        site_row(site, framework, capacity[site.pk], now, health=health[site.pk], weeks=weeks[site.pk])
        for site in listed_sites
    ]


def site_row(
    site: Site,
    framework: Framework,
    capacity: SiteCapacity,
    now: datetime,
    *,
    health: tuple[HealthMark, ...],
    weeks: tuple[float | None, ...],
) -> SiteRow:
    stored = score_of(site) or SiteScore()
    newest_at, blocker = stored.newest_sample_at, stored.first_blocker
    return SiteRow(
        site=ref_of(site),
        stored=stored,
        deployed=capacity.deployed,
        ready=capacity.deployed if capacity.verdict is Verdict.READY else NOTHING,
        pillars=pillar_figures(framework, stored.pillars),
        health=health,
        weeks=weeks,
        first_blocker_name=check_name(framework, blocker) if blocker else "",
        data_age_s=max((now - newest_at).total_seconds(), 0.0) if newest_at else None,
    )


def pillar_figures(framework: Framework, stored: Mapping[str, Any]) -> tuple[PillarFigure, ...]:
    nothing = dict.fromkeys(("score", "upper", "waived", "coverage")) | {
        "state": "unknown",
        "waived_checks": 0,
    }
    figures = []
    for pillar in framework.pillars:
        values = {name: stored.get(pillar.id, {}).get(name, usual) for name, usual in nothing.items()}
        figures.append(PillarFigure(pillar.id, pillar.name, pillar.short_name, **values))
    return tuple(figures)


def _health(sites: Sequence[Site], *, now: datetime) -> dict[int, tuple[HealthMark, ...]]:
    marks: dict[int, list[HealthMark]] = defaultdict(list)
    judged_at = watch.instant_reached(now)
    read = DomainHealth.objects.filter(site__in=sites).values_list(
        *("site_id", "domain", "clock", "blind_at", "health", "since", "last_health", "heard_at"),
        "is_last_known",
    )
    for site_id, domain, clock, blind_at, health, since, last_health, heard_at, is_last_known in read:
        evaluated = HealthAt(health, since, last_health, heard_at, {}, {}, is_last_known)
        at_now = health_at(evaluated, blind_at, judged_at)
        marks[site_id].append(
            HealthMark(
                *(domain, at_now.health, clock, at_now.since, at_now.last_health, at_now.heard_at),
                at_now.is_last_known,
            )
        )
    return {
        site.pk: tuple(sorted(marks[site.pk], key=lambda mark: DOMAINS.index(mark.domain))) for site in sites
    }


# One index look-up for each week is five times faster than reading all days of half a year.
_LAST_OF_WEEKS = """
SELECT site.id, week.back, point.score
FROM unnest(%(sites)s::bigint[]) AS site (id), generate_series(0, %(weeks)s - 1) AS week (back),
    LATERAL (
        SELECT score FROM scoring_scorepoint
        WHERE site_id = site.id
            AND on_date > %(today)s - 7 * (week.back + 1) AND on_date <= %(today)s - 7 * week.back
        ORDER BY on_date DESC LIMIT 1
    ) AS point
"""


def _weeks(sites: Sequence[Site], *, now: datetime) -> dict[int, tuple[float | None, ...]]:
    parameters: dict[str, Any] = {
        "sites": [site.pk for site in sites],
        "weeks": WEEKS,
        "today": now.astimezone(UTC).date(),
    }
    scores: dict[int, dict[int, float | None]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_LAST_OF_WEEKS, parameters)
        for site_id, back, score in cursor:
            scores[site_id][back] = score
    return {site.pk: tuple(scores[site.pk].get(back) for back in reversed(range(WEEKS))) for site in sites}
