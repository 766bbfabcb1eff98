"""Capacity as figures: deployed, ready and the gap over time, by site and by group, and what would close it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotly import graph_objects as go

from readiness.boards import findings
from readiness.scoring.core.closing import CurvePoint, Step
from readiness.scoring.core.gap import CapacityFigures, CapacityMeasure, Gap
from readiness.scoring.gap.queries import CONDITIONAL, OTHERS, UNEVALUATED, UNRECORDED, Group
from readiness.scoring.queries.capacity import CapacityHistory, Projection, SiteCapacityRow
from web.charts import Figure, figure, ms, nothing
from web.units import number, power_factor, power_unit


@dataclass(frozen=True, slots=True)
class Scale:
    """One unit for a whole chart: a prefix of watts, or accelerators."""

    measure: CapacityMeasure
    unit: str
    factor: float

    @classmethod
    def of(cls, measure: CapacityMeasure, largest: float) -> Scale:
        """The scale for values of this measure up to `largest`."""
        if measure is CapacityMeasure.ACCELERATORS:
            return cls(measure, "accelerators", 1.0)
        unit = power_unit(largest)
        return cls(measure, unit, power_factor(unit))

    def column(self, bands: Iterable[CapacityFigures]) -> list[float]:
        return self.scaled(self.measure.of(band) for band in bands)

    def scaled(self, values: Iterable[float]) -> list[float]:
        return [round(value * self.factor, 3) for value in values]

    def text(self, value: float) -> str:
        """A value of the measure, short enough for an axis or a note."""
        return (
            findings.kw(value, self.unit) if self.measure is CapacityMeasure.POWER else number(round(value))
        )

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
    """Deployed, ready and conditional as bands over time, with what lies ahead if the pace holds."""
    gaps = [gap for gap in history.gaps if gap.at <= now]
    if not any(measure.of(gap.deployed) for gap in gaps):
        return nothing("No capacity was deployed in this time.")
    # A range that ends in the past has nothing ahead of it to draw.
    ahead = history.projection if now - gaps[-1].at < timedelta(days=1) else None
    # Today's figures beside the chart are in the same unit.
    scale = Scale.of(measure, max(gap.deployed.it_kw for gap in gaps))
    traces = [*_bands(gaps, scale), *(_projected(ahead, scale) if ahead else [])]
    layout = go.Layout(
        hovermode="x unified",
        margin={"l": 46, "r": 74 if ahead else 16, "t": 14, "b": 28},
        xaxis={"type": "date", "showgrid": False, "hoverformat": "%d %b %Y"},
        yaxis=scale.axis,
        shapes=[_today(now)] if ahead else [],
        annotations=_gap_notes(gaps, ahead, scale, now),
    )
    meta = {
        "finding": findings.over_time(history, measure=measure),
        "footer": findings.ahead(history) if ahead else history.no_projection,
        "narrow": {
            "margin": {"r": 10},
            "annotations": _gap_notes(gaps, None, scale, now),
            "xaxis": {"nticks": 4},
        },
        "table": _gap_table(gaps, scale),
    }
    return figure(traces, layout, meta)


def _bands(gaps: Sequence[Gap], scale: Scale) -> list[go.Scatter]:
    ready = scale.column(gap.ready for gap in gaps)
    conditional = scale.column(gap.ready + gap.conditional for gap in gaps)
    deployed = scale.column(gap.deployed for gap in gaps)
    width_of_conditional = scale.column(gap.conditional for gap in gaps)
    not_ready = scale.column(gap.not_ready for gap in gaps)
    shown = {
        "mode": "lines",
        "x": [ms(gap.at) for gap in gaps],
        "hoverinfo": "all",
        "hovertemplate": scale.hover("customdata"),
    }
    return [
        go.Scatter(
            **shown,
            name="Ready",
            y=ready,
            customdata=ready,
            fill="tozeroy",
            line={"width": 2.5, "shape": "hv"},
            meta={"role": "ready"},
        ),
        go.Scatter(
            **shown,
            name="Conditional",
            y=conditional,
            customdata=width_of_conditional,
            fill="tonexty",
            line={"width": 0, "shape": "hv"},
            meta={"role": "conditional"},
        ),
        go.Scatter(
            **shown,
            name="Not ready",
            y=deployed,
            customdata=not_ready,
            fill="tonexty",
            line={"width": 0, "shape": "hv"},
            meta={"role": "gap"},
        ),
        go.Scatter(
            **shown,
            name="Deployed",
            y=deployed,
            customdata=deployed,
            line={"width": 2.5, "shape": "hv"},
            meta={"role": "deployed"},
        ),
    ]


def _projected(ahead: Projection, scale: Scale) -> list[go.Scatter]:
    """Dotted lines from today on, each with the band its method gives."""
    instants = [ms(at) for at in ahead.instants]
    made = []
    for role, name, values, band in (
        ("deployed", "Deployed, projected", ahead.deployed, ahead.deployed_band),
        ("ready", "Ready, projected", ahead.ready, ahead.ready_band),
    ):
        edge = {
            "mode": "lines",
            "x": instants,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "meta": {"role": role},
        }
        made += [
            go.Scatter(**edge, name=f"{name}, low", y=scale.scaled(low for low, _ in band)),
            go.Scatter(
                **edge, name=f"{name}, high", y=scale.scaled(high for _, high in band), fill="tonexty"
            ),
            go.Scatter(
                mode="lines",
                x=instants,
                name=name,
                y=scale.scaled(values),
                line={"width": 2, "dash": "dot"},
                hovertemplate=scale.hover("y"),
                meta={"role": role},
            ),
        ]
    return made


def _today(now: datetime) -> Figure:
    edge = {"type": "line", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "name": "today"}
    return edge | {"x0": ms(now), "x1": ms(now)}


def _gap_notes(gaps: Sequence[Gap], ahead: Projection | None, scale: Scale, now: datetime) -> list[Figure]:
    """The gap of today in a box, and where both lines end if the pace holds."""
    last, of = gaps[-1], scale.measure.of
    notes: list[Figure] = []
    if of(last.gap) > 0:
        middle = (of(last.deployed) + of(last.ready)) / 2 * scale.factor
        boxed = {"name": "gap boxed", "text": scale.text(of(last.gap)), "font": {"weight": 700}}
        notes.append(
            boxed | {"x": ms(last.at), "y": middle, "xanchor": "right", "xshift": -10, "showarrow": False}
        )
    if ahead is None:
        return notes
    label = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "showarrow": False}
    ends = [("deployed", ahead.deployed[-1]), ("ready", ahead.ready[-1])]
    notes += [
        label | {"y": value * scale.factor, "text": scale.text(value), "name": role, "font": {"weight": 600}}
        for role, value in ends
    ]
    today = {
        "xref": "x",
        "x": ms(now),
        "yref": "paper",
        "y": 1,
        "xanchor": "right",
        "yanchor": "bottom",
        "xshift": -3,
    }
    notes.append(today | {"text": "today", "name": "today", "showarrow": False, "yshift": -2})
    return notes


def _gap_table(gaps: Sequence[Gap], scale: Scale) -> Figure:
    heads = ("Deployed", "Ready", "Conditional", "Not ready")
    return {
        "columns": ["Day", *(f"{head}, {scale.unit}" for head in heads)],
        "rows": [
            [
                gap.at.strftime("%Y-%m-%d"),
                *scale.column((gap.deployed, gap.ready, gap.conditional, gap.not_ready)),
            ]
            for gap in reversed(gaps)
        ],
    }


def gap_by_site(rows: Sequence[SiteCapacityRow]) -> Figure:
    """One bar per site: all of it in the band of the site's verdict."""
    shown = [row for row in rows if row.deployed.it_kw > 0]
    if not shown:
        return nothing("No site has deployed capacity.")
    scale = Scale.of(CapacityMeasure.POWER, max(row.deployed.it_kw for row in shown))
    unit = scale.unit
    names = [row.site.name for row in shown]
    bands = (
        ("ready", "Ready", [row.ready.it_kw for row in shown]),
        ("conditional", "Conditional", [row.conditional.it_kw for row in shown]),
        (
            "gap",
            "Not ready",
            [row.deployed.it_kw - row.ready.it_kw - row.conditional.it_kw for row in shown],
        ),
    )
    traces = [
        go.Bar(
            x=names,
            y=scale.scaled(values),
            name=name,
            hovertemplate=f"%{{y:.2f}} {unit}",
            meta={"role": role},
        )
        for role, name, values in bands
    ]
    layout = go.Layout(
        barmode="stack",
        bargap=0.35,
        hovermode="x unified",
        yaxis={"ticksuffix": f" {unit}", "nticks": 6},
        xaxis={"tickangle": -40, "showgrid": False},
    )
    table = {
        "columns": ["Site", *(f"{name}, {unit}" for _, name, _ in bands)],
        "rows": [[name, *scale.scaled(values[i] for _, _, values in bands)] for i, name in enumerate(names)],
    }
    meta = {
        "finding": findings.largest_gap(tuple(shown)),
        "footer": "",
        "table": table,
        "narrow": _TURNED_LABELS,
    }
    return figure(traces, layout, meta)


