"""The backlog of actions by week."""

from collections.abc import Sequence

from plotly import graph_objects as go

from readiness.boards.feedback.core.backlog import BacklogWeek, trend_words
from web import charts
from web.charts import Figure, ms
from web.units import day


def backlog_chart(of_weeks: Sequence[BacklogWeek]) -> Figure:
    if not any(week.open_count or week.opened for week in of_weeks):
        return charts.nothing("No action was open in this time.")
    times, open_counts = [ms(week.at) for week in of_weeks], [week.open_count for week in of_weeks]
    layout = go.Layout(
        xaxis=charts.DATES,
        yaxis={"rangemode": "tozero", "dtick": max(1, -(-max(open_counts) // 4))},
        margin={"t": 10, "b": 28, "l": 36, "r": 12},
        hovermode="x unified",
        showlegend=False,
    )
    meta = {
        "finding": trend_words(of_weeks),
        "table": charts.table(
            ["Week until", "Open at its end", "Added", "Done or dropped"],
            [(day(week.at), week.open_count, week.opened, week.ended) for week in reversed(of_weeks)],
        ),
        "narrow": charts.FEW_DATES,
    }
    lines = [charts.line("Open actions", times, open_counts, "accent", width=2, shape="hv", hover="%{y}")]
    return charts.figure(lines, layout, meta)
