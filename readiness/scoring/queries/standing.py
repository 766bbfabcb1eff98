"""The sites as they stand at an instant: what everything over the fleet begins with, read once for all of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
    *("region__name", "region__slug"),
    *("score__verdict", "score__first_blocker", "score__evaluated_at"),
)

type Changes = Mapping[int, Sequence[CapacityChange]]


@dataclass(frozen=True, slots=True)
class Standing:
    """`sites` with region and score joined in (of all sites, the columns READ_OF_ALL alone); `changes` and
    `capacity` (at `at`) by site id."""

    at: datetime
    sites: tuple[Site, ...]
    changes: Changes
    capacity: dict[int, SiteCapacity]
    framework: Framework

    @property
    def gap(self) -> Gap:
        return gap_of(self.capacity.values(), at=self.at)

    @property
    def verdicts(self) -> dict[str, int]:
        """Sites by verdict, "none" for those without."""
        return dict(Counter(one.verdict or "none" for one in self.capacity.values()))


def standing(*, now: datetime, site_ids: Collection[int] | None = None) -> Standing:
    """Of all sites, or of these. Three statements, whatever the number of sites."""
    sites = Site.objects.select_related("region", "score").only(*READ_OF_ALL)
    return standing_of(sites if site_ids is None else sites.filter(pk__in=site_ids), now=now)


def standing_of(sites: Iterable[Site], *, now: datetime) -> Standing:
    """Of sites at hand. They cost a statement each where their region or score is not joined in."""
    there = tuple(sites)
    changes = capacity_changes(there)
    _, framework = framework_queries.current()
    capacity = {site.pk: _present(site, changes[site.pk], score_of(site), now) for site in there}
    return Standing(now, there, changes, capacity, framework)


def score_of(site: Site) -> SiteScore | None:
    """None for a site that was never evaluated."""
    return getattr(site, "score", None)


def present_capacity(sites: Sequence[Site], *, now: datetime) -> dict[int, SiteCapacity]:
    """By site id: what is deployed and the stored verdict. Two statements, whatever the number of sites."""
    changes = capacity_changes(sites)
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


def capacity_changes(sites: Iterable[Site]) -> Changes:
    """Each site's dated capacity, oldest first; a site without any has none. One statement."""
    changes: dict[int, list[CapacityChange]] = defaultdict(list)
    for step in inventory.capacity_events([site.pk for site in sites]):
        changes[step.site_id].append(
            CapacityChange(step.at, Capacity(step.change.it_kw, step.change.accelerators))
        )
    return changes
