"""The live series of a site: one panel for each domain, with the limits of its metric."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from statistics import median

from django.http import QueryDict

from inventory.models import Site
from readiness.assessment.scoring.queries.rows import SampleQuery
from readiness.boards.checks.samples import sample_query, sent_metrics
from telemetry import sentences, store
from telemetry.core.downsample import shortened
from telemetry.core.registry import registry
from telemetry.links import explore_url
from telemetry.params import admitted_query
from web.units import number, scale

# The site's page charts the first metric of each domain that the site sends.
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


def domain_series(site: Site, *, now: datetime) -> tuple[SampleQuery, ...]:
    """One line for each domain, of the most informative metric that the site sends; one statement."""
    headline_metrics = [metric for metrics in HEADLINES.values() for metric in metrics]
    sent = sent_metrics(site, headline_metrics)
    queries = []
    for metrics in HEADLINES.values():
        metric = next((name for name in metrics if name in sent), None)
        if metric is not None:
            query = sample_query(site.slug, metric)
            # One line for the whole site.
            queries.append(replace(query, params=query.params | {"group_by": ""}))
    return tuple(queries)


# The meter of the whole site is compared with the contracted power.
SITE_METERS = frozenset({"site_power_watts"})
# A line breaks where samples pause for more than this multiple of their usual interval.
USUAL_PAUSES = 3
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class PanelLimit:
    label: str
    value: float


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One line of a panel. `values` are None where no sample arrived, which breaks the line."""

    name: str
    instants_ms: tuple[int, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SeriesPanel:
    """One of several charts over one time axis. `left_out` counts the series that its line leaves out."""

    title: str
    unit: str
    domain: str
    lines: tuple[PanelLine, ...]
    limits: tuple[PanelLimit, ...]
    provenance: str
    step_s: int
    left_out: int = 0
    explore_url: str = ""


def panels(
    site: Site, *, start: datetime, end: datetime, points: int, now: datetime, domain: str = ""
) -> tuple[SeriesPanel, ...]:
    sample_queries = _domain_queries(site, domain) if domain else domain_series(site, now=now)
    return tuple(_panel(site, query, start, end, points, now) for query in sample_queries)


def _domain_queries(site: Site, domain: str) -> Iterable[SampleQuery]:
    sent = sent_metrics(site, HEADLINES[domain])
    return [sample_query(site.slug, metric) for metric in HEADLINES[domain] if metric in sent]


def _panel(
    site: Site, query: SampleQuery, start: datetime, end: datetime, points: int, now: datetime
) -> SeriesPanel:
    params = QueryDict(mutable=True)
    params.update(
        query.params
        | {"start": _ms_text(start), "end": _ms_text(end), "points": str(min(max(points, 50), 2000))}
    )
    question = admitted_query(params, now=now)
    # Combine all series of the site: one line says more than six hundred.
    spec = replace(question.spec, group_by=())
    lines = store.run(spec, now=now)
    values = [value for line in lines for value in line.values if not math.isnan(value)]
    stored_unit = lines[0].unit if lines else query.unit
    factor, unit = scale(max(values, default=0.0), stored_unit)
    title = sentences.title(query.label, spec, question.series)
    return SeriesPanel(
        title=title,
        unit=unit,
        domain=next(domain for domain, metrics in HEADLINES.items() if query.metric in metrics),
        lines=tuple(
            _line(title, [int(at) for at in line.ts_ms], [float(value) * factor for value in line.values])
            for line in lines
        ),
        limits=_limits(site, query, factor, unit) if stored_unit == query.unit else (),
        provenance=lines[0].provenance if lines else "",
        step_s=spec.step_s,
        left_out=question.left_out,
        explore_url=explore_url(
            dict(query.params) | {"group_by": "*", "start": _ms_text(start), "end": _ms_text(end)}
        ),
    )


def _line(name: str, instants_ms: Sequence[int], values: Sequence[float]) -> PanelLine:
    """Leave out steps without a sample, and break the line at unusually long pauses.

    A step may be shorter than the interval of samples: breaking at each empty step would leave only dots.
    """
    samples = [(at, value) for at, value in zip(instants_ms, values, strict=True) if not math.isnan(value)]
    pauses = [later[0] - earlier[0] for earlier, later in pairwise(samples)]
    points: list[tuple[int, float | None]] = []
    for place, (at, value) in enumerate(samples):
        if place and _is_break(pauses, place - 1):
            points.append((samples[place - 1][0] + 1, None))
        points.append((at, shortened(value)))
    return PanelLine(name, tuple(at for at, _ in points), tuple(value for _, value in points))


def _is_break(pauses: Sequence[int], place: int) -> bool:
    """Compare a pause with those just before and after it, because older samples may be kept less densely."""
    around = (pauses[max(place - NEIGHBOURS, 0) : place], pauses[place + 1 : place + 1 + NEIGHBOURS])
    usual = max((median(some) for some in around if some), default=math.inf)
    return pauses[place] > USUAL_PAUSES * usual


def _ms_text(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def _limits(site: Site, query: SampleQuery, factor: float, unit: str) -> tuple[PanelLimit, ...]:
    definition = registry().get(query.metric, None)
    panel_limits = []
    for rule in definition.plain_rules if definition else ():
        for word, limits in (("warn", rule.warn), ("critical", rule.critical)):
            panel_limits += [
                PanelLimit(_limit_label(word, limit * factor, unit), limit * factor) for limit in limits[:1]
            ]
    if query.metric in SITE_METERS and site.contracted_kw:
        contracted = site.contracted_kw * 1000 * factor
        panel_limits.append(PanelLimit(_limit_label("contracted", contracted, unit), contracted))
    return tuple(panel_limits)


def _limit_label(word: str, value: float, unit: str) -> str:
    return f"{word} {number(value)} {unit}".strip()
