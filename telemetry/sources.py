"""Whether each source is on time, late or silent, and since when; every change is a flip."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts.models import User
from inventory.models import SiteChange
from telemetry.models import InboxBatch, Series, Source, SourceFlip, SourceState, SourceStatus

_BADNESS = {SourceState.ON_TIME: 0, SourceState.LATE: 1, SourceState.SILENT: 2}


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
    # Read before the statuses: what a drain stores between both is then in one of them, or in both.
    arrived = _arrived()
    statuses = SourceStatus.objects.select_related("source").order_by("source")
    if sources is not None:
        statuses = statuses.filter(source__in=sources)
    return sum(_update(status, arrived.get(status.source_id), now) for status in statuses)


def _begin_missing(now: datetime) -> None:
    without = Source.objects.filter(~Exists(SourceStatus.objects.filter(source=OuterRef("pk")))).order_by(
        "pk"
    )
    SourceStatus.objects.bulk_create(
        [SourceStatus(source=source, state_since=now) for source in without], ignore_conflicts=True
    )


def _arrived() -> dict[int, datetime]:
    """When the newest batch of each source arrived that waits to be stored."""
    waiting = InboxBatch.objects.waiting().order_by().values_list("source")
    return dict(waiting.annotate(newest=Max("received_at")))


def _judged(status: SourceStatus, arrived_at: datetime | None, now: datetime) -> tuple[SourceState, datetime]:
    """The state by what is stored, or by what waits: that keeps a source from a worse state than it is in, and lifts it
    out of none, because the times of its samples are not known yet."""
    source = status.source
    limit = timedelta(seconds=source.cadence_s + source.grace_s)
    state, since = state_of(
        paused=source.paused,
        limit=limit,
        sampled_at=status.last_sample_at,
        received_at=status.last_received_at,
        now=now,
    )
    if arrived_at is None or not {state, status.state} <= _BADNESS.keys():
        return state, since
    by_door = state_of(paused=False, limit=limit, sampled_at=arrived_at, received_at=arrived_at, now=now)
    present = (SourceState(status.state), status.state_since)
    return min((state, since), max(by_door, present, key=_badness), key=_badness)


def _badness(judged: tuple[SourceState, datetime]) -> tuple[int, float]:
    """The state that began earlier is the worse one of two that are equal."""
    state, since = judged
    return _BADNESS[state], -since.timestamp()


def _update(status: SourceStatus, arrived_at: datetime | None, now: datetime) -> bool:
    source = status.source
    state, since = _judged(status, arrived_at, now)
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
