"""Find the samples behind a check, as parameters of the explorer and the query endpoint."""

from collections.abc import Collection, Iterable, Sequence

from inventory.models import Site
from readiness.assessment.framework.core.definition import Check, SubMeasure
from readiness.assessment.scoring.queries.rows import PartRow, SampleQuery
from telemetry.core.registry import registry
from telemetry.models import Series

LOOK_BACK = "now-24h"


def sent_metrics(site: Site, metrics: Collection[str]) -> set[str]:
    series = Series.objects.filter(site=site, metric__in=metrics).order_by()
    return set(series.values_list("metric", flat=True).distinct())


def check_samples(site: Site, check: Check, parts: Iterable[PartRow]) -> tuple[SampleQuery, ...]:
    """The series that decided each sub-measure, else the metrics of the sub-measure that the site sends."""
    decided = {part.id: part for part in parts}
    metrics = {metric for part in check.parts for metric in part.metrics}
    sent = sent_metrics(site, metrics)
    series_by_id = _series(decided.values())
    by_params: dict[tuple[tuple[str, str], ...], SampleQuery] = {}
    for part in check.parts:
        for query in _part_samples(site.slug, part, decided.get(part.id), series_by_id, sent):
            by_params.setdefault(tuple(query.params.items()), query)
    return tuple(by_params.values())


def _part_samples(
    slug: str, part: SubMeasure, decided: PartRow | None, series_by_id: dict[int, Series], sent: set[str]
) -> Sequence[SampleQuery]:
    series = series_by_id.get(_series_id(decided)) if decided else None
    if series is not None:
        return [sample_query(slug, series.metric, series=series, label=decided.detail if decided else "")]
    return [sample_query(slug, metric) for metric in part.metrics if metric in sent]


def _series(parts: Iterable[PartRow]) -> dict[int, Series]:
    ids = {_series_id(part) for part in parts} - {0}
    return {series.pk: series for series in Series.objects.filter(pk__in=ids)}


def _series_id(part: PartRow | None) -> int:
    kind, _, number = part.evidence.partition(":") if part else ("", "", "")
    return int(number) if kind == "series" and number.isdecimal() else 0


def sample_query(slug: str, metric: str, *, series: Series | None = None, label: str = "") -> SampleQuery:
    definition = registry().get(metric, series.labels if series else None)
    unit = definition.unit if definition else ""
    params = {"site": slug, "metric": metric}
    if series is not None:
        params |= _object(series)
    title = definition.title if definition else metric
    return SampleQuery(
        label=f"{title}, {label}" if label else title,
        unit=unit,
        metric=metric,
        params=params | {"start": LOOK_BACK, "end": "now"},
    )


def _object(series: Series) -> dict[str, str]:
    for kind in ("accelerator", "port", "cooling_unit", "power_feed", "link", "device"):
        object_id = getattr(series, f"{kind}_id")
        if object_id is not None:
            return {f"{kind}_id": str(object_id)}
    return {}
