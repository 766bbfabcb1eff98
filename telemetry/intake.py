"""Queries of the ingest pages and the status endpoint: activity of sources, waiting batches, refusals.

Series data are elsewhere (telemetry.store), and so are the states of sources (telemetry.sources).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Coalesce, TruncHour

from telemetry import store
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.models import (
    InboxBatch,
    MappingRule,
    Rejection,
    Series,
    Source,
    SourceActivity,
    SourceFlip,
    SourceState,
)
from web import scopes

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
# Activity is counted per five minutes: two windows cover 5 to 10 minutes.
RECENT = timedelta(minutes=10)
# Lost blocks that are looked through for those of one reader.
MOST_LOST = 1_000
# Most worrying first; also the order in which a strip's cell chooses its state.
SEVERITY = (
    SourceState.SILENT,
    SourceState.LATE,
    SourceState.PAUSED,
    SourceState.ON_TIME,
    SourceState.WAITING,
)


class StoredBytes(models.Func):
    """The stored size of a value in bytes, which is known without reading it."""

    function = "pg_column_size"
    arity = 1
    output_field = models.BigIntegerField()


@dataclass(frozen=True, slots=True)
class Hour:
    """One cell of a source's 24 h strip: its worst state, and the received samples."""

    start: datetime
    state: str
    samples: int
    rejected: int
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """A source and its recent activity as of `at`. `lag_s` is the longest time from receipt to storage, None without
    data.
    """

    source: Source
    at: datetime
    state: str
    state_since: datetime | None
    first_sample_at: datetime | None
    last_sample_at: datetime | None
    last_received_at: datetime | None
    samples_per_s: float | None
    lag_s: float | None
    rejected_24h: int
    ignored_24h: int
    samples_24h: int
    strip: tuple[Hour, ...] = ()

    @property
    def limit_s(self) -> int:
        return self.source.cadence_s + self.source.grace_s


@dataclass(frozen=True, slots=True)
class InboxBacklog:
    """Accepted batches that are not stored yet. `failed` ones were set aside because they cannot be stored."""

    batches: int
    samples: int
    size_bytes: int
    oldest_received_at: datetime | None
    failed: int

    def age_s(self, now: datetime) -> float:
        return (now - self.oldest_received_at).total_seconds() if self.oldest_received_at else 0.0


@dataclass(frozen=True, slots=True)
class RefusalOfSource:
    source: Source
    reason: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RefusalCount:
    reason: str
    count: int
    example: str
    last_at: datetime


def sources() -> models.QuerySet[Source]:
    """Sources with sort columns: `severity` (0 is worst) and `newest` (last sample)."""
    places = [
        models.When(status__state=state, then=models.Value(place)) for place, state in enumerate(SEVERITY)
    ]
    return Source.objects.select_related("site", "status", "token", "owner").annotate(
        severity=models.Case(
            *places, default=models.Value(len(SEVERITY) - 1), output_field=models.IntegerField()
        ),
        newest=models.F("status__last_sample_at"),
    )


def annotate_refusals(sources: models.QuerySet[Source], *, now: datetime) -> models.QuerySet[Source]:
    counted = (
        SourceActivity.objects.filter(source=models.OuterRef("pk"), start__gt=now - DAY)
        .order_by()
        .values("source")
        .annotate(total=models.Sum("rejected"))
        .values("total")
    )
    return sources.annotate(refused=Coalesce(models.Subquery(counted), 0))


def rows(sources: Iterable[Source], *, now: datetime) -> list[Intake]:
    listed = list(sources)
    ids = [source.pk for source in listed]
    hours, recent, flips = _hours(ids, now), _recent(ids, now), _flips(ids, now)
    return [
        _intake_of(source, hours[source.pk], recent.get(source.pk), flips[source.pk], now)
        for source in listed
    ]


def _hours(ids: Sequence[int], now: datetime) -> dict[int, dict[datetime, tuple[int, int, int]]]:
    counted = (
        SourceActivity.objects.filter(source__in=ids, start__gte=_strip_start(now), start__lte=now)
        .order_by()
        .annotate(hour=TruncHour("start"))
        .values_list("source_id", "hour")
        .annotate(came=models.Sum("samples"), refused=models.Sum("rejected"), passed=models.Sum("ignored"))
    )
    by_source: dict[int, dict[datetime, tuple[int, int, int]]] = defaultdict(dict)
    for source_id, hour, *figures in counted:
        by_source[source_id][hour] = tuple(figures)
    return by_source


def _recent(ids: Sequence[int], now: datetime) -> dict[int, tuple[datetime, int, float]]:
    counted = (
        SourceActivity.objects.filter(source__in=ids, start__gt=now - RECENT, start__lte=now, samples__gt=0)
        .order_by()
        .values_list("source_id")
        .annotate(oldest=models.Min("start"), came=models.Sum("samples"), lag=models.Max("lag_max_s"))
    )
    return {source_id: (oldest, came, lag) for source_id, oldest, came, lag in counted}


def _flips(ids: Sequence[int], now: datetime) -> dict[int, list[SourceFlip]]:
    by_source: dict[int, list[SourceFlip]] = defaultdict(list)
    for flip in SourceFlip.objects.filter(source__in=ids, at__gt=_strip_start(now), at__lte=now).order_by(
        "at", "pk"
    ):
        by_source[flip.source_id].append(flip)
    return by_source


