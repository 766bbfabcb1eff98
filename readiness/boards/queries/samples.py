"""From a check or a domain to the samples behind it, as parameters of the explorer and the query endpoint."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from inventory.models import Site
from readiness.framework.core.definition import Check, SubMeasure
from readiness.scoring.queries.rows import PartRow, SampleQuery
from telemetry.core.registry import registry
from telemetry.models import Series

# The first of each domain that the site sends is drawn on its page.
HEADLINES = {
    "compute": ("DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity", "node_load1"),
    "network": (
        "probe_icmp_duration_seconds",
        "node_infiniband_port_data_received_bytes_total",
        "ifHCInOctets",
        "node_network_receive_bytes_total",
    ),
    "energy": ("site_power_watts", "upsOutputPercentLoad", "ipmi_dcmi_power_consumption_watts"),
}
LOOK_BACK = "now-24h"


def domain_series(site: Site, *, now: datetime) -> tuple[SampleQuery, ...]:
    """One line a domain, for the metric that says most among those that the site sends; one statement."""
    wanted = [metric for metrics in HEADLINES.values() for metric in metrics]
    sent = set(
        Series.objects.filter(site=site, metric__in=wanted)
        .order_by()
        .values_list("metric", flat=True)
        .distinct()
    )
    queries = []
    for metrics in HEADLINES.values():
        metric = next((name for name in metrics if name in sent), None)
        if metric is not None:
            query = sample_query(site.slug, metric)
            # One line for the whole site.
            queries.append(replace(query, params=query.params | {"group_by": ""}))
    return tuple(queries)


def check_samples(site: Site, check: Check, parts: Iterable[PartRow]) -> tuple[SampleQuery, ...]:
    """The series that decided each sub-measure where one did, else its metrics that the site sends."""
    decided = {part.id: part for part in parts}
    wanted = {metric for part in check.parts for metric in part.metrics}
    sent = set(
        Series.objects.filter(site=site, metric__in=wanted)
        .order_by()
        .values_list("metric", flat=True)
        .distinct()
    )
    named = _series(decided.values())
    by_params: dict[tuple[tuple[str, str], ...], SampleQuery] = {}
    for part in check.parts:
        for query in _of_part(site.slug, part, decided.get(part.id), named, sent):
            by_params.setdefault(tuple(query.params.items()), query)
    return tuple(by_params.values())


def _of_part(
    slug: str, part: SubMeasure, decided: PartRow | None, named: dict[int, Series], sent: set[str]
) -> Sequence[SampleQuery]:
    series = named.get(_series_id(decided)) if decided else None
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
    known = registry().get(metric, series.labels if series else None)
    unit = known.unit if known else ""
    params = {"site": slug, "metric": metric}
    if series is not None:
        params |= _object(series)
    title = known.title if known else metric
    return SampleQuery(
        label=f"{title}, {label}" if label else title,
        unit=unit,
        metric=metric,
        params=params | {"start": LOOK_BACK, "end": "now"},
    )


def _object(series: Series) -> dict[str, str]:
    """The object whose samples are wanted, as the query endpoint names it."""
    for kind in ("accelerator", "port", "cooling_unit", "power_feed", "link", "device"):
        object_id = getattr(series, f"{kind}_id")
        if object_id is not None:
            return {f"{kind}_id": str(object_id)}
    return {}
