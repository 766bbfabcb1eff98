"""Charts of capacity: deployed, ready and the gap over time, by site and by group, and what would close the gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plotly import graph_objects as go

from readiness.assessment.scoring.core.gap import CapacityFigures, CapacityMeasure, Gap
from readiness.assessment.scoring.gap.closing import Closing
from readiness.assessment.scoring.gap.queries import CONDITIONAL, OTHERS, UNEVALUATED, UNRECORDED, Group
from readiness.assessment.scoring.queries.capacity import CapacityHistory, Projection, SiteCapacityRow
from readiness.boards.gap import sentences
from web import charts
from web.charts import Figure, ms
from web.units import day, number, power, power_factor, power_unit

MARGIN = {"l": 46, "r": 16, "t": 14, "b": 28}
NO_GAP = "There was no gap in this time."
ROLES = {
    CONDITIONAL: "conditional",
    UNEVALUATED: "muted",
    UNRECORDED: "unknown",
    OTHERS: "deployed",
    **{f"p{number}": f"pillar-{number}" for number in range(1, 6)},
}
MOST_DRAWN = 400
"""Largest number of points on a curve: a thousand sites give thousands of steps, too many for a screen."""


@dataclass(frozen=True, slots=True)
class Scale:
    measure: CapacityMeasure
    unit: str
    factor: float

    @classmethod
    def fit(cls, measure: CapacityMeasure, largest: float) -> "Scale":
        if measure is CapacityMeasure.ACCELERATORS:
            return cls(measure, "accelerators", 1.0)
        unit = power_unit(largest)
        return cls(measure, unit, power_factor(unit))

    def column(self, bands: Iterable[CapacityFigures]) -> list[float]:
        return self.scaled(self.measure.of(band) for band in bands)

    def scaled(self, values: Iterable[float]) -> list[float]:
        return [round(value * self.factor, 3) for value in values]

    def text(self, value: float) -> str:
        return str(power(value)) if self.measure is CapacityMeasure.POWER else number(round(value))

    def hover(self, variable: str) -> str:
        form = ".1f" if self.measure is CapacityMeasure.POWER else ",.0f"
        return f"%{{{variable}:{form}}} {self.unit}"

    @property
    def axis(self) -> Figure:
        suffix = f" {self.unit}" if self.measure is CapacityMeasure.POWER else ""
        return {"ticksuffix": suffix, "rangemode": "tozero", "nticks": 6}


def gap_over_time(
    history: CapacityHistory, *, now: datetime, measure: CapacityMeasure = CapacityMeasure.POWER
) -> Figure:
    gaps = [gap for gap in history.gaps if gap.at <= now]
    if not any(measure.of(gap.deployed) for gap in gaps):
        return charts.nothing("No capacity was deployed in this time.")
    # A range that ends in the past has no projection.
    ahead = history.projection if now - gaps[-1].at < timedelta(days=1) else None
    # Today's figures beside the chart are in the same unit.
    scale = Scale.fit(measure, max(gap.deployed.it_kw for gap in gaps))
    layout = go.Layout(
        hovermode="x unified",
        margin=MARGIN | ({"r": 74} if ahead else {}),
        xaxis=charts.DATES,
        yaxis=scale.axis,
        shapes=[_today(now)] if ahead else [],
        annotations=[*_gap_note(gaps[-1], scale), *(_end_notes(ahead, scale, now) if ahead else [])],
    )
    meta = {
        "finding": sentences.history_finding(history, measure=measure),
        "footer": sentences.ahead(history) if ahead else history.no_projection,
        "narrow": charts.FEW_DATES | {"margin": {"r": 10}, "annotations": _gap_note(gaps[-1], scale)},
        "table": _gap_table(gaps, scale),
    }
    return charts.figure([*_bands(gaps, scale), *(_projected(ahead, scale) if ahead else [])], layout, meta)


def _bands(gaps: Sequence[Gap], scale: Scale) -> list[go.Scatter]:
    def band(
        name: str, role: str, y: list[float], size: list[float], width: float, **more: Any
    ) -> go.Scatter:
        at = [ms(gap.at) for gap in gaps]
        look: Figure = {"width": width, "shape": "hv", "hover": scale.hover("customdata"), "hoverinfo": "all"}
        return charts.line(name, at, y, role, customdata=size, **look, **more)

    ready = scale.column(gap.ready for gap in gaps)
    conditional = scale.column(gap.conditional for gap in gaps)
    with_conditional = scale.column(gap.ready + gap.conditional for gap in gaps)
    deployed = scale.column(gap.deployed for gap in gaps)
    not_ready = scale.column(gap.not_ready for gap in gaps)
    return [
        band("Ready", "ready", ready, ready, 2.5, fill="tozeroy"),
        band("Conditional", "conditional", with_conditional, conditional, 0, fill="tonexty"),
        band("Not ready", "gap", deployed, not_ready, 0, fill="tonexty"),
        band("Deployed", "deployed", deployed, deployed, 2.5),
    ]


def _projected(ahead: Projection, scale: Scale) -> list[go.Scatter]:
    instants = [ms(at) for at in ahead.instants]
    edge: Figure = {"width": 0, "hoverinfo": "skip"}
    lines = []
    for role, name, values, band in (
        ("deployed", "Deployed, projected", ahead.deployed, ahead.deployed_band),
        ("ready", "Ready, projected", ahead.ready, ahead.ready_band),
    ):
        low, high = (scale.scaled(edges) for edges in zip(*band, strict=True))
        y, hover = scale.scaled(values), scale.hover("y")
        lines += [
            charts.line(f"{name}, low", instants, low, role, **edge),
            charts.line(f"{name}, high", instants, high, role, fill="tonexty", **edge),
            charts.line(name, instants, y, role, width=2, dash="dot", hover=hover),
        ]
    return lines


def _today(now: datetime) -> Figure:
    edge = {"type": "line", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "name": "today"}
    return edge | {"x0": ms(now), "x1": ms(now)}


def _gap_note(last: Gap, scale: Scale) -> list[Figure]:
    of = scale.measure.of
    if of(last.gap) <= 0:
        return []
    middle = (of(last.deployed) + of(last.ready)) / 2 * scale.factor
    boxed = {"name": "gap boxed", "text": scale.text(of(last.gap)), "font": {"weight": 700}}
    return [boxed | {"x": ms(last.at), "y": middle, "xanchor": "right", "xshift": -10, "showarrow": False}]


def _end_notes(ahead: Projection, scale: Scale, now: datetime) -> list[Figure]:
    label = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "showarrow": False}
    ends = [("deployed", ahead.deployed[-1]), ("ready", ahead.ready[-1])]
    today = {"text": "today", "name": "today", "xref": "x", "x": ms(now), "xanchor": "right", "xshift": -3}
    above = {"yref": "paper", "y": 1, "yanchor": "bottom", "yshift": -2, "showarrow": False}
    return [
        *(
            label
            | {"y": value * scale.factor, "text": scale.text(value), "name": role, "font": {"weight": 600}}
            for role, value in ends
        ),
        today | above,
    ]


def _gap_table(gaps: Sequence[Gap], scale: Scale) -> Figure:
    heads = (f"{band}, {scale.unit}" for band in ("Deployed", "Ready", "Conditional", "Not ready"))
    return charts.table(
        ["Day", *heads],
        [
            [day(gap.at.date()), *scale.column((gap.deployed, gap.ready, gap.conditional, gap.not_ready))]
            for gap in reversed(gaps)
        ],
    )


def gap_by_site(rows: Sequence[SiteCapacityRow]) -> Figure:
    deployed_rows = [row for row in rows if row.deployed.it_kw > 0]
    if not deployed_rows:
        return charts.nothing("No site has deployed capacity.")
    scale = Scale.fit(CapacityMeasure.POWER, max(row.deployed.it_kw for row in deployed_rows))
    names = [row.site.name for row in deployed_rows]
    bands = {
        ("ready", "Ready"): [row.ready.it_kw for row in deployed_rows],
        ("conditional", "Conditional"): [row.conditional.it_kw for row in deployed_rows],
        ("gap", "Not ready"): [
            row.deployed.it_kw - row.ready.it_kw - row.conditional.it_kw for row in deployed_rows
        ],
    }
    traces = [
        charts.bars(name, names, scale.scaled(values), role, hover=f"%{{y:.2f}} {scale.unit}")
        for (role, name), values in bands.items()
    ]
    layout = go.Layout(
        barmode="stack",
        bargap=0.35,
        hovermode="x unified",
        yaxis={"ticksuffix": f" {scale.unit}", "nticks": 6},
        xaxis={"tickangle": -40, "showgrid": False},
    )
    heads = ["Site", *(f"{name}, {scale.unit}" for _role, name in bands)]
    meta = {
        "finding": sentences.largest_gap(tuple(deployed_rows)),
        "footer": "",
        "table": charts.table(heads, zip(names, *map(scale.scaled, bands.values()), strict=True)),
        "narrow": {"xaxis": {"tickangle": -90, "tickfont": {"size": 10}}},
    }
    return charts.figure(traces, layout, meta)


def gap_by_group(groups: Sequence[Group], *, measure: CapacityMeasure) -> Figure:
    groups_with_gap = [group for group in groups if any(measure.of(gap.gap) for gap in group.gaps)]
    if not groups_with_gap:
        return charts.nothing(NO_GAP)
    tops = [
        sum(gap.gap.it_kw for gap in at)
        for at in zip(*(group.gaps for group in groups_with_gap), strict=True)
    ]
    scale = Scale.fit(measure, max(tops))
    instants = [ms(gap.at) for gap in groups_with_gap[0].gaps]
    columns = [scale.column(gap.gap for gap in group.gaps) for group in groups_with_gap]
    look: Figure = {"stackgroup": "gap", "width": 1.2, "shape": "hv", "hover": scale.hover("y")}
    plain = iter(range(len(groups_with_gap)))
    traces = [
        charts.line(
            group.label,
            instants,
            column,
            ROLES.get(group.key) or f"series-{next(plain) % 6 + 1}",
            fill="tonexty" if place else "tozeroy",
            **look,
        )
        for place, (group, column) in enumerate(zip(groups_with_gap, columns, strict=True))
    ]
    layout = go.Layout(
        hovermode="x unified",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        margin=MARGIN,
        xaxis=charts.DATES,
        yaxis=scale.axis,
    )
    days = (day(gap.at.date()) for gap in groups_with_gap[0].gaps)
    heads = ["Day", *(f"{group.label}, {scale.unit}" for group in groups_with_gap)]
    meta = {
        "finding": sentences.moved(groups, measure=measure),
        "table": charts.table(heads, reversed(list(zip(days, *columns, strict=True)))),
        "narrow": charts.FEW_DATES,
    }
    return charts.figure(traces, layout, meta)


def closing(outcome: Closing, *, checks: int) -> Figure:
    measure, held_capacity = outcome.measure, outcome.measure.of(outcome.capacity)
    if len(outcome.curve) < 2:
        return charts.nothing("No check holds any capacity back.")
    scale = Scale.fit(measure, outcome.capacity.it_kw)
    best = _thinned([(point.checks, point.freed) for point in outcome.curve])
    steps = [(step.checks_so_far, measure.of(step.freed_so_far)) for step in outcome.plan]

    def curve(name: str, role: str, steps: Sequence[tuple[int, float]], **look: Any) -> go.Scatter:
        at, freed = zip(*steps, strict=True)
        return charts.line(
            name, list(at), scale.scaled(freed), role, hover=scale.hover("y"), shape="hv", **look
        )

    traces = [
        curve("At best", "ready", best, width=2.2, fill="tozeroy"),
        curve("In the order of the plan", "deployed", _thinned([(0, 0.0), *steps]), width=1.6, dash="dot"),
    ]
    whole = held_capacity * scale.factor
    note = {"text": f"{scale.text(held_capacity)} held back", "name": "gap", "y": whole, "yanchor": "bottom"}
    layout = go.Layout(
        hovermode="x unified",
        margin=MARGIN | {"t": 18, "b": 42},
        xaxis={"title": {"text": "checks resolved"}, "rangemode": "tozero", "showgrid": False},
        yaxis=scale.axis,
        shapes=[charts.across(whole, "gap")],
        annotations=[note | {"xref": "paper", "x": 0.01, "xanchor": "left", "showarrow": False}],
    )
    heads = ["Checks resolved", f"Freed at best, {scale.unit}"]
    rows = [[resolved, *scale.scaled([freed])] for resolved, freed in best]
    meta = {"finding": sentences.best_outcome(outcome, checks), "table": charts.table(heads, rows)}
    return charts.figure(traces, layout, meta)


def _thinned(points: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    if len(points) <= MOST_DRAWN:
        return points
    last = len(points) - 1
    return [points[round(place * last / (MOST_DRAWN - 1))] for place in range(MOST_DRAWN)]