def _intake_of(
    source: Source,
    hours: dict[datetime, tuple[int, int, int]],
    recent: tuple[datetime, int, float] | None,
    flips: Sequence[SourceFlip],
    now: datetime,
) -> Intake:
    status = getattr(source, "status", None)
    state = status.state if status else SourceState.WAITING.value
    first = status.first_sample_at if status else None
    return Intake(
        source=source,
        at=now,
        state=state,
        state_since=status.state_since if status else None,
        first_sample_at=first,
        last_sample_at=status.last_sample_at if status else None,
        last_received_at=status.last_received_at if status else None,
        samples_per_s=_rate(recent, first, source, now),
        lag_s=recent[2] if recent else None,
        rejected_24h=sum(refused for _, refused, _ in hours.values()),
        ignored_24h=sum(ignored for *_, ignored in hours.values()),
        samples_24h=sum(came for came, *_ in hours.values()),
        strip=_strip(state, hours, flips, now),
    )


def _rate(
    recent: tuple[datetime, int, float] | None, first: datetime | None, source: Source, now: datetime
) -> float | None:
    """Samples per second over the last 5 to 10 minutes, or since the first sample; 0 for a silent source."""
    if recent is None:
        return 0.0 if first else None
    oldest, came, _ = recent
    since = max(oldest, first) if first else oldest
    return came / max((now - since).total_seconds(), source.cadence_s)


def _strip_start(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - DAY + HOUR


def _strip(
    state: str, hours: dict[datetime, tuple[int, int, int]], flips: Sequence[SourceFlip], now: datetime
) -> tuple[Hour, ...]:
    cells = []
    last_state = flips[0].from_state if flips else state
    for place in range(24):
        start = _strip_start(now) + place * HOUR
        within = [flip.to_state for flip in flips if start < flip.at <= start + HOUR]
        worst = min([last_state, *within], key=SEVERITY.index)
        last_state = within[-1] if within else last_state
        cells.append(Hour(start, worst, *hours.get(start, (0, 0))))
    return tuple(cells)


def queue() -> InboxBacklog:
    waiting = models.Q(failed_at__isnull=True)
    figures = InboxBatch.objects.order_by().aggregate(
        batches=models.Count("pk", filter=waiting),
        samples=Coalesce(models.Sum("samples", filter=waiting), 0),
        size_bytes=Coalesce(models.Sum(StoredBytes("columns"), filter=waiting), 0),
        oldest_received_at=models.Min("received_at", filter=waiting),
        failed=models.Count("pk", filter=~waiting),
    )
    return InboxBacklog(**figures)


def oldest_waiting() -> datetime | None:
    """When the oldest batch arrived that waits to be stored: everything before it is stored."""
    with scopes.everything():
        waiting = InboxBatch.objects.waiting().order_by("pk")
        return waiting.values_list("received_at", flat=True).first()


def set_aside() -> models.QuerySet[InboxBatch]:
    return (
        InboxBatch.objects.set_aside().select_related("source").defer("columns").order_by("-failed_at", "-pk")
    )


def activity(source: Source, *, start: datetime, end: datetime) -> list[SourceActivity]:
    return list(source.activity.filter(start__gte=start, start__lte=end).order_by("start"))


def refused(source: Source, *, start: datetime, end: datetime) -> list[RefusalCount]:
    by_reason: dict[str, list[Rejection]] = defaultdict(list)
    days = source.rejections.filter(on_date__gte=start.date(), on_date__lte=end.date())
    for rejection in days.order_by("-last_at", "-pk"):
        by_reason[rejection.reason].append(rejection)
    counts = [
        RefusalCount(reason, sum(each.count for each in days), days[0].example, days[0].last_at)
        for reason, days in by_reason.items()
    ]
    return sorted(counts, key=lambda each: (-each.count, each.reason))


def refusals_by_source(*, now: datetime, most: int) -> list[RefusalOfSource]:
    """Refusals of today and yesterday (UTC), the most first."""
    counted = (
        Rejection.objects.filter(on_date__gte=(now - DAY).date())
        .order_by()
        .values_list("source", "reason")
        .annotate(total=models.Sum("count"), last_at=models.Max("last_at"))
        .order_by("-total", "source", "reason")[:most]
    )
    rows = list(counted)
    by_id = Source.objects.in_bulk({source_id for source_id, *_ in rows})
    return [RefusalOfSource(by_id[source_id], *of_source) for source_id, *of_source in rows]


def flips(source: Source, *, limit: int = 50) -> list[SourceFlip]:
    return list(source.flips.order_by("-at", "-pk")[:limit])


def series() -> models.QuerySet[Series]:
    return Series.objects.select_related(
        "source",
        "site",
        "device",
        "accelerator__device",
        "port__device",
        "power_feed",
        "link",
        "cooling_unit",
    )


def join_mapping_rules(series: models.QuerySet[Series]) -> models.QuerySet[Series]:
    """The series with the rules of their sources, which say why one is unmatched. One statement more."""
    rules = MappingRule.objects.select_related("site").order_by("name", "pk")
    return series.prefetch_related(models.Prefetch("source__mapping_rules", rules))


def unmatched_series() -> models.QuerySet[Series]:
    return join_mapping_rules(series().filter(object_kind=""))


def lost_samples(*, most: int) -> list[tuple[store.LostBlock, Series]]:
    """Blocks of samples that cannot be read, the newest first, of series that the reader sees."""
    lost = store.lost_blocks(most=MOST_LOST)
    by_id = series().in_bulk({block.series_id for block in lost}) if lost else {}
    return [(block, by_id[block.series_id]) for block in lost if block.series_id in by_id][:most]


def object_of(series: Series) -> models.Model | None:
    if series.object_kind == Series.ObjectKind.SITE:
        return series.site
    column = OBJECT_COLUMNS.get(series.object_kind)
    return getattr(series, column.removesuffix("_id")) if column else None
