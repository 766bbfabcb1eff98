"""A waterfall chart from one score to another, with one step for each cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from plotly import graph_objects as go

from readiness.boards.explain.sentences import Cause, day, score
from web import charts
from web.charts import Figure

THIN = 0.015
"""Height of the mark of a score, as a share of the axis. The axis does not begin at 0, so a full bar would mislead."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The scores of both days (None is drawn at 0) and the effect of each cause."""

    start_on: date
    start: float | None
    end_on: date
    end: float | None
    steps: tuple[Cause, ...]

    @property
    def labels(self) -> list[str]:
        return [day(self.start_on), *(step.label for step in self.steps), day(self.end_on)]

    @property
    def levels(self) -> list[float]:
        levels = [self.start or 0.0]
        for step in self.steps:
            levels.append(levels[-1] + step.share)
        return levels


def waterfall(falls: Waterfall, *, finding: str) -> Figure:
    low, high = _axis([*falls.levels, falls.end or 0.0])
    layout = go.Layout(
        showlegend=False,
        barmode="overlay",
        bargap=0.35,
        hovermode="closest",
        margin={"l": 44, "r": 16, "t": 22, "b": 34},
        xaxis={"type": "category", "showgrid": False, "fixedrange": True},
        yaxis={"range": [low, high], "nticks": 6, "fixedrange": True},
    )
    meta = {
        "finding": finding,
        "footer": f"Score in points of 100; the axis begins at {round(low)}.",
        "narrow": {"xaxis": {"tickangle": -55, "tickfont": {"size": 10}}, "margin": {"b": 84, "l": 34}},
        "table": _table(falls),
    }
    traces = [_leads(falls), *_bars(falls.steps, falls.levels), _marks(falls, THIN * (high - low))]
    return charts.figure(traces, layout, meta)


def _axis(levels: Sequence[float]) -> tuple[float, float]:
    low, high = 100 * min(levels), 100 * max(levels)
    room = max(0.18 * (high - low), 1.0)
    return max(0.0, low - room), min(104.0, high + room)


def _leads(falls: Waterfall) -> go.Scatter:
    x: list[Any] = []
    y: list[float | None] = []
    for here, following, level in zip(falls.labels, falls.labels[1:], falls.levels, strict=False):
        x += [here, following, None]
        y += [round(100 * level, 2), round(100 * level, 2), None]
    return charts.line("Score so far", x, y, "muted", hoverinfo="skip", width=1, dash="dot")


def _bars(steps: Sequence[Cause], levels: Sequence[float]) -> list[go.Bar]:
    bars = []
    for role, name, is_wanted in (
        ("ok", "Raised the score", lambda share: share > 0),
        ("bad", "Lowered the score", lambda share: share < 0),
        ("muted", "No difference", lambda share: share == 0),
    ):
        pairs = [pair for pair in zip(steps, levels, strict=False) if is_wanted(pair[0].share)]
        bars.append(
            charts.bars(
                name,
                [step.label for step, _ in pairs],
                [round(100 * step.share, 3) for step, _ in pairs],
                role,
                base=[round(100 * level, 3) for _, level in pairs],
                text=[step.text for step, _ in pairs],
                textposition="outside",
                cliponaxis=False,
                customdata=[step.means for step, _ in pairs],
                hover="%{x}: %{text}<br>%{customdata}<extra></extra>",
            )
        )
    return bars


def _marks(falls: Waterfall, thin: float) -> go.Bar:
    ends = [100 * (falls.start or 0.0), 100 * (falls.end or 0.0)]
    return charts.bars(
        "Score",
        [falls.labels[0], falls.labels[-1]],
        [round(thin, 4)] * 2,
        "accent",
        base=[round(end - thin / 2, 3) for end in ends],
        text=[score(falls.start), score(falls.end)],
        textposition="outside",
        cliponaxis=False,
        hover="%{x}: %{text}<extra></extra>",
    )


def _table(falls: Waterfall) -> Figure:
    changes = [None, *(round(100 * step.share, 2) for step in falls.steps), None]
    scores = [round(100 * level, 2) for level in [*falls.levels, falls.end or 0.0]]
    return charts.table(
        ["Step", "Change, points", "Score, points"], zip(falls.labels, changes, scores, strict=True)
    )
