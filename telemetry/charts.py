"""Frozen values to Plotly figures: plain dicts, because every zoom requests one. A test checks them against plotly's
classes. Traces name roles, not colours, as the page kit requires."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telemetry.core.codes import Severity
from telemetry.core.downsample import downsample, points, shortened
from telemetry.core.instants import instant as instant_of
from telemetry.explore import COLOURED, CodeEvent, ExploredLine, ExploredLines, HealthLimit, events_of
from telemetry.models import SourceActivity
from web.states import state
from web.units import UNIX_TIME, how_many, instant, number, scale

type Figure = dict[str, Any]

WINDOW_MS = 300_000
MARGIN = {"l": 56, "r": 16, "t": 26, "b": 36}


@dataclass(frozen=True, slots=True)
class TimeAxis:
    start_ms: int
    end_ms: int


def nothing(sentence: str) -> Figure:
    return {"data": [], "layout": {}, "meta": {"empty": sentence, "finding": sentence}}


def span_of(start: datetime, end: datetime) -> TimeAxis:
    return TimeAxis(round(start.timestamp() * 1000), round(end.timestamp() * 1000))


def activity(counted: Sequence[SourceActivity], span: TimeAxis, *, step_ms: int = WINDOW_MS) -> Figure:
    if not counted:
        return nothing("Nothing arrived in this time.")
    stored = _summed(counted, "samples", step_ms)
    refused = _summed(counted, "rejected", step_ms)
    traces = [_bars(stored, "Stored", "ready", step_ms)]
    if any(refused.values()):
        traces.append(_bars(refused, "Refused", "warn", step_ms))
    minutes = step_ms // 60_000
    layout = {
        "barmode": "stack",
        "margin": MARGIN,
        "hovermode": "x unified",
        "xaxis": {"type": "date", "range": [span.start_ms, span.end_ms], "showgrid": False},
        "yaxis": {"rangemode": "tozero", "nticks": 6},
    }
    total = sum(stored.values())
    finding = how_many(total, "sample stored", "samples stored")
    if any(refused.values()):
        finding = f"{finding}, {number(sum(refused.values()))} refused"
    lag_s = max(each.lag_max_s for each in counted)
    meta = {
        "finding": finding,
        "footer": f"Samples per {minutes} min",
        "foot_right": f"longest lag {number(lag_s, 1)} s",
        "start_ms": span.start_ms,
        "end_ms": span.end_ms,
    }
    return {"data": traces, "layout": layout, "meta": meta}


def _summed(counted: Sequence[SourceActivity], field: str, step_ms: int) -> dict[int, int]:
    sums: dict[int, int] = {}
    for each in counted:
        at = round(each.start.timestamp() * 1000) // step_ms * step_ms
        sums[at] = sums.get(at, 0) + getattr(each, field)
    return sums


def _bars(counts: dict[int, int], name: str, role: str, step_ms: int) -> Figure:
    times = [at for at in sorted(counts) if counts[at]]
    return {
        "type": "bar",
        "name": name,
        "x": [at + step_ms // 2 for at in times],
        "y": [counts[at] for at in times],
        "width": round(step_ms * 0.85),
        "hovertemplate": "%{y:,}",
        "meta": {"role": role, "plain": True},
    }


def lines(answer: ExploredLines, *, most_points: int = 1500) -> Figure:
    if not answer.lines:
        return nothing(answer.nothing)
    if (events := events_of(answer)) is not None:
        return _code_events(answer, events)
    if answer.metric is not None and answer.metric.codes:
        return nothing("Codes have no mean and no sum: ask for the last one, without grouping.")
    factor, suffix = drawn_scale(answer)
    traces = [line_trace(line, factor, suffix, place, most_points) for place, line in enumerate(answer.drawn)]
    if answer.states:
        for trace in traces:
            trace["line"]["shape"] = "hv"
    few = len(traces) <= COLOURED
    layout = {
        "margin": MARGIN,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified" if few else "closest",
        "showlegend": len(traces) > 1,
        "xaxis": {"type": "date", "range": [answer.spec.start_ms, answer.spec.end_ms], "showgrid": False},
        "yaxis": _value_axis(answer, suffix),
        "shapes": [_limit(limit, factor) for limit in answer.limits],
        "annotations": _limit_notes(answer.limits, factor, suffix),
    }
    meta = {
        "finding": answer.finding,
        "footer": answer.footer,
        "foot_right": answer.provenance,
        "start_ms": answer.spec.start_ms,
        "end_ms": answer.spec.end_ms,
    }
    return {"data": traces, "layout": layout, "meta": meta}


def drawn_scale(answer: ExploredLines) -> tuple[float, str]:
    """The factor of the drawn values, and the unit behind them; instants are drawn as dates, in milliseconds."""
    factor, unit = (1000.0, "") if answer.unit == UNIX_TIME else scale(answer.largest, answer.unit)
    return factor, f" {unit}" if unit else ""


def _value_axis(answer: ExploredLines, suffix: str) -> Figure:
    if answer.unit == UNIX_TIME:
        return {"type": "date", "nticks": 6}
    if answer.states:
        values, names = zip(*answer.states, strict=True)
        span = [min(*values, answer.lowest) - 0.4, max(*values, answer.largest) + 0.4]
        return {"tickvals": list(values), "ticktext": list(names), "range": span, "automargin": True}
    axis = {"ticksuffix": suffix, "showticksuffix": "last", "nticks": 6}
    return axis | ({"rangemode": "nonnegative"} if answer.lowest >= 0 else {})


ROLE_OF_SEVERITY = {
    Severity.CRITICAL: "bad",
    Severity.WARNING: "warn",
    Severity.INFO: "muted",
    Severity.UNKNOWN: "unknown",
}
MOST_NAMED_EVENTS = 8
"""More names beside marks would cover each other."""


def _code_events(answer: ExploredLines, events: Sequence[CodeEvent]) -> Figure:
    """Codes are marks in time: their numbers have no order, so there is no axis of them."""
    if not events:
        return nothing(f"{answer.title}: no code was reported in this time.")
    names = list(dict.fromkeys(line.name for line in answer.drawn))
    roles = {event.code.number: ROLE_OF_SEVERITY[event.code.severity] for event in events}
    traces = [
        _marks([event for event in events if roles[event.code.number] == role], role, len(events))
        for role in dict.fromkeys(roles.values())
    ]
    layout = {
        "margin": MARGIN,
        "hovermode": "closest",
        "xaxis": {"type": "date", "range": [answer.spec.start_ms, answer.spec.end_ms], "showgrid": False},
        "yaxis": {
            "type": "category",
            "categoryarray": names,
            "range": [-1, len(names)],
            "showgrid": False,
            "showticklabels": len(names) > 1,
            "automargin": True,
        },
    }
    last = events[-1]
    meta = {
        "finding": f"{how_many(len(events), 'code', 'codes')}, last {last.code.title}, at {instant_words(last)}.",
        "footer": "Each mark is a code that was not reported just before; a hollow one is older than the chart",
        "foot_right": answer.provenance,
        "start_ms": answer.spec.start_ms,
        "end_ms": answer.spec.end_ms,
        "table": {
            "columns": ["Time", "Series", "Code"],
            "rows": [[instant_words(event), event.line, event.code.title] for event in events],
        },
    }
    return {"data": traces, "layout": layout, "meta": meta}


def instant_words(event: CodeEvent) -> str:
    return instant(instant_of(event.at_ms))


def _marks(events: Sequence[CodeEvent], role: str, of_all: int) -> Figure:
    is_named = of_all <= MOST_NAMED_EVENTS
    return {
        "type": "scatter",
        "mode": "markers+text" if is_named else "markers",
        "name": "Codes",
        "x": [event.at_ms for event in events],
        "y": [event.line for event in events],
        "text": [event.code.name if is_named else "" for event in events],
        "textposition": "top center",
        "cliponaxis": False,
        "hovertext": [event.code.title for event in events],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {
            "size": 11,
            "symbol": ["diamond-open" if event.is_older else "diamond" for event in events],
        },
        "meta": {"role": role},
    }


def line_trace(line: ExploredLine, factor: float, suffix: str, place: int, most_points: int) -> Figure:
    drawn_points = points(*downsample(line.ts_ms, line.values * factor, most_points))
    values = [None if value is None else shortened(value) for _, value in drawn_points]
    trace = {
        "type": "scatter",
        "mode": "lines",
        "name": line.name,
        "x": [at for at, _ in drawn_points],
        "y": values,
        "line": {"width": 1.8},
        "hovertemplate": f"%{{y}}{suffix}",
        "meta": {"role": f"series-{place + 1}" if place < COLOURED else "muted", "unit": suffix.strip()},
        "showlegend": place < COLOURED,
        "zorder": 1 if place < COLOURED else 0,
    }
    alone = [_is_alone(values, at) for at in range(len(values))]
    if any(alone):
        # A single reading between two breaks needs a dot to be visible.
        trace |= {"mode": "lines+markers", "marker": {"size": [4 if each else 0 for each in alone]}}
    return trace


def _is_alone(values: Sequence[float | None], at: int) -> bool:
    before = values[at - 1] if at else None
    after = values[at + 1] if at + 1 < len(values) else None
    return values[at] is not None and before is None and after is None


def _limit(limit: HealthLimit, factor: float) -> Figure:
    height = limit.value * factor
    edge = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height}
    return edge | {"name": "limit", "line": {"dash": "dash", "width": 1.2}}


def _limit_notes(limits: Sequence[HealthLimit], factor: float, suffix: str) -> list[Figure]:
    """Place the labels of limits close to each other above and below the pair."""
    look = {"xref": "paper", "x": 1, "xanchor": "right", "showarrow": False, "font": {"size": 11}}
    highest = max((limit.value for limit in limits), default=0.0)
    notes: list[Figure] = []
    for limit in limits:
        word = str(state("health", limit.level).word).lower() if limit.level else "limit"
        text = f"{word} {number(limit.value * factor)}{suffix}"
        side = "bottom" if limit.value == highest or limit.value <= 0 else "top"
        notes.append(look | {"name": "limit", "text": text, "y": limit.value * factor, "yanchor": side})
    return notes
