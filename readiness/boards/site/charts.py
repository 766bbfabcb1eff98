"""The live series of a site, one panel a domain."""

from collections.abc import Sequence
from datetime import datetime

from readiness.boards.site import sentences
from readiness.boards.site.series import SeriesPanel
from web.charts import Figure, across, ms, nothing, nth_axis, panels_below


def series(panels: Sequence[SeriesPanel], *, start: datetime, end: datetime) -> Figure:
    drawn = [panel for panel in panels if any(line.values for line in panel.lines)]
    if not drawn:
        return nothing("No live series of this site arrived in this time.")
    layout = _shared_time(len(drawn), ms(start), ms(end))
    traces: list[Figure] = []
    for number, panel in enumerate(drawn):
        _add_panel(panel, nth_axis(number), traces, layout)
    meta = {
        "finding": sentences.last_values(drawn),
        "footer": sentences.drawn_from(panels),
        "foot_right": sentences.last_sample(drawn),
        "links": [{"text": f"Explore {panel.title}", "url": panel.explore_url} for panel in drawn],
        "start_ms": ms(start),
        "end_ms": ms(end),
        "narrow": {"xaxis": {"nticks": 4}},
    }
    return {"data": traces, "layout": layout, "meta": meta}


def _shared_time(rows: int, start_ms: int, end_ms: int) -> Figure:
    return {
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "margin": {"l": 52, "r": 16, "t": 22, "b": 26},
        "grid": panels_below(rows),
        "xaxis": {
            "type": "date",
            "showgrid": False,
            "showspikes": True,
            "hoverformat": "%-d %b %Y %H:%M",
            "anchor": f"y{nth_axis(rows - 1)}",
            "range": [start_ms, end_ms],
        },
        "shapes": [],
        "annotations": [],
    }


def _add_panel(panel: SeriesPanel, nth: str, traces: list[Figure], layout: Figure) -> None:
    suffix = f" {panel.unit}" if panel.unit else ""
    for place, line in enumerate(panel.lines):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": line.name,
                "x": list(line.instants_ms),
                "y": list(line.values),
                "yaxis": f"y{nth}",
                "connectgaps": False,
                "hovertemplate": f"%{{y:.4~r}}{suffix}",
                "meta": {
                    "role": panel.domain if place == 0 else f"series-{place % 6 + 1}",
                    "unit": panel.unit,
                },
            }
        )
    layout[f"yaxis{nth}"] = {"ticksuffix": suffix, "nticks": 4}
    _add_limits(panel, nth, layout)
    above = {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": f"y{nth} domain",
        "y": 1,
        "yanchor": "bottom",
    }
    layout["annotations"].append(above | {"text": panel.title, "showarrow": False, "font": {"weight": 600}})


def _add_limits(panel: SeriesPanel, nth: str, layout: Figure) -> None:
    beside = {
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "yref": f"y{nth}",
        "name": "limit",
    }
    highest = max((limit.value for limit in panel.limits), default=0.0)
    for limit in panel.limits:
        layout["shapes"].append(across(limit.value, "limit") | {"yref": f"y{nth}"})
        note = {"y": limit.value, "text": limit.label, "showarrow": False}
        # Labels of two limits close to each other are placed above and below the pair.
        layout["annotations"].append(
            beside | note | {"yanchor": "bottom" if limit.value == highest else "top"}
        )
