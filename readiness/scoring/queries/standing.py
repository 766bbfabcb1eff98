"""The sites as they stand at an instant: what everything over the fleet begins with, read once for all of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from inventory import queries as inventory
from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.scoring.core.gap import (
    Capacity,
    CapacityChange,
    Gap,
    SiteCapacity,
    SiteHistory,
    StageStep,
    deployed_at,
    gap_of,
)
from readiness.scoring.core.states import Stage, Verdict
from readiness.scoring.models import SiteScore

EVER = datetime.min.replace(tzinfo=UTC)

# A thousand sites are read to say a few things about each: their scores' JSON would take longer than all the rest.
READ_OF_ALL = (
    *("slug", "name", "city", "country", "kind", "stage", "owner", "latitude", "longitude"),
    "region_id",
    *("score__verdict", "score__first_blocker", "score__evaluated_at", "score__verdict_since"),
)

type Changes = Mapping[int, Sequence[CapacityChange]]


@dataclass(frozen=True, slots=True)
class Standing:
    """`sites` with their regions and scores (of all sites, the columns READ_OF_ALL alone); `changes` and
    `capacity` (at `at`) by site id. `of_all`: there are no other sites."""

    at: datetime
    sites: tuple[Site, ...]
    changes: Changes
    capacity: dict[int, SiteCapacity]
    framework: Framework
    of_all: bool = False

    @property
    def site_ids(self) -> list[int] | None:
        """None of all sites: naming a thousand would take longer than reading what they have."""
        return None if self.of_all else [site.pk for site in self.sites]

    def among(self, site: str) -> Q:
        """A condition for rows of these sites alone."""
        ids = self.site_ids
        return Q() if ids is None else Q(**{f"{site}__in": ids})

    @property
    def gap(self) -> Gap:
        return gap_of(self.capacity.values(), at=self.at)

    @property
    def verdicts(self) -> dict[str, int]:
        """Sites by verdict, "none" for those without."""
        return dict(Counter(one.verdict or "none" for one in self.capacity.values()))


def standing(*, now: datetime, site_ids: Collection[int] | None = None) -> Standing:
    """Of all sites, or of these. Four statements, whatever the number of sites."""
    sites = brief_sites()
    if site_ids is not None:
        sites = sites.filter(pk__in=site_ids)
    return standing_of(sites, now=now, of_all=site_ids is None)


def brief_sites(*more: str) -> QuerySet[Site]:
    """Sites with regions and scores, of their columns READ_OF_ALL and `more` alone."""
    # Regions apart: joined in, each site would have a copy of its own.
    return Site.objects.select_related("score").prefetch_related("region").only(*READ_OF_ALL, *more)


def standing_of(sites: Iterable[Site], *, now: datetime, of_all: bool = False) -> Standing:
    """Of sites at hand, `of_all` where these are all there are.

    They cost a statement each where their region or score was not read with them.
    """
    there = tuple(sites)
    changes = capacity_changes(None if of_all else [site.pk for site in there])
    _, framework = framework_queries.current()
    capacity = {site.pk: _present(site, changes[site.pk], score_of(site), now) for site in there}
    return Standing(now, there, changes, capacity, framework, of_all)


def score_of(site: Site) -> SiteScore | None:
    """None for a site that was never evaluated."""
    return getattr(site, "score", None)


def present_capacity(sites: Sequence[Site], *, now: datetime) -> dict[int, SiteCapacity]:
    """By site id: what is deployed and the stored verdict. Two statements, whatever the number of sites."""
    changes = capacity_changes([site.pk for site in sites])
    stored = SiteScore.objects.filter(site__in=sites).only("site_id", "verdict", "first_blocker")
    scores = {score.site_id: score for score in stored}
    return {site.pk: _present(site, changes[site.pk], scores.get(site.pk), now) for site in sites}


def _present(
    site: Site, changes: Sequence[CapacityChange], score: SiteScore | None, now: datetime
) -> SiteCapacity:
    history = SiteHistory(site.slug, changes, [StageStep(EVER, Stage(site.stage))])
    return SiteCapacity(
        site=site.slug,
        deployed=deployed_at(history, now),
        verdict=Verdict(score.verdict) if score and score.verdict else None,
        first_blocker=score.first_blocker if score else "",
    )


def capacity_changes(site_ids: Collection[int] | None) -> Changes:
    """Each site's dated capacity (None: every site's), oldest first; a site without any has none. One statement."""
    changes: dict[int, list[CapacityChange]] = defaultdict(list)
    for step in inventory.capacity_events(site_ids):
        changes[step.site_id].append(
            CapacityChange(step.at, Capacity(step.change.it_kw, step.change.accelerators))
        )
    return changes
