"""The pillars of a site as a radar."""

from collections.abc import Mapping, Sequence
from typing import Any

from plotly import graph_objects as go

from readiness.scoring.queries.rows import PillarFigure
from web import charts
from web.charts import Figure


def pillars(
    now: Sequence[PillarFigure], before: Mapping[str, float | None] | None, *, finding: str
) -> Figure:
    """Five scores as a radar, beside those of some time ago where there are any."""
    if not any(pillar.score is not None for pillar in now):
        return charts.nothing("No pillar has a score yet.")
    earlier = before or {}
    names = [pillar.short_name for pillar in now]
    past = [_percent(earlier.get(pillar.id)) for pillar in now]
    upper = [_percent(pillar.upper) for pillar in now]
    present = [_percent(pillar.score) for pillar in now]
    dotted: Figure = {"width": 1.2, "dash": "dot"}
    traces = [
        *([_round(names, past, "90 days ago", "deployed", {"width": 1.6})] if before else []),
        _round(names, upper, "if all evidence were there", "projected", dotted),
        _round(names, present, "now", "ready", {"width": 2.5}, fill="toself", mode="lines+markers"),
    ]
    heads = ["Pillar", "Now, points", "With all evidence, points", "90 days ago, points"]
    rows = zip([pillar.name for pillar in now], present, upper, past, strict=True)
    meta = {"finding": finding, "table": charts.table(heads, rows)}
    return charts.figure(traces, go.Layout(polar={"radialaxis": {"range": [0, 100]}}), meta)


def _round(
    names: Sequence[str], scores: Sequence[float | None], name: str, role: str, line: Figure, **look: Any
) -> go.Scatterpolar:
    """A line that ends where it began."""
    look = {"mode": "lines", "theta": [*names, names[0]], "r": [*scores, scores[0]]} | look
    return go.Scatterpolar(name=name, line=line, meta={"role": role}, **look)


def _percent(score: float | None) -> float | None:
    return None if score is None else round(100 * score, 1)
