"""A score over time between what is proven and what could be, the verdicts below, and marks above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from plotly import graph_objects as go

from readiness.boards.trends.marks import KINDS, Mark
from readiness.boards.trends.queries import Day
from readiness.scoring.core.mean import BY_KW, PLAIN
from readiness.scoring.queries.score_points import NEAR
from web.charts import Figure, figure, ms, nothing
from web.states import state

DAY_MS = 86_400_000
LOOKS = {
    "rule": ("diamond", "accent"),
    "grant-began": ("triangle-up", "warn"),
    "grant-ended": ("triangle-down", "warn"),
    "verdict": ("circle", "text"),
    "voided": ("x", "bad"),
}
VERDICTS = (("ready", "ok"), ("conditional", "warn"), ("not-ready", "bad"), ("", "muted"))
MARKS_AT = 106


def trend(
    days: Sequence[Day],
    marks: Sequence[Mark],
    *,
    finding: str,
    start: datetime,
    end: datetime,
    several: bool = False,
) -> Figure:
    """Instants are the ends of UTC days, as a day's score is its last. Several sites show their plain mean too."""
    if not any(day.score is not None for day in days):
        return nothing(finding)
    drawn = [trace for stretch in _stretches(days) for trace in _scores(stretch, several=several)]
    traces = [*drawn, *_ribbon(days), *_marks(marks)]
    layout = go.Layout(
        hovermode="closest",
        barmode="stack",
        bargap=0,
        margin={"l": 46, "r": 14, "t": 12, "b": 28},
        xaxis={"type": "date", "showgrid": False, "range": [ms(start), ms(end)], "anchor": "y2"},
        yaxis={
            "domain": [0.16, 1],
            "range": [0, 112],
            "tickvals": [0, 20, 40, 60, 80, 100],
            "ticksuffix": " %",
        },
        yaxis2={
            "domain": [0, 0.09],
            "range": [0, 100],
            "showticklabels": False,
            "showgrid": False,
            "fixedrange": True,
        },
        shapes=_lines(marks),
    )
    meta = {
        "finding": finding,
        "footer": "Below: verdicts of the day. Above: what happened; hover for more, or see the list.",
        "narrow": {"xaxis": {"nticks": 4}},
        "table": _table(days, several=several),
    }
    return figure(traces, layout, meta)


def _at(on: date) -> int:
    return ms(datetime.combine(on, time(), UTC)) + DAY_MS


def _stretches(days: Sequence[Day]) -> list[list[Day]]:
    """Days with a score, apart where none follows within two weeks: neither line nor band bridges a hole."""
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
    at = [_at(day.on) for day in days]
    # A day alone between two holes is a dot.
    line = {"mode": "lines" if len(at) > 1 else "markers", "x": at, "connectgaps": False}
    plain = go.Scatter(
        **line,
        y=[_percent(day.plain) for day in days],
        name=PLAIN,
        line={"width": 1.4, "dash": "dash"},
        hovertemplate=PLAIN + " %{y:.1f} %<extra></extra>",
        meta={"role": "muted"},
    )
    return [
        *([plain] if several else []),
        go.Scatter(
            **line,
            y=[_percent(day.score) for day in days],
            name=BY_KW if several else "Score",
            line={"width": 2.5},
            hovertemplate="%{x|%d %b %Y}: %{y:.1f} %<extra></extra>",
            meta={"role": "accent"},
        ),
        go.Scatter(
            **line,
            y=[_percent(day.score if day.upper is None else day.upper) for day in days],
            name="Score if all evidence were there",
            line={"width": 1, "dash": "dot"},
            fill="tonexty",
            hovertemplate="with all evidence" + " %{y:.1f} %<extra></extra>",
            meta={"role": "accent", "plain": True},
        ),
        go.Scatter(
            **line,
            y=[_percent(day.coverage) for day in days],
            name="Coverage",
            line={"width": 1.4, "dash": "dash"},
            hovertemplate="coverage" + " %{y:.1f} %<extra></extra>",
            meta={"role": "deployed"},
        ),
    ]


def _ribbon(days: Sequence[Day]) -> list[go.Bar]:
    traces = []
    for verdict, role in VERDICTS:
        of = [day for day in days if day.verdicts.get(verdict)]
        if not of:
            continue
        word = str(state("verdict", verdict).word)
        traces.append(
            go.Bar(
                x=[_at(day.on) - DAY_MS // 2 for day in of],
                y=[round(100 * day.verdicts[verdict] / day.sites, 2) for day in of],
                width=DAY_MS,
                yaxis="y2",
                customdata=[[f"{day.on:%d %b %Y}", day.verdicts[verdict], day.sites] for day in of],
                hovertemplate="%{customdata[0]}: "
                + word
                + ", %{customdata[1]} / %{customdata[2]}<extra></extra>",
                name=word,
                meta={"role": role},
            )
        )
    return traces


def _marks(marks: Sequence[Mark]) -> list[go.Scatter]:
    traces = []
    for kind, (symbol, role) in LOOKS.items():
        of = [mark for mark in marks if mark.kind == kind]
        if not of:
            continue
        traces.append(
            go.Scatter(
                x=[ms(mark.at) for mark in of],
                y=[MARKS_AT] * len(of),
                mode="markers",
                cliponaxis=False,
                marker={"symbol": symbol, "size": 10},
                text=[_said(mark) for mark in of],
                hovertemplate="%{text}<extra></extra>",
                name=str(KINDS[kind]),
                meta={"role": role},
            )
        )
    return traces


def _said(mark: Mark) -> str:
    where = f"{mark.site}: " if mark.site else ""
    return f"{mark.at:%d %b %H:%M} UTC<br>{where}{mark.sentence}"


def _lines(marks: Iterable[Mark]) -> list[Any]:
    """A version concerns every site, so its day is drawn through."""
    return [
        {"type": "line", "x0": ms(mark.at), "x1": ms(mark.at), "y0": 0, "y1": MARKS_AT, "name": "today"}
        for mark in marks
        if mark.kind == "rule"
    ]


def _table(days: Sequence[Day], *, several: bool) -> dict[str, Any]:
    columns = [
        "Day",
        f"{BY_KW if several else 'Score'}, {'points'}",
        *([f"{PLAIN}, {'points'}"] if several else []),
        "With all evidence, points",
        "Coverage, %",
    ]
    words = [str(state("verdict", verdict).word) for verdict, _ in VERDICTS]
    return {
        "columns": [*columns, *words],
        "rows": [
            [
                day.on.isoformat(),
                _percent(day.score),
                *([_percent(day.plain)] if several else []),
                _percent(day.upper),
                _percent(day.coverage),
                *(day.verdicts.get(verdict, 0) for verdict, _ in VERDICTS),
            ]
            for day in reversed(days)
        ],
    }
