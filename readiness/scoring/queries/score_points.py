"""Scores of a past day."""

from __future__ import annotations

from datetime import datetime, timedelta

from inventory.models import Site
from readiness.scoring.models import ScorePoint

NEAR = timedelta(days=14)
"""A day without a point borrows from the two weeks before it; older ones would be another time."""


def pillars_on(site: Site, *, at: datetime) -> dict[str, float | None] | None:
    """Each pillar's score (0 to 1) as it stood at `at`; None where no day near it was scored."""
    points = ScorePoint.objects.filter(site=site, on_date__lte=at.date(), on_date__gt=(at - NEAR).date())
    point = points.order_by("-on_date").first()
    if point is None:
        return None
    return {pillar: stored.get("score") for pillar, stored in point.pillars.items()}
