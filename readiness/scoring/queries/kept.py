"""Scores of past days, and the inputs that were kept beside them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from inventory.models import Site
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.scoring.core.coalitions import Snapshot
from readiness.scoring.core.evaluate import SiteInputs
from readiness.scoring.core.kept import decode
from readiness.scoring.models import ScoreInputs, ScorePoint

NEAR = timedelta(days=14)
"""A day without a point borrows from the two weeks before it; older ones would be another time."""


def pillars_on(site: Site, *, at: datetime) -> dict[str, float | None] | None:
    points = ScorePoint.objects.filter(site=site, on_date__lte=at.date(), on_date__gt=(at - NEAR).date())
    point = points.order_by("-on_date").first()
    if point is None:
        return None
    return {pillar: stored.get("score") for pillar, stored in point.pillars.items()}


@dataclass(frozen=True, slots=True)
class Kept:
    site_id: int
    on_date: date
    evaluated_at: datetime
    version_id: int
    framework: Framework
    inputs: SiteInputs

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self.framework, self.inputs, self.evaluated_at)


def kept_on(site_ids: Collection[int] | None, day: date) -> dict[int, Kept]:
    """The newest inputs of the two weeks up to `day`, by site id; None is every site, and those without are left out.

    One statement, and one for each version of the framework that was not read yet.
    """
    rows = ScoreInputs.objects.filter(on_date__lte=day, on_date__gt=day - NEAR)
    if site_ids is not None:
        rows = rows.filter(site_id__in=site_ids)
    newest = rows.order_by("site_id", "-on_date").distinct("site_id").select_related("framework_version")
    return {row.site_id: _kept(row) for row in newest.defer("framework_version__definition")}


def _kept(row: ScoreInputs) -> Kept:
    return Kept(
        site_id=row.site_id,
        on_date=row.on_date,
        evaluated_at=row.evaluated_at,
        version_id=row.framework_version_id,
        framework=framework_queries.definition_of(row.framework_version),
        inputs=decode(bytes(row.content)),
    )
