"""The pillars of a site as a radar."""

from collections.abc import Mapping, Sequence
from typing import Any

from plotly import graph_objects as go

from readiness.scoring.queries.rows import PillarFigure
from web.charts import Figure, figure, nothing


def pillars(
    now: Sequence[PillarFigure], before: Mapping[str, float | None] | None, *, finding: str
) -> Figure:
    """Five scores as a radar, beside those of some time ago where there are any."""
    if not any(pillar.score is not None for pillar in now):
        return nothing("No pillar has a score yet.")
    around = [*now, now[0]]
    names = [pillar.short_name for pillar in around]
    traces = []
    if before:
        earlier = [before.get(pillar.id) for pillar in around]
        traces.append(_round(names, earlier, "90 days ago", "deployed", width=1.6))
    upper = [pillar.upper for pillar in around]
    traces.append(_round(names, upper, "if all evidence were there", "projected", width=1.2, dash="dot"))
    scores = [pillar.score for pillar in around]
    traces.append(_round(names, scores, "now", "ready", width=2.5, fill="toself", mode="lines+markers"))
    columns = [
        "Pillar",
        "Now, points",
        "With all evidence, points",
        "90 days ago, points",
    ]
    rows = [
        [pillar.name, _percent(pillar.score), _percent(pillar.upper), _percent((before or {}).get(pillar.id))]
        for pillar in now
    ]
    return figure(
        traces,
        go.Layout(polar={"radialaxis": {"range": [0, 100]}}),
        {"finding": finding, "table": {"columns": columns, "rows": rows}},
    )


def _round(
    names: Sequence[str], scores: Sequence[float | None], name: str, role: str, **look: Any
) -> go.Scatterpolar:
    line = {key: look.pop(key) for key in ("width", "dash") if key in look}
    look = {"mode": "lines"} | look
    return go.Scatterpolar(
        theta=list(names),
        r=[_percent(score) for score in scores],
        name=name,
        line=line,
        meta={"role": role},
        **look,
    )


def _percent(score: float | None) -> float | None:
    return None if score is None else round(100 * score, 1)
