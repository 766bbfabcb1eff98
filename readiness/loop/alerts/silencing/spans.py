"""The times in which alerts are silenced, by silences and maintenance windows."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from inventory.core import regions_outwards
from inventory.models import Region, Site
from readiness.loop.alerts.core.life import SilencedSpan
from readiness.loop.alerts.core.matching import AlertMatcher, AlertSubject, MatcherIndex
from readiness.loop.alerts.core.windows import WindowOccurrence, next_occurrence
from readiness.loop.alerts.models import Alert, MaintenanceWindow, Silence

type Regions = dict[int, frozenset[int]]
"""The regions around each site."""


def spans_of(alerts: Sequence[Alert], *, now: datetime) -> dict[int, tuple[SilencedSpan, ...]]:
    """The present and the next span of each alert that has any, by its key; four statements for any number."""
    if not alerts:
        return {}
    index = MatcherIndex([*_spans_of_silences(now), *_spans_of_windows(now)])
    regions = regions_of(alert.site_id for alert in alerts)
    spans = {alert.pk: tuple(index.matching(subject_of(alert, regions))) for alert in alerts}
    return {pk: spans_of_alert for pk, spans_of_alert in spans.items() if spans_of_alert}


def _spans_of_silences(now: datetime) -> list[tuple[AlertMatcher, SilencedSpan]]:
    return [
        (silence.matcher, SilencedSpan(silence.starts_at, silence.ends_at, f"silence:{silence.pk}"))
        for silence in Silence.objects.unfinished(now).select_related("alert").order_by("pk")
    ]


def _spans_of_windows(now: datetime) -> list[tuple[AlertMatcher, SilencedSpan]]:
    return [
        (window.matcher, SilencedSpan(occurrence.starts_at, occurrence.ends_at, f"window:{window.pk}"))
        for window in MaintenanceWindow.objects.unfinished().order_by("pk")
        if (occurrence := present_occurrence(window, now=now)) is not None
    ]


def present_occurrence(window: MaintenanceWindow, *, now: datetime) -> WindowOccurrence | None:
    """The stored occurrence, or the one that follows where it is over."""
    starts_at, ends_at = window.occurrence_starts_at, window.occurrence_ends_at
    if starts_at is None or ends_at is None:
        return None
    return WindowOccurrence(starts_at, ends_at) if ends_at > now else following_occurrence(window, now=now)


def following_occurrence(window: MaintenanceWindow, *, now: datetime) -> WindowOccurrence | None:
    """The first occurrence after the stored one that is not over. The stored one may have ended before its time."""
    starts_at = window.occurrence_starts_at
    if starts_at is None or window.ended_early_at is not None:
        return None
    occurrence = next_occurrence(window.series, after=now)
    if occurrence is not None and occurrence.starts_at <= starts_at:
        return next_occurrence(window.series, after=occurrence.ends_at)
    return occurrence


def regions_of(site_ids: Iterable[int | None]) -> Regions:
    """The regions around each of these sites; two statements."""
    sites: Collection[int] = {site_id for site_id in site_ids if site_id is not None}
    if not sites:
        return {}
    parents = dict(Region.objects.order_by().values_list("pk", "parent_id"))
    places = Site.objects.filter(pk__in=sites).order_by().values_list("pk", "region_id")
    region_ids = {region_id for _site_id, region_id in places}
    regions_around = {region_id: frozenset(regions_outwards(region_id, parents)) for region_id in region_ids}
    return {site_id: regions_around[region_id] for site_id, region_id in places}


def subject_of(alert: Any, regions: Regions) -> AlertSubject:
    """`alert` is one, or its values under the same names."""
    return AlertSubject(
        key=alert.key,
        kind=alert.kind,
        site_id=alert.site_id,
        regions=regions.get(alert.site_id or 0, frozenset()),
        domain=alert.domain,
        check_id=alert.check_id,
        object=alert.object,
    )
