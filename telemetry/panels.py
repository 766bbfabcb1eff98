"""The series of one object on its inventory page: last value, time and source."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse

from accounts.models import User
from inventory.models import Accelerator, CoolingUnit, Device, Link, Port, PowerFeed
from telemetry import intake, links, queries, sentences
from telemetry.core.codes import code_of
from telemetry.core.metric import LimitTest, Metric, MetricKind, per_second
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation
from telemetry.explore import distinct_names
from telemetry.models import Series
from telemetry.sentences import CLOCKS
from web.ages import ago
from web.kinds import panels
from web.kinds.panels import Panel
from web.units import Formatted, format_value, number

SHOWN = 12
# More series of one metric share a row, with a figure that says how it is computed.
MOST_APART = 4
# A rate uses the samples of the last minutes, at least three cadences.
CADENCES_OF_A_RATE = 3
# How far back newest samples are searched; series that stopped earlier show their last hourly value.
WITHIN_S = 86_400
COLUMNS: dict[type[Model], str] = {
    Accelerator: "accelerator_id",
    CoolingUnit: "cooling_unit_id",
    Device: "device_id",
    Link: "link_id",
    Port: "port_id",
    PowerFeed: "power_feed_id",
}


def register() -> None:
    for model in COLUMNS:
        panels.register(model, series_panel)


def series_panel(obj: Model, *, user: User, now: datetime) -> Panel | None:
    if not user.has_perm("telemetry.view_series"):
        return None
    column = COLUMNS[type(obj)]
    described = list(intake.series().filter(**{column: obj.pk}).select_related("source__status"))
    counted = [series for series in described if series.port_id or not _is_left_out(series)]
    # Single buckets of a histogram mean nothing, and their sum counts each observation many times.
    countable = [series for series in counted if series.kind != MetricKind.HISTOGRAM]
    entries = sorted((entry for alike in _alike(countable) for entry in _entries(alike)), key=_usefulness)
    first_entries = entries[:SHOWN]
    actions = []
    if described:
        actions.append({"label": "All", "url": f"{reverse('series-list')}?{urlencode({column: obj.pk})}"})
    return Panel(
        key="series",
        title="Series",
        sub=number(len(described)),
        template="telemetry/series_panel.html",
        context={
            "rows": _panel_rows(first_entries, now),
            "more": len(counted) - sum(len(entry.series) for entry in first_entries),
            "left_out": sentences.left_out(len(described) - len(counted)),
        },
        span=12,
        order=300,
        links=actions,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row: a series, or several of one metric and source that one figure summarises."""

    series: tuple[Series, ...]
    name: str

    @property
    def first(self) -> Series:
        return self.series[0]

    @property
    def metric(self) -> Metric | None:
        return registry().get(self.first.metric, self.first.labels)


def _is_left_out(series: Series) -> bool:
    return any(rule.applies_to(series.metric, series.labels) for rule in registry().left_out)


def _alike(series: Iterable[Series]) -> list[list[Series]]:
    alike: dict[tuple[object, ...], list[Series]] = defaultdict(list)
    for each in series:
        metric = registry().get(each.metric, each.labels)
        unit = metric.unit if metric else ""
        alike[each.metric, each.kind, unit, each.source_id, each.ended_at is None].append(each)
    return list(alike.values())


def _entries(alike: Sequence[Series]) -> list[_Entry]:
    if len(alike) == 1:
        return [_Entry((alike[0],), "")]
    if len(alike) > MOST_APART:
        varying = [
            label
            for label in sorted({label for series in alike for label in series.labels})
            if len({series.labels.get(label) for series in alike}) > 1
        ]
        by = f"{number(len(alike))} series by {', '.join(varying)}"
        return [_Entry(tuple(alike), by)]
    names = distinct_names([series.labels for series in alike])
    return [_Entry((series,), name) for series, name in zip(alike, names, strict=True)]


def _usefulness(entry: _Entry) -> tuple[bool, bool, bool, str, int]:
    metric = entry.metric
    return (
        entry.first.ended_at is not None,
        not (metric and metric.health),
        metric is None,
        entry.first.metric,
        entry.first.pk,
    )


def _panel_rows(entries: Sequence[_Entry], now: datetime) -> list[dict[str, Any]]:
    series = [each for entry in entries for each in entry.series]
    slowest_s = max((each.source.cadence_s for each in series), default=0)
    at_now = queries.snapshot(
        {each.site_id for each in series if each.site_id},
        {each.metric for each in series},
        now=now,
        rates_within_s=CADENCES_OF_A_RATE * slowest_s,
    )
    newest = {
        each.series_id: queries.DatedValue(each.value, each.ts)
        for each in at_now.latest(within_s=WITHIN_S, with_ended=True)
    }
    newest |= queries.last_kept({each.pk for each in series} - set(newest))
    rates = at_now.rates() if any(entry.first.kind == MetricKind.COUNTER for entry in entries) else {}
    return [_panel_row(entry, newest, rates, now) for entry in entries]


