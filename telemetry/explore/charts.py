"""The figure of Explore: one axis of time, a panel for each metric and for their relation, earlier periods dashed."""

from typing import Any

from telemetry import charts
from telemetry.charts import COLOURED, MARGIN, Figure
from telemetry.explore.comparing import Explored, ExploredPanel
from telemetry.explore.lines import ExploredLines
from web.charts import nth_axis, panels_below
from web.units import format_value

MOST_POINTS = 1500
# Of many lines, those of the earlier period would only cover the present ones.
MOST_EARLIER = COLOURED
HEAD = {"weight": 600}
# Of panels with one line each.
ROLES = {"A": "series-1", "B": "series-3"}
ROLE_OF_RELATION = "series-4"


def compared(explored: Explored) -> Figure:
    figures = [_panel_figure(panel) for panel in explored.panels]
    if len(figures) == 1:
        return figures[0]
    drawn = [(panel, figure) for panel, figure in zip(explored.panels, figures, strict=True)]
    traces: list[Figure] = []
    layout = _shared_time(explored, len(drawn))
    for number, (panel, figure) in enumerate(drawn):
        _add_panel(panel, figure, nth_axis(number), traces, layout)
    layout["showlegend"] = any(trace.get("showlegend") for trace in traces)
    if not traces:
        return charts.nothing(explored.first.nothing)
    metas = [figure["meta"] for figure in figures]
    meta = {
        "finding": explored.finding,
        "footer": explored.first.footer,
        "foot_right": explored.first.provenance,
        "start_ms": explored.first.spec.start_ms,
        "end_ms": explored.first.spec.end_ms,
        "title": explored.title,
        "narrow": {"xaxis": {"nticks": 4}},
    }
    tables = [meta["table"] for meta in metas if "table" in meta]
    return {"data": traces, "layout": layout, "meta": meta | ({"table": tables[0]} if tables else {})}


def _panel_figure(panel: ExploredPanel) -> Figure:
    figure = charts.lines(panel.lines, most_points=MOST_POINTS)
    if panel.earlier is not None and "yaxis" in figure["layout"]:
        figure["data"] += _earlier_traces(panel.lines, panel.earlier)
    return figure


def _earlier_traces(present: ExploredLines, earlier: ExploredLines) -> list[Figure]:
    factor, suffix = charts.drawn_scale(present)
    coloured = [line.name for line in present.drawn[:MOST_EARLIER]]
    traces = []
    for line in earlier.lines:
        if line.name not in coloured:
            continue
        trace = charts.line_trace(line, factor, suffix, coloured.index(line.name), MOST_POINTS)
        trace |= {"name": f"{line.name}, earlier", "mode": "lines", "showlegend": False, "zorder": -1}
        trace["line"] = {"width": 1.3, "dash": "4px,3px"}
        if len(coloured) == 1:
            trace["meta"] = trace["meta"] | {"role": "projected"}
        traces.append(trace)
    return traces


def _shared_time(explored: Explored, rows: int) -> Figure:
    spec = explored.first.spec
    few = all(len(panel.lines.lines) <= COLOURED for panel in explored.panels)
    return {
        "hovermode": "x unified" if few else "closest",
        "hoversubplots": "axis",
        "margin": MARGIN,
        "legend": {"orientation": "h", "x": 0, "y": 1.06, "yanchor": "bottom"},
        "grid": panels_below(rows),
        "xaxis": {
            "type": "date",
            "showgrid": False,
            "showspikes": True,
            "anchor": f"y{nth_axis(rows - 1)}",
            "range": [spec.start_ms, spec.end_ms],
        },
        "shapes": [],
        "annotations": [],
    }


def _add_panel(
    panel: ExploredPanel, figure: Figure, nth: str, traces: list[Figure], layout: dict[str, Any]
) -> None:
    axis = f"y{nth}"
    single = len(panel.lines.lines) == 1
    # A line has one colour in all panels, and one entry in the legend.
    roles = {trace["legendgroup"]: trace["meta"]["role"] for trace in traces}
    for trace in figure["data"]:
        name = trace["name"]
        drawn = trace | {"yaxis": axis, "name": f"{panel.key}: {name}", "legendgroup": name}
        if single and trace["meta"]["role"] != "projected":
            drawn |= _colour(trace, ROLES.get(panel.key, ROLE_OF_RELATION))
        elif not single and name in roles:
            drawn |= _colour(trace, roles[name])
        elif not nth and not single:
            drawn["name"] = name
        if single or name in roles:
            drawn["showlegend"] = False
        traces.append(drawn)
    own = figure["layout"]
    layout[f"yaxis{nth}"] = own.get("yaxis", {"showticklabels": False}) | {"nticks": 4}
    layout["shapes"] += [shape | {"yref": axis} for shape in own.get("shapes", ())]
    layout["annotations"] += [note | {"yref": axis} for note in own.get("annotations", ())]
    layout["annotations"].append(_head(panel, axis))


def _colour(trace: Figure, role: str) -> Figure:
    return {"meta": trace["meta"] | {"role": role}}


def _head(panel: ExploredPanel, axis: str) -> Figure:
    """The panel's letter, the newest value of a single line, and the metric: shorter than a phone is wide."""
    lines = panel.lines
    parts = [panel.key]
    if len(lines.lines) == 1:
        parts.append(str(format_value(lines.lines[0].last, lines.unit)))
    if not lines.lines:
        parts.append(lines.nothing)
    elif panel.key in ROLES:
        parts.append(lines.metric.title if lines.metric else lines.spec.metric)
    place: Figure = {"xref": "paper", "x": 0, "xanchor": "left", "yref": f"{axis} domain", "y": 1}
    return place | {"yanchor": "bottom", "showarrow": False, "text": " · ".join(parts), "font": HEAD}
