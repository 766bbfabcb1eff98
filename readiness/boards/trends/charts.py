"""A chart of a score over time between score and upper score, with verdicts below and marks above."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from math import ceil, floor
from typing import Any

from plotly import graph_objects as go

from readiness.assessment.scoring.core.mean import BY_KW, NO_KW, PLAIN
from readiness.assessment.scoring.queries.results import NEAR
from readiness.boards.trends.queries import KINDS, Day, Mark, Trend
from web import charts
from web.charts import Figure, ms
from web.states import state
from web.units import day as day_text
from web.units import instant, number

DAY_MS = 86_400_000
LOOKS = {
    "rule": ("diamond", "accent"),
    "grant-began": ("triangle-up", "warn"),
    "grant-ended": ("triangle-down", "warn"),
    "verdict": ("circle", "text"),
    "voided": ("x", "bad"),
}
SIGNS = {"diamond": "◆", "triangle-up": "▲", "triangle-down": "▼", "circle": "●", "x": "✕"}
VERDICTS = (("ready", "ok"), ("conditional", "warn"), ("not-ready", "bad"), ("", "muted"))
TICKS = 5
STEPS = (1, 2, 5, 10, 20)
VERDICT_AXIS: Figure = {
    "domain": [0, 0.09],
    "range": [0, 100],
    "showticklabels": False,
    "showgrid": False,
    "fixedrange": True,
}


@dataclass(frozen=True, slots=True)
class ScoreAxis:
    """The axis spans the lowest to the highest value in whole steps, with room above for marks."""

    low: int
    high: int
    step: int

    @classmethod
    def fit(cls, days: Sequence[Day]) -> "ScoreAxis":
        values = [
            100 * value
            for day in days
            for value in (day.score, day.upper, day.plain, day.coverage)
            if value is not None
        ]
        lowest, highest = min(values), max(values)
        step = next((step for step in STEPS if step * TICKS >= highest - lowest), STEPS[-1])
        low = min(floor(lowest / step) * step, 100 - step * 2)
        return cls(max(low, 0), min(max(ceil(highest / step) * step, low + 2 * step), 100), step)

    @property
    def marks_at(self) -> float:
        return self.high + 0.06 * (self.high - self.low)

    @property
    def layout(self) -> Figure:
        return {
            "domain": [0.16, 1],
            "range": [self.low, self.high + 0.12 * (self.high - self.low)],
            "tickvals": list(range(self.low, self.high + 1, self.step)),
            "ticksuffix": " %",
        }


def trend(score_trend: Trend, marks: Sequence[Mark], *, start: datetime, end: datetime) -> Figure:
    """Each value stands at the end of its UTC day, because it is the day's last. Several sites also show their plain
    mean."""
    if not score_trend.scores:
        return charts.nothing(finding(score_trend))
    scores = [
        trace
        for stretch in _stretches(score_trend.days)
        for trace in _scores(stretch, several=score_trend.several)
    ]
    axis = ScoreAxis.fit(score_trend.days)
    layout = go.Layout(
        hovermode="closest",
        barmode="stack",
        bargap=0,
        margin={"l": 46, "r": 14, "t": 12, "b": 28},
        xaxis={"type": "date", "showgrid": False, "range": [ms(start), ms(end)], "anchor": "y2"},
        yaxis=axis.layout,
        yaxis2=VERDICT_AXIS,
        shapes=_lines(marks, axis),
    )
    meta = {
        "finding": finding(score_trend),
        "footer": f"Below: verdicts of the day. Above: {_legend(marks)}.",
        "narrow": charts.FEW_DATES,
        "table": _table(score_trend),
    }
    return charts.figure([*scores, *_ribbon(score_trend.days), *_marks(marks, axis)], layout, meta)


def _day_end(on: date) -> int:
    return ms(datetime.combine(on, time(), UTC)) + DAY_MS


def _stretches(days: Sequence[Day]) -> list[list[Day]]:
    """Days with a score, split where none follows within two weeks: neither line nor band bridges a hole."""
    stretches: list[list[Day]] = []
    for day in days:
        if day.score is None:
            continue
        if not stretches or day.on - stretches[-1][-1].on > NEAR:
            stretches.append([])
        stretches[-1].append(day)
    return stretches


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def _scores(days: Sequence[Day], *, several: bool) -> list[go.Scatter]:
    # A single day between two holes is drawn as a dot.
    look: Figure = {"mode": "lines" if len(days) > 1 else "markers", "connectgaps": False}

    def line(name: str, values: Iterable[float | None], role: str, hover: str, **more: Any) -> go.Scatter:
        y = [_percent(value) for value in values]
        hover += " %{y:.1f} %<extra></extra>"
        return charts.line(name, [_day_end(day.on) for day in days], y, role, hover=hover, **look, **more)

    upper = [day.score if day.upper is None else day.upper for day in days]
    plain = line(PLAIN, (day.plain for day in days), "muted", PLAIN, width=1.4, dash="dash")
    return [
        *([plain] if several else []),
        line(BY_KW if several else "Score", (day.score for day in days), "accent", "%{x|%-d %b %Y}:", width=2.5),
        line("Score if all evidence were there", upper, "accent", "with all evidence",
             width=1, dash="dot", fill="tonexty", plain=True),
        line("Coverage", (day.coverage for day in days), "energy", "coverage", width=1.4),
    ]  # fmt: skip


def _ribbon(days: Sequence[Day]) -> list[go.Bar]:
    """Draw a verdict until the next day that has one, because it held until then."""
    lengths = _lengths(days)
    traces = []
    for verdict, role in VERDICTS:
        of_verdict = [day for day in days if day.verdicts.get(verdict)]
        if not of_verdict:
            continue
        word = str(state("verdict", verdict).word)
        widths = [lengths[day.on] for day in of_verdict]
        x = [_day_end(day.on) - DAY_MS + width // 2 for day, width in zip(of_verdict, widths, strict=True)]
        y = [round(100 * day.verdicts[verdict] / day.sites, 2) for day in of_verdict]
        counts = [[day_text(day.on), day.verdicts[verdict], day.sites] for day in of_verdict]
        hover = f"%{{customdata[0]}}: {word}, %{{customdata[1]}} / %{{customdata[2]}}<extra></extra>"
        traces.append(charts.bars(word, x, y, role, hover=hover, width=widths, yaxis="y2", customdata=counts))
    return traces


def _lengths(days: Sequence[Day]) -> dict[date, int]:
    judged = [day.on for day in days if any(day.verdicts.values())]
    lengths = dict.fromkeys(judged, DAY_MS)
    for first, after in pairwise(judged):
        if after - first <= NEAR:
            lengths[first] = (after - first).days * DAY_MS
    return lengths


def _marks(marks: Sequence[Mark], axis: ScoreAxis) -> list[go.Scatter]:
    traces = []
    for kind, (symbol, role) in LOOKS.items():
        of_kind = [mark for mark in marks if mark.kind == kind]
        if of_kind:
            x, text = [ms(mark.at) for mark in of_kind], [_mark_text(mark) for mark in of_kind]
            look: Figure = {"marker": {"symbol": symbol, "size": 10}, "hover": "%{text}<extra></extra>"}
            y = [axis.marks_at] * len(of_kind)
            traces.append(charts.points(KINDS[kind], x, y, role, text=text, cliponaxis=False, **look))
    return traces


def _legend(marks: Sequence[Mark]) -> str:
    drawn = {mark.kind for mark in marks}
    entries = [
        f"{SIGNS[symbol]} {KINDS[kind].lower()}" for kind, (symbol, _role) in LOOKS.items() if kind in drawn
    ]
    return ", ".join(entries) or "what happened"


def _mark_text(mark: Mark) -> str:
    where = f"{mark.site}: " if mark.site else ""
    return f"{instant(mark.at)}<br>{where}{mark.sentence}"


def _lines(marks: Iterable[Mark], axis: ScoreAxis) -> list[Figure]:
    """Draw a vertical line at each published version, because a version concerns every site."""
    return [
        {
            "type": "line",
            "x0": ms(mark.at),
            "x1": ms(mark.at),
            "y0": axis.low,
            "y1": axis.marks_at,
            "name": "today",
        }
        for mark in marks
        if mark.kind == "rule"
    ]


def _table(score_trend: Trend) -> Figure:
    columns = [("Day", lambda day: day.on.isoformat())]
    columns.append((f"{BY_KW if score_trend.several else 'Score'}, points", lambda day: _percent(day.score)))
    if score_trend.several:
        columns.append((f"{PLAIN}, points", lambda day: _percent(day.plain)))
    columns.append(("With all evidence, points", lambda day: _percent(day.upper)))
    columns.append(("Coverage, %", lambda day: _percent(day.coverage)))
    words = [str(state("verdict", verdict).word) for verdict, _role in VERDICTS]
    return charts.table(
        [*(head for head, _ in columns), *words],
        [
            [*(read(day) for _, read in columns), *(day.verdicts.get(verdict, 0) for verdict, _ in VERDICTS)]
            for day in reversed(score_trend.days)
        ],
    )


NOTICEABLE = 0.0005


def finding(trend: Trend) -> str:
    scored = [day for day in trend.days if day.score is not None]
    if not scored:
        return NO_KW if trend.plain else "No score is stored for these days."
    first, last = scored[0], scored[-1]
    subject = "The score by deployed kW" if trend.several else "The score"
    if len(scored) == 1:
        return (
            f"{subject} was {points(last.score)} on {day_text(last.on)}. No other day of this time has one."
        )
    if points(first.score) == points(last.score):
        return f"{subject} was {points(last.score)} on both {day_text(first.on)} and {day_text(last.on)}."
    return (
        f"{subject} went from {points(first.score)} to {points(last.score)}"
        f" between {day_text(first.on)} and {day_text(last.on)}."
    )


def moved(scores: Sequence[float]) -> dict[str, Any]:
    if not scores:
        return {"value": None, "note": NO_KW}
    # As `points` writes them, so that figure and sentence agree.
    change = round(scores[-1], 3) - round(scores[0], 3)
    tone = "ok" if change >= NOTICEABLE else "bad" if change <= -NOTICEABLE else ""
    sign = {"ok": "+", "bad": "−"}.get(tone, "")
    size = f"{sign}{number(abs(100 * change), 1)}" if tone else "unchanged"
    return {
        "value": points(scores[-1]),
        "note": f"{size} in this time" if len(scores) > 1 else "",
        "tone": tone,
        "icon": {"ok": "arrow-up", "bad": "arrow-down-right"}.get(tone, ""),
    }


def points(score: float | None) -> str:
    return "none" if score is None else number(100 * score, 1)
