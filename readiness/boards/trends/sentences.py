"""Scores over time in a sentence, and how far a score moved."""

from collections.abc import Sequence
from typing import Any

from readiness.boards.trends.queries import Trend
from readiness.scoring.core.mean import NO_KW
from web.units import number

NOTICEABLE = 0.0005


def finding(trend: Trend) -> str:
    scored = [day for day in trend.days if day.score is not None]
    if not scored:
        return NO_KW if trend.plain else "No score is stored for these days."
    first, last = scored[0], scored[-1]
    subject = "The score by deployed kW" if trend.several else "The score"
    return (
        f"{subject} went from {points(first.score)} to {points(last.score)}"
        f" between {first.on:%-d %b %Y} and {last.on:%-d %b %Y}."
    )


def moved(scores: Sequence[float]) -> dict[str, Any]:
    if not scores:
        return {"value": None, "note": NO_KW}
    change = scores[-1] - scores[0]
    tone = "ok" if change >= NOTICEABLE else "bad" if change <= -NOTICEABLE else ""
    sign = {"ok": "+", "bad": "−"}.get(tone, "")
    return {
        "value": points(scores[-1]),
        "note": f"{sign}{number(abs(100 * change), 1)} in this time",
        "tone": tone,
        "icon": {"ok": "arrow-up", "bad": "arrow-down-right"}.get(tone, ""),
    }


def points(score: float | None) -> str:
    return "none" if score is None else number(100 * score, 1)
