"""Growth of capacity against growth of qualified people, each 100 in the first month that has both."""

from collections.abc import Sequence

from plotly import graph_objects as go

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.capability.queries import Ahead, CapabilityHistory
from readiness.boards.capability.sentences import NO_GROWTH, growth_finding
from web import charts
from web.charts import Figure, ms
from web.units import day

UNITS = {CapacityMeasure.POWER: "kW", CapacityMeasure.ACCELERATORS: "accelerators"}
HOVER = "%{y:.0f}"


def growth(history: CapabilityHistory, measure: CapacityMeasure) -> Figure:
    if history.first is None:
        return charts.nothing(NO_GROWTH)
    traces = []
    for name, role, values, ahead in (
        ("Capacity", "deployed", history.capacity, history.capacity_ahead),
        ("Qualified people", "accent", history.qualified, history.qualified_ahead),
    ):
        base = values[history.first]
        at = [ms(instant) for instant in history.instants[history.first :]]
        y = _indexed(values[history.first :], base)
        traces.append(charts.line(name, at, y, role, width=2.5, shape="hv", hover=HOVER))
        if ahead is not None:
            traces += _ahead(name, role, [ms(instant) for instant in history.ahead], ahead, base)
    layout = go.Layout(
        hovermode="x unified",
        margin={"l": 46, "r": 16, "t": 14, "b": 28},
        xaxis=charts.DATES,
        yaxis={"nticks": 6},
        shapes=[charts.across(100, "limit")],
    )
    heads = ["Month", f"Capacity, {UNITS[measure]}", "Qualified people"]
    rows = zip(
        (day(at.date()) for at in history.instants),
        (round(value, 3) for value in history.capacity),
        history.qualified,
        strict=True,
    )
    meta = {
        "finding": growth_finding(history),
        "footer": f"Projection: {history.method}" if history.method else "",
        "narrow": charts.FEW_DATES,
        "table": charts.table(heads, reversed(list(rows))),
    }
    return charts.figure(traces, layout, meta)


def _ahead(name: str, role: str, at: list[int], ahead: Ahead, base: float) -> list[go.Scatter]:
    low, high = (_indexed(edges, base) for edges in zip(*ahead.band, strict=True))
    edge: Figure = {"width": 0, "hoverinfo": "skip"}
    return [
        charts.line(f"{name}, low", at, low, role, **edge),
        charts.line(f"{name}, high", at, high, role, fill="tonexty", **edge),
        charts.line(
            f"{name}, projected", at, _indexed(ahead.values, base), role, width=2, dash="dot", hover=HOVER
        ),
    ]


def _indexed(values: Sequence[float], base: float) -> list[float]:
    return [round(100 * value / base, 2) for value in values]
