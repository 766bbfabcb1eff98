"""Which inputs are kept beside a day's score, how often, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from readiness.framework.models import FrameworkVersion
from readiness.scoring.bulk import Row
from readiness.scoring.core.evaluate import SiteInputs
from readiness.scoring.core.kept import encode
from readiness.scoring.models import ScoreInputs

REFRESHED_AFTER = timedelta(hours=1)
"""Every sample is another input. Where no state follows from it, writing it down once an hour is near enough:
evaluating what is kept gives the same states as what was not."""


def is_due(kept_at: datetime | None, has_moved: bool, now: datetime) -> bool:
    """Whether an evaluation's inputs are worth writing; `kept_at` is of those kept for the same day."""
    return has_moved or kept_at is None or now - kept_at >= REFRESHED_AFTER


def kept(site_id: int, inputs: SiteInputs, version: FrameworkVersion, now: datetime) -> Row:
    return {
        "site_id": site_id,
        "on_date": now.date(),
        "evaluated_at": now,
        "framework_version_id": version.pk,
        "content": encode(inputs),
    }


def forget(*, now: datetime) -> int:
    """Delete what is past its time; returns how many days of sites went."""
    oldest = now.date() - timedelta(days=settings.SCORE_INPUTS_DAYS)
    gone, _ = ScoreInputs.objects.filter(on_date__lt=oldest).delete()
    return gone
