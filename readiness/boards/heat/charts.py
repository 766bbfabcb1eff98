"""The map of accelerators as a figure."""

from collections.abc import Mapping, Sequence

from plotly import graph_objects as go

from readiness.boards.heat import sentences
from readiness.boards.heat.grid import PlacedAccelerator, colour_stops
from readiness.boards.heat.queries import HeatMap
from web.charts import Figure, figure, nothing, points, table
from web.links import link

MARGIN = {"l": 8, "r": 8, "t": 8, "b": 40}
FEW_COLUMNS = 16


def heat(heat_map: HeatMap) -> Figure:
    grid, values, metric = heat_map.grid, heat_map.values, heat_map.metric
    if not values:
        return nothing(sentences.no_sample(heat_map))
    placed = [
        (row, column, each)
        for row, cells in zip(grid.rows, grid.cells, strict=True)
        for column, each in zip(grid.columns, cells, strict=True)
        if each is not None
    ]
    words = {each.id: sentences.cell(each, values.get(each.id), metric) for _row, _column, each in placed}
    silent = [each for each in placed if each[2].id not in values]
    rows = [
        [each.node, each.rack, each.index, values.get(each.id), _level(heat_map, each.id)]
        for _row, _column, each in placed
    ]
    meta = {
        "finding": sentences.finding(heat_map),
        "footer": sentences.colours(heat_map),
        "foot_right": heat_map.provenance,
        "table": table(["Node", "Rack", "Accelerator", sentences.headed(metric), "Beyond"], rows),
    }
    traces = [_cells(heat_map, words), *([_missing(silent, words)] if silent else [])]
    return figure(traces, _layout(heat_map), meta)


def _cells(heat_map: HeatMap, words: Mapping[int, str]) -> go.Heatmap:
    grid, values, metric = heat_map.grid, heat_map.values, heat_map.metric
    cells = [[each.id if each else 0 for each in row] for row in grid.cells]
    low, high = min(values.values()), max(values.values())
    return go.Heatmap(
        x=list(grid.columns),
        y=list(grid.rows),
        z=[[values.get(pk) for pk in row] for row in cells],
        zmin=low,
        zmax=high if high > low else low + 1,
        text=[[words.get(pk, "") for pk in row] for row in cells],
        customdata=[[link("accelerator-detail", pk) if pk else "" for pk in row] for row in cells],
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
        name=metric.label,
        meta={"stops": colour_stops(low, high, metric.limits), "opens": True, "unit": metric.unit},
    )


def _missing(silent: Sequence[tuple[str, str, PlacedAccelerator]], words: Mapping[int, str]) -> go.Scatter:
    return points(
        "No sample",
        [column for _row, column, _each in silent],
        [row for row, _column, _each in silent],
        "unknown",
        hover="%{text}<extra></extra>",
        marker={"symbol": "x-thin", "size": 6, "line": {"width": 1.2}},
        text=[words[each.id] for _row, _column, each in silent],
    )


def _level(heat_map: HeatMap, pk: int) -> str:
    value = heat_map.values.get(pk)
    return "no sample" if value is None else heat_map.metric.limits.level_of(value)


def _layout(heat_map: HeatMap) -> go.Layout:
    grid = heat_map.grid
    across = "place in the rack" if grid.by_rack else "accelerator"
    return go.Layout(
        margin=MARGIN,
        hovermode="closest",
        xaxis={
            "type": "category",
            "title": {"text": across},
            "showgrid": False,
            "nticks": FEW_COLUMNS,
        },
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "automargin": True},
    )
