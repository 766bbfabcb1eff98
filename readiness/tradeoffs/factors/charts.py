"""Hourly values of a factor as lines, one for each source."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from plotly import graph_objects as go

from readiness.tradeoffs.factors.core.series import FactorSeries
from readiness.tradeoffs.factors.queries.stored import SourceSeries
from web.charts import Figure, figure, ms, nothing

MOST_POINTS = 1_500


def hours(
    series: Sequence[SourceSeries], *, title: str, finding: str, start: datetime, end: datetime
) -> Figure:
    """Draw steps, because a value holds for its interval; unknown values break the line."""
    drawn = [each for each in series if len(each.series.values)]
    if not drawn:
        return nothing("No hour of this factor is known between these days.")
    span_s = (end - start).total_seconds()
    traces = [_line(each, index, span_s) for index, each in enumerate(drawn)]
    units = ", ".join(dict.fromkeys(each.unit for each in drawn))
    layout = go.Layout(
        margin={"l": 52, "r": 14, "t": 12, "b": 28},
        hovermode="x unified",
        xaxis={"type": "date", "range": [ms(start), ms(end)]},
        yaxis={"title": {"text": units}, "rangemode": "normal"},
        showlegend=len(drawn) > 1,
    )
    step_s = max(_bin_s(each.series, span_s) for each in drawn)
    footer = f"{title}, a mean for each {step_s // 60} min"
    return figure(traces, layout, {"finding": finding, "footer": footer, "narrow": {"xaxis": {"nticks": 4}}})


def _line(each: SourceSeries, index: int, span_s: float) -> go.Scatter:
    starts, values = _thinned(each.series, _bin_s(each.series, span_s))
    return go.Scatter(
        x=[1000 * start for start in starts],
        y=values,
        name=each.source,
        mode="lines",
        line={"width": 1.6, "shape": "hv"},
        connectgaps=False,
        meta={"role": f"series-{index % 6 + 1}", "unit": each.unit},
    )


def _bin_s(series: FactorSeries, span_s: float) -> int:
    return series.step_s * max(1, -(-int(span_s) // (series.step_s * MOST_POINTS)))


def _thinned(series: FactorSeries, bin_s: int) -> tuple[list[int], list[float | None]]:
    first = int(series.starts_s[0])
    places = (series.starts_s - first) // bin_s
    has_value = ~np.isnan(series.values)
    count = np.bincount(places, weights=has_value, minlength=int(places[-1]) + 1)
    total = np.bincount(places, weights=np.where(has_value, series.values, 0.0), minlength=len(count))
    starts = [first + bin_s * place for place in range(len(count))]
    values = [float(amount / many) if many else None for amount, many in zip(total, count, strict=True)]
    return starts, values
