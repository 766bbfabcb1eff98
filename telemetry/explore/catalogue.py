"""Which metrics there are: of sites, of an object, and in all; by name, title, exporter or label."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Model, Q, QuerySet

from inventory.models import CoolingUnit, Device, Link, PowerFeed, Site
from telemetry.core.spec import SpecError, parse_matcher
from telemetry.explore.metrics import BrowsedMetric, folded
from telemetry.label_conditions import condition_of
from telemetry.models import Series
from web.cached import CachedAnswer

# Objects that people browse; series of accelerators and ports are listed with their device.
OBJECT_MODELS: dict[str, type[Model]] = {
    "device_id": Device,
    "power_feed_id": PowerFeed,
    "cooling_unit_id": CoolingUnit,
    "link_id": Link,
}
METRICS: CachedAnswer[None, list[BrowsedMetric]] = CachedAnswer(
    "metrics that are sent", eventual=(Series,), grain=timedelta(minutes=1)
)


def all_metrics(now: datetime) -> list[BrowsedMetric]:
    """Every metric that is sent, with the number of its series and sites; new ones within a minute."""
    return METRICS.value(_read_metrics, now=now)


def _read_metrics() -> list[BrowsedMetric]:
    return folded(_counts(Series.objects.filter(ended_at=None)))


def _counts(series: QuerySet[Series]) -> dict[tuple[str, str], tuple[int, int]]:
    rows = (
        series.order_by()
        .values_list("metric", "object_kind")
        .annotate(count=Count("pk"), sites=Count("site", distinct=True))
    )
    return {(name, kind): (count, sites) for name, kind, count, sites in rows}


def metrics_of_sites(site_ids: Collection[int]) -> dict[int, list[BrowsedMetric]]:
    """The metrics of each site; one statement."""
    counts: dict[int, dict[tuple[str, str], tuple[int, int]]] = defaultdict(dict)
    rows = (
        Series.objects.filter(site__in=site_ids, ended_at=None)
        .order_by()
        .values_list("site", "metric", "object_kind")
        .annotate(count=Count("pk"))
    )
    for site_id, name, kind, count in rows:
        counts[site_id][name, kind] = (count, 1)
    return {site_id: folded(by_name) for site_id, by_name in counts.items()}


def metrics_of_object(column: str, object_id: int) -> list[BrowsedMetric]:
    return folded(_counts(Series.objects.filter(**{column: object_id}, ended_at=None)))


def matching_metrics(query: str, *, now: datetime) -> tuple[list[BrowsedMetric], str]:
    """The metrics that a search finds, and the condition on a label that it was, if it was one: `gpu=0`."""
    if any(sign in query for sign in "=~"):
        try:
            matcher = parse_matcher(query)
        except SpecError:
            return [], ""
        series = Series.objects.filter(condition_of(matcher), ended_at=None)
        return folded(_counts(series)), query.strip()
    words = query.casefold().split()
    return [metric for metric in all_metrics(now) if metric.fits(words)], ""


def sites_with_series(query: str = "") -> QuerySet[Site]:
    condition = Q(name__icontains=query) | Q(slug__icontains=query)
    return Site.objects.filter(condition).order_by("name", "pk")


def objects_with_series(column: str, query: str = "") -> QuerySet[Model]:
    sent = Series.objects.filter(**{f"{column}__isnull": False}).order_by().values(column)
    objects = OBJECT_MODELS[column]._default_manager.filter(pk__in=sent, name__icontains=query)
    return objects.order_by("name", "pk")


def metrics_by_domain(metrics: Sequence[BrowsedMetric]) -> Mapping[str, list[BrowsedMetric]]:
    grouped: dict[str, list[BrowsedMetric]] = defaultdict(list)
    for metric in metrics:
        grouped[metric.domain].append(metric)
    return grouped


def metrics_by_exporter(metrics: Sequence[BrowsedMetric]) -> Mapping[str, list[BrowsedMetric]]:
    grouped: dict[str, list[BrowsedMetric]] = defaultdict(list)
    for metric in metrics:
        grouped[metric.exporter].append(metric)
    return dict(sorted(grouped.items(), key=lambda entry: (not entry[0], entry[0].casefold())))
