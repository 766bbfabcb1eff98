"""Whether each source is on time, late or silent, and since when; every change is a flip."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from inventory.models import SiteChange
from telemetry.models import Series, Source, SourceFlip, SourceState, SourceStatus


def state_of(
    *,
    paused: bool,
    limit: timedelta,
    sampled_at: datetime | None,
    received_at: datetime | None,
    now: datetime,
) -> tuple[SourceState, datetime]:
    """The state, and when it began if the samples show it (else `now`).

    `limit` is cadence plus grace. The older of the newest sample's own time and its arrival counts: a clock ahead must
    not hide silence, and old samples that arrive late do not make a source current.
    """
    if paused:
        return SourceState.PAUSED, now
    if sampled_at is None or received_at is None:
        return SourceState.WAITING, now
    current_until = min(sampled_at, received_at)
    for state, after in ((SourceState.SILENT, 3 * limit), (SourceState.LATE, limit)):
        if now > current_until + after:
            return state, current_until + after
    return SourceState.ON_TIME, min(received_at, now)


def update_states(*, now: datetime, sources: Iterable[int] | None = None) -> int:
    _begin_missing(now)
    statuses = SourceStatus.objects.select_related("source").order_by("source")
    if sources is not None:
        statuses = statuses.filter(source__in=sources)
    return sum(_update(status, now) for status in statuses)


def _begin_missing(now: datetime) -> None:
    without = Source.objects.filter(~Exists(SourceStatus.objects.filter(source=OuterRef("pk")))).order_by(
        "pk"
    )
    SourceStatus.objects.bulk_create(
        [SourceStatus(source=source, state_since=now) for source in without], ignore_conflicts=True
    )


def _update(status: SourceStatus, now: datetime) -> bool:
    source = status.source
    state, since = state_of(
        paused=source.paused,
        limit=timedelta(seconds=source.cadence_s + source.grace_s),
        sampled_at=status.last_sample_at,
        received_at=status.last_received_at,
        now=now,
    )
    if state == status.state:
        return False
    since = max(since, status.state_since)
    with transaction.atomic():
        # The first worker writes the flip; a second one finds the state changed.
        same = SourceStatus.objects.filter(pk=status.pk, state=status.state)
        if not same.update(state=state, state_since=since):
            return False
        SourceFlip.objects.create(source=source, from_state=status.state, to_state=state, at=since)
        SiteChange.objects.bulk_create(
            SiteChange(site_id=site_id, origin=SiteChange.Origin.SOURCE) for site_id in sites_of(source)
        )
    return True


def sites_of(source: Source) -> list[int]:
    if source.site_id:
        return [source.site_id]
    series = Series.objects.filter(source=source, site__isnull=False).order_by("site_id")
    return list(series.values_list("site_id", flat=True).distinct())


def late_or_silent(*, user: User, now: datetime) -> QuerySet[SourceStatus]:
    return SourceStatus.objects.filter(state__in=(SourceState.LATE, SourceState.SILENT))
