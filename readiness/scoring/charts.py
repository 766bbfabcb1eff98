"""Capacity and pillars as figures, built with plotly's classes, which refuse a misspelt name.

Roles instead of colours, as the page kit says. Series, which a zoom asks for often, are in live_charts.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from plotly import graph_objects as go

from readiness.scoring import findings
from readiness.scoring.core.gap import Gap
from readiness.scoring.queries.capacity import CapacityHistory, Projection, SiteCapacityRow
from readiness.scoring.queries.rows import PillarFigure
from web.units import power_factor, power_unit

type Figure = dict[str, Any]


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _figure(traces: Iterable[Any], layout: go.Layout, meta: Figure) -> Figure:
    return {
        "data": [trace.to_plotly_json() for trace in traces],
        "layout": layout.to_plotly_json(),
        "meta": meta,
    }


def nothing(sentence: str) -> Figure:
    """A chart that has nothing to show says why."""
    return {"data": [], "layout": {}, "meta": {"empty": sentence, "finding": sentence}}


def gap_over_time(history: CapacityHistory, *, now: datetime) -> Figure:
    """Deployed, ready and conditional as bands over time, with what lies ahead if the pace holds."""
    gaps = [gap for gap in history.gaps if gap.at <= now]
    if not gaps or not any(gap.deployed.it_kw for gap in gaps):
        return nothing(gettext("No capacity was deployed in this time."))
    # A range that ends in the past has nothing ahead of it to draw.
    ahead = history.projection if now - gaps[-1].at < timedelta(days=1) else None
    # Today's figures beside the chart are in the same unit.
    unit = power_unit(max(gap.deployed.it_kw for gap in gaps))
    traces = [*_bands(gaps, unit), *(_projected(ahead, unit) if ahead else [])]
    layout = go.Layout(
        hovermode="x unified",
        margin={"l": 46, "r": 74 if ahead else 16, "t": 14, "b": 28},
        xaxis={"type": "date", "showgrid": False, "hoverformat": "%d %b %Y"},
        yaxis={"ticksuffix": f" {unit}", "rangemode": "tozero", "nticks": 6},
        shapes=[_today(now)] if ahead else [],
        annotations=_gap_notes(gaps, ahead, unit, now),
    )
    meta = {
        "finding": findings.over_time(history),
        "footer": findings.ahead(history) if ahead else history.no_projection,
        "narrow": {
            "margin": {"r": 10},
            "annotations": _gap_notes(gaps, None, unit, now),
            "xaxis": {"nticks": 4},
        },
        "table": _gap_table(gaps, unit),
    }
    return _figure(traces, layout, meta)


def _bands(gaps: Sequence[Gap], unit: str) -> list[go.Scatter]:
    instants = [ms(gap.at) for gap in gaps]
    factor = power_factor(unit)
    ready = [round(gap.ready.it_kw * factor, 3) for gap in gaps]
    conditional = [round((gap.ready + gap.conditional).it_kw * factor, 3) for gap in gaps]
    deployed = [round(gap.deployed.it_kw * factor, 3) for gap in gaps]
    line = {"mode": "lines", "x": instants, "hoverinfo": "skip"}
    hover = f"%{{customdata:.1f}} {unit}"
    width_of_conditional = [round(gap.conditional.it_kw * factor, 3) for gap in gaps]
    not_ready = [round(gap.not_ready.it_kw * factor, 3) for gap in gaps]
    shown = line | {"hoverinfo": "all", "hovertemplate": hover}
    return [
        go.Scatter(
            **shown,
            name=gettext("Ready"),
            y=ready,
            customdata=ready,
            fill="tozeroy",
            line={"width": 2.5, "shape": "hv"},
            meta={"role": "ready"},
        ),
        go.Scatter(
            **shown,
            name=gettext("Conditional"),
            y=conditional,
            customdata=width_of_conditional,
            fill="tonexty",
            line={"width": 0, "shape": "hv"},
            meta={"role": "conditional"},
        ),
        go.Scatter(
            **shown,
            name=gettext("Not ready"),
            y=deployed,
            customdata=not_ready,
            fill="tonexty",
            line={"width": 0, "shape": "hv"},
            meta={"role": "gap"},
        ),
        go.Scatter(
            **shown,
            name=gettext("Deployed"),
            y=deployed,
            customdata=deployed,
            line={"width": 2.5, "shape": "hv"},
            meta={"role": "deployed"},
        ),
    ]


def _projected(ahead: Projection, unit: str) -> list[go.Scatter]:
    """Dotted lines from today on, each with the band its method gives."""
    factor = power_factor(unit)
    instants = [ms(at) for at in ahead.instants]
    made = []
    for role, name, values, band in (
        ("deployed", gettext("Deployed, projected"), ahead.deployed, ahead.deployed_band),
        ("ready", gettext("Ready, projected"), ahead.ready, ahead.ready_band),
    ):
        edge = {
            "mode": "lines",
            "x": instants,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "meta": {"role": role},
        }
        made += [
            go.Scatter(**edge, name=f"{name}, low", y=_scaled((low for low, _ in band), factor)),
            go.Scatter(
                **edge, name=f"{name}, high", y=_scaled((high for _, high in band), factor), fill="tonexty"
            ),
            go.Scatter(
                mode="lines",
                x=instants,
                name=name,
                y=_scaled(values, factor),
                line={"width": 2, "dash": "dot"},
                hovertemplate=f"%{{y:.1f}} {unit}",
                meta={"role": role},
            ),
        ]
    return made


def _scaled(values: Iterable[float], factor: float) -> list[float]:
    return [round(value * factor, 3) for value in values]


def _today(now: datetime) -> Figure:
    edge = {"type": "line", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "name": "today"}
    return edge | {"x0": ms(now), "x1": ms(now)}


def _gap_notes(gaps: Sequence[Gap], ahead: Projection | None, unit: str, now: datetime) -> list[Figure]:
    """The gap of today in a box, and where both lines end if the pace holds."""
    last, factor = gaps[-1], power_factor(unit)
    notes: list[Figure] = []
    if last.gap.it_kw > 0:
        middle = (last.deployed.it_kw + last.ready.it_kw) / 2 * factor
        boxed = {"name": "gap boxed", "text": findings.kw(last.gap.it_kw, unit), "font": {"weight": 700}}
        notes.append(
            boxed | {"x": ms(last.at), "y": middle, "xanchor": "right", "xshift": -10, "showarrow": False}
        )
    if ahead is None:
        return notes
    label = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "showarrow": False}
    ends = [("deployed", ahead.deployed[-1]), ("ready", ahead.ready[-1])]
    notes += [
        label | {"y": kw * factor, "text": findings.kw(kw, unit), "name": role, "font": {"weight": 600}}
        for role, kw in ends
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
    notes.append(today | {"text": gettext("today"), "name": "today", "showarrow": False, "yshift": -2})
    return notes


def _gap_table(gaps: Sequence[Gap], unit: str) -> Figure:
    heads = (gettext("Deployed"), gettext("Ready"), gettext("Conditional"), gettext("Not ready"))
    factor = power_factor(unit)
    return {
        "columns": [gettext("Day"), *(f"{head}, {unit}" for head in heads)],
        "rows": [
            [
                gap.at.strftime("%Y-%m-%d"),
                *_scaled(
                    (gap.deployed.it_kw, gap.ready.it_kw, gap.conditional.it_kw, gap.not_ready.it_kw), factor
                ),
            ]
            for gap in reversed(gaps)
        ],
    }


def gap_by_site(rows: Sequence[SiteCapacityRow]) -> Figure:
    """One bar per site: all of it in the band of the site's verdict."""
    shown = [row for row in rows if row.deployed.it_kw > 0]
    if not shown:
        return nothing(gettext("No site has deployed capacity."))
    unit = power_unit(max(row.deployed.it_kw for row in shown))
    factor = power_factor(unit)
    names = [row.site.name for row in shown]
    bands = (
        ("ready", gettext("Ready"), [row.ready.it_kw for row in shown]),
        ("conditional", gettext("Conditional"), [row.conditional.it_kw for row in shown]),
        (
            "gap",
            gettext("Not ready"),
            [row.deployed.it_kw - row.ready.it_kw - row.conditional.it_kw for row in shown],
        ),
    )
    traces = [
        go.Bar(
            x=names,
            y=_scaled(values, factor),
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
        "columns": [gettext("Site"), *(f"{name}, {unit}" for _, name, _ in bands)],
        "rows": [
            [name, *(_scaled([values[i] for _, _, values in bands], factor))] for i, name in enumerate(names)
        ],
    }
    meta = {
        "finding": findings.largest_gap(tuple(shown)),
        "footer": "",
        "table": table,
        "narrow": _TURNED_LABELS,
    }
    return _figure(traces, layout, meta)


_TURNED_LABELS = {"xaxis": {"tickangle": -90, "tickfont": {"size": 10}}}


def pillars(
    now: Sequence[PillarFigure], before: Mapping[str, float | None] | None, *, finding: str
) -> Figure:
    """Five scores as a radar, beside those of some time ago where there are any."""
    if not any(pillar.score is not None for pillar in now):
        return nothing(gettext("No pillar has a score yet."))
    around = [*now, now[0]]
    names = [pillar.short_name for pillar in around]
    traces = []
    if before:
        earlier = [before.get(pillar.id) for pillar in around]
        traces.append(_round(names, earlier, gettext("90 days ago"), "deployed", width=1.6))
    upper = [pillar.upper for pillar in around]
    traces.append(
        _round(names, upper, gettext("if all evidence were there"), "projected", width=1.2, dash="dot")
    )
    scores = [pillar.score for pillar in around]
    traces.append(
        _round(names, scores, gettext("now"), "ready", width=2.5, fill="toself", mode="lines+markers")
    )
    columns = [gettext("Pillar"), gettext("Now"), gettext("With all evidence"), gettext("90 days ago")]
    rows = [
        [pillar.name, _percent(pillar.score), _percent(pillar.upper), _percent((before or {}).get(pillar.id))]
        for pillar in now
    ]
    return _figure(
        traces,
        go.Layout(polar={"radialaxis": {"range": [0, 100]}}),
        {"finding": finding, "table": {"columns": columns, "rows": rows}},
    )


def _round(
    names: Sequence[str], scores: Sequence[float | None], name: str, role: str, **look: Any
) -> go.Scatterpolar:
    line = {key: look.pop(key) for key in ("width", "dash") if key in look}
    look = {"mode": "lines"} | look
    return go.Scatterpolar(
        theta=list(names),
        r=[_percent(score) for score in scores],
        name=name,
        line=line,
        meta={"role": role},
        **look,
    )


def _percent(score: float | None) -> float | None:
    return None if score is None else round(100 * score, 1)