_TURNED_LABELS = {"xaxis": {"tickangle": -90, "tickfont": {"size": 10}}}


ROLES = {
    CONDITIONAL: "conditional",
    UNEVALUATED: "muted",
    UNRECORDED: "unknown",
    OTHERS: "deployed",
    **{f"p{number}": f"pillar-{number}" for number in range(1, 6)},
}


def by_group(groups: Sequence[Group], *, measure: CapacityMeasure, finding: str) -> Figure:
    """The gap as areas on top of each other, one for each group, the largest of today at the bottom."""
    shown = [group for group in groups if any(measure.of(gap.gap) for gap in group.gaps)]
    if not shown:
        return nothing("There was no gap in this time.")
    tops = [
        sum(gap.gap.it_kw for gap in at_one) for at_one in zip(*(group.gaps for group in shown), strict=True)
    ]
    scale = Scale.of(measure, max(tops))
    instants = [ms(gap.at) for gap in shown[0].gaps]
    plain = iter(range(1, len(shown) + 1))
    traces = [
        go.Scatter(
            mode="lines",
            x=instants,
            y=scale.column(gap.gap for gap in group.gaps),
            name=group.label,
            stackgroup="gap",
            fill="tonexty" if place else "tozeroy",
            line={"width": 1.2, "shape": "hv"},
            hovertemplate=scale.hover("y"),
            meta={"role": ROLES.get(group.key) or f"series-{(next(plain) - 1) % 6 + 1}"},
        )
        for place, group in enumerate(shown)
    ]
    layout = go.Layout(
        hovermode="x unified",
        showlegend=True,
        legend={"orientation": "h", "y": -0.16, "traceorder": "normal"},
        margin={"l": 46, "r": 16, "t": 14, "b": 28},
        xaxis={"type": "date", "showgrid": False, "hoverformat": "%d %b %Y"},
        yaxis=scale.axis,
    )
    columns = ["Day", *(f"{group.label}, {scale.unit}" for group in shown)]
    rows = [
        [gap.at.strftime("%Y-%m-%d"), *scale.column(group.gaps[place].gap for group in shown)]
        for place, gap in reversed(list(enumerate(shown[0].gaps)))
    ]
    meta = {
        "finding": finding,
        "table": {"columns": columns, "rows": rows},
        "narrow": {"xaxis": {"nticks": 4}},
    }
    return figure(traces, layout, meta)


