"""The chart of the road: what is ready by which day, as planned, with the ticked fixes, and with saved plans."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from plotly import graph_objects as go

from readiness.boards.gap.charts import MARGIN, Scale
from readiness.boards.road import sentences
from readiness.boards.road.core.sums import RoadSums
from readiness.boards.road.queries import RoadStanding
from web import charts
from web.charts import Figure, ms
from web.units import day

WITH_FIXES = "With the fixes"
BEYOND = timedelta(days=14)
"""The lines run on for so long after the last day, so that it can be seen."""


def ready_by_month(standing: RoadStanding, others: Sequence[tuple[str, RoadSums]]) -> Figure:
    """`others` are further ways of the road, by name."""
    road = standing.road
    ways = [("As planned", "ready", road.planned)]
    ways.append((WITH_FIXES, "accent", road.fixed))
    ways += [(name, f"series-{place}", sums) for place, (name, sums) in enumerate(others, start=1)]
    if not road.planned.deployed:
        return charts.nothing("No site has capacity yet.")
    last_on = max((sums.last_on for _name, _role, sums in ways if sums.last_on), default=None)
    if last_on is None:
        return charts.nothing("No site that waits has a date. Set the first date on the worklist.")
    scale = Scale.fit(road.measure, road.planned.deployed)
    end = last_on + BEYOND
    traces = [_line(name, role, _steps(sums, road.today, end, scale), scale) for name, role, sums in ways]
    # The page's script moves this line when a box is ticked.
    traces[1].meta = {**traces[1].meta, "line": "fixes"}
    deployed = scale.scaled([road.planned.deployed] * 2)
    traces.append(
        charts.line("Deployed", [_ms(road.today), _ms(end)], deployed, "deployed", hover=scale.hover("y"))
    )
    layout = go.Layout(
        hovermode="x unified",
        margin=MARGIN,
        xaxis=charts.DATES,
        yaxis=scale.axis,
        # The card has a legend of the other lines.
        showlegend=bool(others),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    meta = {
        "finding": sentences.chart_finding(standing),
        "table": _table(ways, scale),
        "narrow": charts.FEW_DATES,
    }
    return charts.figure(traces, layout, meta)


def _line(name: str, role: str, points: tuple[list[int], list[float]], scale: Scale) -> go.Scatter:
    look: Figure = {"fill": "tozeroy"} if role == "ready" else {"dash": "dash"}
    return charts.line(name, *points, role, hover=scale.hover("y"), shape="hv", width=2.2, **look)


def _steps(sums: RoadSums, today: date, end: date, scale: Scale) -> tuple[list[int], list[float]]:
    points = [(today, sums.ready_by(today)), *((on, total) for on, total in sums.steps if on > today)]
    points.append((end, points[-1][1]))
    return [_ms(on) for on, _total in points], scale.scaled(total for _on, total in points)


def _ms(on: date) -> int:
    return ms(datetime(on.year, on.month, on.day, tzinfo=UTC))


def _table(ways: Sequence[tuple[str, str, RoadSums]], scale: Scale) -> Figure:
    days = sorted({on for _name, _role, sums in ways for on, _total in sums.steps})
    heads = ["Day", *(f"{name}, {scale.unit}" for name, _role, _sums in ways)]
    return charts.table(
        heads, [[day(on), *scale.scaled(sums.ready_by(on) for *_names, sums in ways)] for on in days]
    )
