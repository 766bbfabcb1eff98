"""The error of each forecast of a decision, in percent of the outcome."""

from collections.abc import Sequence

from plotly import graph_objects as go

from readiness.tradeoffs.decisions import tables
from readiness.tradeoffs.decisions.queries import Pair
from web.charts import Figure, bars, figure, nothing, table

COLUMNS = (
    *("Objective", "Unit", "Expected", "Low", "High", "Realised"),
    *("Error", "Error, %", "Why unknown"),
)


def errors(pairs: Sequence[Pair], *, finding: str) -> Figure:
    compared_pairs = [pair for pair in pairs if pair.percent is not None]
    if not compared_pairs:
        return nothing(finding)
    bottom_up = compared_pairs[::-1]
    bar = bars(
        "Error",
        [pair.percent for pair in bottom_up],
        [tables.objective(pair.forecast.objective) for pair in bottom_up],
        "series-1",
        hover="%{y}: %{text}<extra></extra>",
        orientation="h",
        text=[tables.percent(pair.percent) for pair in bottom_up],
    )
    layout = go.Layout(
        margin={"l": 170, "r": 24, "t": 12, "b": 40},
        xaxis={"title": {"text": "Realised less expected, % of realised"}, "zeroline": True},
        yaxis={"type": "category"},
        showlegend=False,
    )
    meta = {
        "finding": finding,
        "narrow": {"margin": {"l": 96}, "xaxis": {"nticks": 4}},
        "table": table(COLUMNS, map(_pair_cells, pairs)),
    }
    return figure([bar], layout, meta)


def _pair_cells(pair: Pair) -> list[str | float | None]:
    expected, realised = pair.comparison.expected, pair.comparison.realised
    return [
        *(tables.objective(pair.forecast.objective), expected.unit),
        *(expected.value, expected.low, expected.high, realised.value),
        *(pair.comparison.error, pair.percent, pair.unknown),
    ]