def _panel_row(
    entry: _Entry, newest: Mapping[int, queries.DatedValue], rates: Mapping[int, float], now: datetime
) -> dict[str, Any]:
    series, metric = entry.first, entry.metric
    latest = [newest[each.pk] for each in entry.series if each.pk in newest]
    status = getattr(series.source, "status", None)
    clock = status.state if status and status.state in CLOCKS else ""
    values = [each.value for each in latest]
    at = max((each.ts for each in latest), default=None)
    how, value, unit = _figure(entry, values, rates)
    if series.kind == MetricKind.COUNTER and value is None and at and _has_stopped(series, at, now):
        how, value, unit = _total(entry, values)
    figure = format_value(value, unit) if latest else None
    if metric and metric.codes and len(values) > 1:
        how, figure = "", Formatted(_codes(entry, newest))
    elif metric and series.kind == MetricKind.STATE and len(values) > 1:
        how, figure = "", Formatted(_states(metric, values))
    return {
        "series": series,
        "title": metric.title if metric else "",
        "name": entry.name,
        "how": how,
        "url": links.series_url(series) if len(entry.series) == 1 else links.metric_url(series),
        "value": figure.value if figure else None,
        "unit": figure.unit if figure else "",
        "state": metric.state_name(value) if metric and value is not None and len(latest) == 1 else "",
        "codes": [code for each in sorted(set(values)) if (code := code_of(metric, each))],
        "provenance": series.source.provenance,
        "age": ago(at, now=now) if at else "",
        "at": at,
        "ended_at": series.ended_at,
        "clock": clock,
    }


def _figure(
    entry: _Entry, values: Sequence[float], rates: Mapping[int, float]
) -> tuple[str, float | None, str]:
    """How the row's figure is computed, the figure (None: unknown), and its unit. Counters are shown as rates and added
    up. For other series, the one nearest to its limit counts, or without a limit their mean."""
    unit = entry.metric.unit if entry.metric else ""
    several = len(entry.series) > 1
    if entry.first.kind == MetricKind.COUNTER:
        factor, unit = per_second(unit)
        rates_of_series = [rates[each.pk] * factor for each in entry.series if each.pk in rates]
        if not rates_of_series:
            return "", None, unit
        return (
            sentences.together(Aggregation.SUM, len(rates_of_series)) if several else "",
            sum(rates_of_series),
            unit,
        )
    if not values:
        return "", None, unit
    combine = _worst_is(entry.metric)
    how = sentences.together(combine, len(values)) if several else ""
    return how, {"max": max, "min": min}.get(combine, fmean)(values), unit


def _has_stopped(series: Series, at: datetime, now: datetime) -> bool:
    return (
        series.ended_at is not None
        or (now - at).total_seconds() > CADENCES_OF_A_RATE * series.source.cadence_s
    )


def _total(entry: _Entry, values: Sequence[float]) -> tuple[str, float, str]:
    unit = entry.metric.unit if entry.metric else ""
    if len(entry.series) == 1:
        return "total, stopped", values[0], unit
    return f"{sentences.together(Aggregation.SUM, len(values))}, stopped", sum(values), unit


def _codes(entry: _Entry, newest: Mapping[int, queries.DatedValue]) -> str:
    holders: dict[str, list[str]] = defaultdict(list)
    valued_series = [each for each in entry.series if each.pk in newest]
    for series, name in zip(
        valued_series, distinct_names([each.labels for each in valued_series]), strict=True
    ):
        code = code_of(entry.metric, newest[series.pk].value)
        holders[code.name if code else ""].append(name)
    without = len(holders.pop("", []))
    parts = [f"{code}: {', '.join(names)}" for code, names in sorted(holders.items())]
    if without:
        parts.append(f"{number(without)} without a code")
    return "; ".join(parts)


def _states(metric: Metric, values: Sequence[float]) -> str:
    counted = Counter(metric.state_name(value) or number(value) for value in values)
    return ", ".join(f"{number(count)} {word}" for word, count in counted.most_common())


def _worst_is(metric: Metric | None) -> Aggregation:
    directions = {rule.direction for rule in metric.health} if metric else set()
    if directions == {LimitTest.ABOVE}:
        return Aggregation.MAX
    if directions == {LimitTest.BELOW}:
        return Aggregation.MIN
    return Aggregation.AVG
