"""From one score to another in steps, one for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plotly import graph_objects as go

from readiness.boards.explain.causes import Cause
from readiness.boards.explain.words import score
from web.charts import Figure, figure

THIN = 0.015
"""Height of a score's own mark, as a part of the axis: a bar down to an axis that does not begin at 0 would lie."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    start_label: str
    start: float
    end_label: str
    end: float
    steps: tuple[Cause, ...]


def waterfall(falls: Waterfall, *, finding: str) -> Figure:
    """Bars float between the score before and after their cause; lines lead from one to the next."""
    levels = [falls.start]
    for step in falls.steps:
        levels.append(levels[-1] + step.share)
    labels = [falls.start_label, *(step.label for step in falls.steps), falls.end_label]
    low, high = _axis([*levels, falls.end])
    thin = THIN * (high - low)
    traces = [
        _leads(labels, levels),
        *_bars(falls.steps, levels),
        _marks(labels, falls, thin),
    ]
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
        "table": _table(falls, levels),
    }
    return figure(traces, layout, meta)


def _axis(levels: Sequence[float]) -> tuple[float, float]:
    """The axis in points of 100, with room for the figures above and below."""
    low, high = 100 * min(levels), 100 * max(levels)
    room = max(0.18 * (high - low), 1.0)
    return max(0.0, low - room), min(104.0, high + room)


def _leads(labels: Sequence[str], levels: Sequence[float]) -> go.Scatter:
    x: list[Any] = []
    y: list[float | None] = []
    for here, there, level in zip(labels, labels[1:], levels, strict=False):
        x += [here, there, None]
        y += [round(100 * level, 2), round(100 * level, 2), None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        name="Score so far",
        hoverinfo="skip",
        line={"width": 1, "dash": "dot"},
        meta={"role": "muted"},
    )


def _bars(steps: Sequence[Cause], levels: Sequence[float]) -> list[go.Bar]:
    made = []
    for role, name, wanted in (
        ("ok", "Raised the score", [step.share > 0 for step in steps]),
        ("bad", "Lowered the score", [step.share < 0 for step in steps]),
        ("muted", "No difference", [step.share == 0 for step in steps]),
    ):
        shown = [place for place, is_wanted in enumerate(wanted) if is_wanted]
        made.append(
            go.Bar(
                x=[steps[place].label for place in shown],
                base=[round(100 * levels[place], 3) for place in shown],
                y=[round(100 * steps[place].share, 3) for place in shown],
                text=[steps[place].text for place in shown],
                textposition="outside",
                cliponaxis=False,
                customdata=[steps[place].means for place in shown],
                hovertemplate="%{x}: %{text}<br>%{customdata}<extra></extra>",
                name=name,
                meta={"role": role},
            )
        )
    return made


def _marks(labels: Sequence[str], falls: Waterfall, thin: float) -> go.Bar:
    ends = [100 * falls.start, 100 * falls.end]
    return go.Bar(
        x=[labels[0], labels[-1]],
        base=[round(end - thin / 2, 3) for end in ends],
        y=[round(thin, 4)] * 2,
        text=[score(falls.start), score(falls.end)],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{text}<extra></extra>",
        name="Score",
        meta={"role": "accent"},
    )


def _table(falls: Waterfall, levels: Sequence[float]) -> dict[str, Any]:
    rows: list[list[Any]] = [[falls.start_label, None, round(100 * falls.start, 2)]]
    rows += [
        [step.label, round(100 * step.share, 2), round(100 * level, 2)]
        for step, level in zip(falls.steps, levels[1:], strict=True)
    ]
    rows.append([falls.end_label, None, round(100 * falls.end, 2)])
    return {"columns": ["Step", "Change, points", "Score, points"], "rows": rows}
