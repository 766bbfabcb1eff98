"""Charts of a check: its figure at a site over time, and how many sites did not pass it."""

from collections.abc import Sequence

from plotly import graph_objects as go

from readiness.assessment.framework.core.vocabulary import Direction
from readiness.assessment.scoring.core.kept import KeptFigure
from readiness.boards.checks.over_time import WEEKS, Week
from readiness.boards.checks.trend import FigureTrend
from web import charts
from web.charts import Figure, ms
from web.units import day, format_value, how_many, instant


def trend_chart(trend: FigureTrend) -> Figure:
    part = trend.part
    if not trend.figures:
        return charts.nothing("No figure of this sub-measure was kept in this time.")
    limit = part.threshold
    inside = [_is_inside(figure, limit, trend.direction) for figure in trend.figures]
    unit = f" {part.unit}" if part.unit else ""
    times = [ms(each.taken_at) for each in trend.figures]
    values = [each.value or 0.0 for each in trend.figures]
    traces = [charts.line(part.name, times, values, "series-2", width=1.6, hoverinfo="skip")]
    traces += _marks(times, values, inside, unit)
    layout = go.Layout(
        xaxis=charts.INSTANTS,
        yaxis={"ticksuffix": unit if part.unit == "%" else "", "rangemode": "normal"},
        shapes=[charts.across(limit, "limit")] if limit is not None else [],
        margin={"t": 10, "b": 28, "l": 48, "r": 12},
        hovermode="closest",
        showlegend=False,
    )
    rows = [
        (instant(each.taken_at), str(format_value(each.value, part.unit)), each.detail)
        for each in reversed(trend.figures)
    ]
    meta = {
        "finding": _finding(trend, inside),
        "table": charts.table(["Taken", part.name, "Of"], rows),
        "narrow": charts.FEW_DATES,
    }
    return charts.figure(traces, layout, meta)


LOOKS = (
    ("Meets the limit", "series-2", "circle", True),
    ("Does not meet the limit", "bad", "square", False),
)


def _marks(
    times: Sequence[int], values: Sequence[float], inside: Sequence[bool], unit: str
) -> list[go.Scatter]:
    marks = []
    for name, role, symbol, is_inside in LOOKS:
        alike = [place for place, each in enumerate(inside) if each is is_inside]
        if alike:
            x, y = [times[place] for place in alike], [values[place] for place in alike]
            marker = {"size": 8, "symbol": symbol}
            marks.append(charts.points(name, x, y, role, hover=f"%{{y:.4g}}{unit}", marker=marker))
    return marks


def _is_inside(figure: KeptFigure, limit: float | None, direction: Direction) -> bool:
    """Whether the figure meets the limit of now; a range and a set of codes are not compared."""
    if limit is None or figure.value is None or direction not in (Direction.HIGHER, Direction.LOWER):
        return True
    return figure.value >= limit if direction is Direction.HIGHER else figure.value <= limit


def _finding(trend: FigureTrend, inside: Sequence[bool]) -> str:
    last = format_value(trend.figures[-1].value, trend.part.unit)
    failing = inside.count(False)
    outside = f"; {failing} of {len(inside)} do not meet the limit of now" if failing else ""
    return f"{trend.part.name}: {len(inside)} figures, last {last}{outside}."


def weeks_chart(of_weeks: Sequence[Week]) -> Figure:
    if not any(sum(week.counts.values()) for week in of_weeks):
        return charts.nothing("No site has been evaluated yet.")
    times = [ms(week.at) for week in of_weeks]
    opened = [week.open_sites for week in of_weeks]
    traces = [
        charts.line("Sites that do not pass", times, opened, "bad", width=2, shape="hv", hover="%{y}"),
    ]
    layout = go.Layout(
        xaxis=charts.DATES,
        yaxis={"rangemode": "tozero", "dtick": max(1, -(-max(opened) // 4))},
        margin={"t": 10, "b": 28, "l": 36, "r": 12},
        hovermode="x unified",
        showlegend=False,
    )
    first, last = opened[0], opened[-1]
    meta = {
        "finding": f"{how_many(last, 'site does', 'sites do')} not pass, {first} {WEEKS} weeks ago.",
        "table": charts.table(
            ["Week until", "Sites that do not pass"],
            [(day(week.at), week.open_sites) for week in reversed(of_weeks)],
        ),
        "narrow": charts.FEW_DATES,
    }
    return charts.figure(traces, layout, meta)