MOST_DRAWN = 400
"""Points of a curve; a thousand sites have thousands of steps, which no screen has room for."""


def closing(
    curve: Sequence[CurvePoint],
    plan: Sequence[Step],
    *,
    measure: CapacityMeasure,
    held: CapacityFigures,
    finding: str,
) -> Figure:
    """The capacity that resolved checks free, at best and in the order of the plan, against their number."""
    if len(curve) < 2:
        return nothing("No check holds any capacity back.")
    scale = Scale.of(measure, held.it_kw)
    steps = [(0, 0.0), *((step.checks_so_far, measure.of(step.freed_so_far)) for step in plan)]
    best = _thinned([(point.checks, point.freed) for point in curve])
    ranked = _thinned(steps)
    shown = {"mode": "lines", "hovertemplate": scale.hover("y")}
    traces = [
        go.Scatter(
            **shown,
            x=[checks for checks, _ in best],
            y=scale.scaled(freed for _, freed in best),
            name="At best",
            fill="tozeroy",
            line={"width": 2.2, "shape": "hv"},
            meta={"role": "ready"},
        ),
        go.Scatter(
            **shown,
            x=[checks for checks, _ in ranked],
            y=scale.scaled(freed for _, freed in ranked),
            name="In the order of the plan",
            line={"width": 1.6, "shape": "hv", "dash": "dot"},
            meta={"role": "deployed"},
        ),
    ]
    whole = scale.measure.of(held) * scale.factor
    layout = go.Layout(
        hovermode="x unified",
        margin={"l": 46, "r": 16, "t": 18, "b": 42},
        xaxis={"title": {"text": "checks resolved"}, "rangemode": "tozero", "showgrid": False},
        yaxis=scale.axis,
        shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": whole, "y1": whole, "name": "gap"}],
        annotations=[
            {"xref": "paper", "x": 0.01, "xanchor": "left", "y": whole, "yanchor": "bottom", "name": "gap"}
            | {"text": f"{scale.text(measure.of(held))} held", "showarrow": False}
        ],
    )
    columns = ["Checks resolved", f"Freed at best, {scale.unit}"]
    rows = [[checks, *scale.scaled([freed])] for checks, freed in best]
    return figure(traces, layout, {"finding": finding, "table": {"columns": columns, "rows": rows}})


def _thinned(points: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """At most so many points, the first and the last among them."""
    if len(points) <= MOST_DRAWN:
        return points
    last = len(points) - 1
    return [points[round(place * last / (MOST_DRAWN - 1))] for place in range(MOST_DRAWN)]
