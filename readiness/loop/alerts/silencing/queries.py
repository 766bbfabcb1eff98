"""Silences and windows for lists, pages and the calendar."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice, takewhile
from typing import Any

from django.db.models import Q, QuerySet

from readiness.loop.alerts.core.windows import WindowOccurrence, occurrences
from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.silencing.matches import numbers_matched

MOST_PREVIEWED = 5


class HeldStanding(StrEnum):
    """How a silence or window stands at an instant."""

    PRESENT = "in force"
    COMING = "to come"
    OVER = "over"


def standing_of(row: Silence | MaintenanceWindow, now: datetime) -> HeldStanding:
    if isinstance(row, Silence):
        starts_at, ends_at = row.starts_at, row.real_end_at
    elif row.occurrence_starts_at is None or row.occurrence_ends_at is None:
        return HeldStanding.OVER
    else:
        starts_at, ends_at = row.occurrence_starts_at, row.occurrence_ends_at
    if ends_at <= now:
        is_last = isinstance(row, Silence) or row.ended_early_at is not None or ends_at >= row.last_ends_at
        return HeldStanding.OVER if is_last else HeldStanding.COMING
    return HeldStanding.PRESENT if starts_at <= now else HeldStanding.COMING


def silences() -> QuerySet[Silence]:
    return Silence.objects.select_related("region", "site", "alert__site", "channel", "created_by")


def windows() -> QuerySet[MaintenanceWindow]:
    return MaintenanceWindow.objects.select_related("region", "site", "channel", "created_by")


def attach_matches(rows: Sequence[Any]) -> Sequence[Any]:
    """Add to each row how many open alerts it matches now, as `matched`."""
    numbers = numbers_matched({row.pk: row.matcher for row in rows}) if rows else {}
    for row in rows:
        row.matched = numbers[row.pk]
    return rows


def is_unfinished(now: datetime, model: type[Silence | MaintenanceWindow]) -> Q:
    if model is Silence:
        return Q(ended_early_at=None, ends_at__gt=now)
    return Q(occurrence_ends_at__isnull=False)


def first_occurrences(window: MaintenanceWindow, *, now: datetime) -> list[WindowOccurrence]:
    return list(islice(occurrences(window.series, after=now), MOST_PREVIEWED))


def occurrences_between(window: MaintenanceWindow, start: datetime, end: datetime) -> list[WindowOccurrence]:
    """The occurrences that touch a time. One that somebody ended early has that end; so has the last of a window."""
    following = takewhile(lambda each: each.starts_at < end, occurrences(window.series, after=start))
    return [
        each for each in (_shortened(window, each) for each in following) if each.ends_at > each.starts_at
    ]


def _shortened(window: MaintenanceWindow, planned: WindowOccurrence) -> WindowOccurrence:
    starts_at, ends_at = planned.starts_at, planned.ends_at
    if starts_at == window.occurrence_starts_at and window.occurrence_ends_at is not None:
        ends_at = window.occurrence_ends_at
    return WindowOccurrence(
        starts_at, ends_at if window.ended_early_at is None else min(ends_at, window.ended_early_at)
    )
