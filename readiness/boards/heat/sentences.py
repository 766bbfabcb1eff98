"""The map of accelerators in words."""

from readiness.boards.heat.grid import PlacedAccelerator
from readiness.boards.heat.queries import FRESH, HeatMap, HeatMetric
from web.states import state
from web.units import duration, format_value, how_many, number


def headed(metric: HeatMetric) -> str:
    return f"{metric.label}, {metric.unit}" if metric.unit else metric.label


def cell(accelerator: PlacedAccelerator, value: float | None, metric: HeatMetric) -> str:
    if value is None:
        return f"{accelerator.name}: no sample"
    level = metric.limits.level_of(value)
    beyond = f", {str(state('health', level).word).lower()}" if level else ""
    return f"{accelerator.name}: {format_value(value, metric.unit)}{beyond}"


def no_sample(heat_map: HeatMap) -> str:
    if not heat_map.accelerators:
        return "The inventory has no accelerator in service at this site."
    fresh = duration(FRESH.total_seconds())
    return f"No accelerator of this site sent {heat_map.metric.title} in the last {fresh}."


def finding(heat_map: HeatMap) -> str:
    metric, values = heat_map.metric, heat_map.values
    low, high = (format_value(end, metric.unit) for end in (min(values.values()), max(values.values())))
    beyond = sum(bool(metric.limits.level_of(value)) for value in values.values())
    report = (
        f"{metric.label}: {low} to {high} at {number(len(values))} of"
        f" {how_many(heat_map.accelerators, 'accelerator', 'accelerators')}."
    )
    return f"{report} {how_many(beyond, 'is', 'are')} beyond a limit." if beyond else report


def colours(heat_map: HeatMap) -> str:
    metric, values = heat_map.metric, heat_map.values
    low, high = (format_value(end, metric.unit) for end in (min(values.values()), max(values.values())))
    side = "below" if metric.limits.is_below else "above"
    limits = [
        f"{str(state('health', level).word).lower()} {side} {format_value(limit, metric.unit)}"
        for level, limit in (("warn", metric.limits.warn), ("critical", metric.limits.critical))
        if limit is not None
    ]
    return ", ".join([f"Pale is {low}, strong is {high}", *limits])
