"""A weighed placement as figures: any two objectives with their front and limits, and all objectives side by side."""

from collections.abc import Sequence
from typing import Any

from plotly import graph_objects as go

from readiness.tradeoffs.core.objectives import ObjectiveDirection
from readiness.tradeoffs.core.units import number
from readiness.tradeoffs.placing.answer import PlacementAnswer, PlacementOption, Ranges
from readiness.tradeoffs.placing.rows import LABELS
from web.charts import Figure, figure, nothing, table

type Point = tuple[float, float, PlacementOption]
ARROWS = {
    (True, False): "triangle-right-open",
    (False, True): "triangle-up-open",
    (True, True): "triangle-ne-open",
}
"""Arrows to where the site can be, by whether only a least is known across and up."""
ARROWS_AMONG = 200
"""Among more sites there are none: they would hide options, and a slider's step over 1,000 took four times as long.
The table has them all the same."""
FADED = {"marker": {"opacity": 0.18}}
"""The style of options outside the ranges; the browser fades the same as ranges move (tradeoff_figures.js)."""


def scatter(answer: PlacementAnswer, x: str, y: str, ranges: Ranges) -> Figure:
    """Every option that has both figures, or a least for what it lacks, which is drawn as an arrowhead from there on.

    Traces are told apart by `part`: the browser moves `best` as weights move.
    """
    points = [point for option in answer.options if (point := _point(option, x, y)) is not None]
    bounded = [point for option in answer.options if (point := _at_least(option, x, y)) is not None]
    if not points and not bounded:
        return nothing("No site has both of these figures.")
    drawn = bounded if len(answer.options) <= ARROWS_AMONG else []
    front = _front([point for point in points if point[2].feasible], answer, x, y)
    best = [point for point in points if answer.best is not None and point[2].slug == answer.best.slug]
    today = [point for point in points if point[2].is_today]
    arrows = [
        ARROWS[option.figures[x].value is None, option.figures[y].value is None] for _x, _y, option in drawn
    ]
    traces = [
        *_beside(answer, points, front, ranges),
        _trace("Best match", best, "best", "gap", symbol="circle-open", size=19, skip=True, width=3),
        _trace("Today", today, "today", "text", symbol="x-thin", size=10, skip=True, width=2.5),
        _trace("At least (lower bound)", drawn, "bounded", "muted", size=8, symbol=arrows),
    ]
    shapes, notes = _limits(answer, x, y)
    layout = go.Layout(
        hovermode="closest",
        margin={"l": 62, "r": 16, "t": 12, "b": 48},
        xaxis={"title": {"text": axis(answer, x)}, "zeroline": False},
        yaxis={"title": {"text": axis(answer, y)}, "zeroline": False, "rangemode": "tozero"},
        shapes=shapes,
        annotations=[*notes, *_labels(best, today)],
    )
    left_out = len(answer.options) - len(points) - len(drawn)
    unknown = f"{left_out} sites are not drawn: one of these figures is unknown there."
    on = {option.slug for _x, _y, option in front}
    rows = [_row(point, x, y, on) for point in (*points, *bounded)]
    heads = ["Site", axis(answer, x), axis(answer, y), "Standing", "Front"]
    finding, footer = _finding(answer, x, y, len(points)), unknown if left_out else ""
    return figure(traces, layout, {"finding": finding, "footer": footer, "table": table(heads, rows)})


def _beside(
    answer: PlacementAnswer, points: Sequence[Point], front: Sequence[Point], ranges: Ranges
) -> list[go.Scatter]:
    on = {option.slug for _x, _y, option in front}
    out = [point for point in points if not point[2].feasible]
    beaten = [point for point in points if point[2].feasible and point[2].slug not in on]
    kept_out = _trace("Undecided or rejected", out, "out", "muted", symbol="circle-open", size=7)
    faded = [
        (_trace("Beaten by another option", beaten, "beaten", "muted", size=8), beaten),
        (_trace("Front of these two", front, "front", "accent", size=10, line=True), front),
    ]
    if ranges:
        inside = {option.slug for option in answer.within(ranges)}
        for trace, shown in faded:
            chosen = [place for place, point in enumerate(shown) if point[2].slug in inside]
            trace.update(selectedpoints=chosen, unselected=FADED)
    return [kept_out, *(trace for trace, _shown in faded)]


def parallel(answer: PlacementAnswer, ranges: Ranges) -> Figure:

    def knows(option: PlacementOption, name: str) -> bool:
        return option.figures[name].value is not None

    # An objective that nobody knows anywhere has no axis; it would leave no line to draw.
    names = [
        objective.name
        for objective in answer.objectives
        if any(knows(option, objective.name) for option in answer.feasible)
    ]
    drawn = [option for option in answer.feasible if all(knows(option, name) for name in names)]
    if not drawn:
        return nothing("No feasible site has a figure for every objective.")
    scores = [option.ranked.score * 100 if option.ranked else 0.0 for option in drawn]
    trace = go.Parcoords(
        line={"color": scores, "cmin": min(scores), "cmax": max(scores)},
        dimensions=[_dimension(answer, drawn, name, ranges.get(name)) for name in names],
        meta={
            "sites": [option.slug for option in drawn],
            "objectives": names,
            "short": [LABELS[name] for name in names],
        },
    )
    rows = [
        [option.name, *[option.figures[name].value for name in names], round(score, 1)]
        for option, score in zip(drawn, scores, strict=True)
    ]
    without = len(answer.feasible) - len(drawn)
    unknown = f"{without} feasible sites have no line: one of their figures is unknown."
    meta = {
        "finding": f"{len(drawn)} feasible sites, each a line over {len(names)} objectives.",
        "footer": unknown if without else "",
        "table": table(["Site", *[axis(answer, name) for name in names], "Match"], rows),
        "narrow": {"margin": {"l": 30, "r": 30}},
    }
    return figure([trace], go.Layout(margin={"l": 56, "r": 56, "t": 46, "b": 18}), meta)


def axis(answer: PlacementAnswer, name: str) -> str:
    more_is_better = ObjectiveDirection.MAX in _directions(answer, name)
    side = "higher is better" if more_is_better else "lower is better"
    return f"{LABELS[name]}, {answer.unit_of(name)} ({side})"


def _directions(answer: PlacementAnswer, *names: str) -> list[ObjectiveDirection]:
    known = {objective.name: objective.direction for objective in answer.objectives}
    return [known.get(name, ObjectiveDirection.MIN) for name in names]


def _point(option: PlacementOption, x: str, y: str) -> Point | None:
    at_x, at_y = (option.figures[name].value if name in option.figures else None for name in (x, y))
    return None if at_x is None or at_y is None else (at_x, at_y, option)


def _at_least(option: PlacementOption, x: str, y: str) -> Point | None:
    known = [option.figures[name] for name in (x, y) if name in option.figures]
    if len(known) < 2 or all(each.value is not None for each in known):
        return None
    at_x, at_y = (each.low if each.value is None else each.value for each in known)
    return None if at_x is None or at_y is None else (at_x, at_y, option)


def _front(points: Sequence[Point], answer: PlacementAnswer, x: str, y: str) -> list[Point]:
    by_x, by_y = (
        -1.0 if direction is ObjectiveDirection.MAX else 1.0 for direction in _directions(answer, x, y)
    )
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (point[0] * by_x, point[1] * by_y)):
        if not kept or point[1] * by_y < kept[-1][1] * by_y:
            kept.append(point)
    return kept


def _trace(
    name: str, points: Sequence[Point], key: str, role: str, *, size: int, symbol: str | list[str] = "circle",
    skip: bool = False, line: bool = False, width: float = 0,
) -> go.Scatter:  # fmt: skip
    return go.Scatter(
        name=name,
        x=[point[0] for point in points],
        y=[point[1] for point in points],
        text=[_hover(point[2]) for point in points],
        customdata=[point[2].slug for point in points],
        mode="lines+markers" if line else "markers",
        line={"shape": "hv", "width": 2} if line else None,
        marker={"symbol": symbol, "size": size, **({"line": {"width": width}} if width else {})},
        hovertemplate=None if skip else "%{text}<extra></extra>",
        hoverinfo="skip" if skip else None,
        meta={"role": role, "part": key},
    )


def _hover(option: PlacementOption) -> str:
    sentences = [f"<b>{option.name}</b>"]
    for name, each in option.figures.items():
        if each.value is not None:
            sentences.append(f"{LABELS[name]}: {number(each.value)} {each.unit}")
        elif each.low is not None:
            sentences.append(f"{LABELS[name]}: at least {number(each.low)} {each.unit}")
    if not option.feasible and option.reasons:
        sentences.append(option.reasons[0].words)
    return "<br>".join(sentences)


def _limits(answer: PlacementAnswer, x: str, y: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes, notes = [], []
    for place, name in (("x", x), ("y", y)):
        limit = answer.limit_of(name)
        if limit is None:
            continue
        across = "y" if place == "x" else "x"
        shapes.append(
            {
                "type": "line", "name": "limit", f"{across}ref": "paper", f"{across}0": 0, f"{across}1": 1,
                f"{place}0": limit, f"{place}1": limit, "line": {"width": 1.5},
            }
        )  # fmt: skip
        text = f"limit {number(limit)} {answer.unit_of(name)}"
        side = (
            {"x": 1, "xanchor": "right", "yanchor": "bottom"}
            if place == "y"
            else {"y": 1, "xanchor": "left", "yanchor": "top"}
        )
        notes.append({"name": "limit", "text": text, f"{across}ref": "paper", place: limit, **side})
    return shapes, notes


def _labels(best: Sequence[Point], today: Sequence[Point]) -> list[dict[str, Any]]:
    annotations = [
        {"name": "text", "x": x, "y": y, "text": option.name, "showarrow": True, "ax": 34, "ay": -34}
        for x, y, option in best
    ]
    annotations += [
        {"name": "text-2", "x": x, "y": y, "text": "Today", "showarrow": True, "ax": 0, "ay": -26}
        for x, y, _option in today[:1]
    ]
    return annotations


def _finding(answer: PlacementAnswer, x: str, y: str, points: int) -> str:
    feasible = f"{len(answer.feasible)} of them feasible"
    finding = f"{LABELS[x]} against {LABELS[y]} of {points} sites, {feasible}."
    return f"{finding} Best match: {answer.best.name}." if answer.best else finding


def _dimension(
    answer: PlacementAnswer,
    drawn: Sequence[PlacementOption],
    name: str,
    kept: tuple[float | None, float | None] | None,
) -> dict[str, Any]:
    values = [option.figures[name].value for option in drawn]
    dimension: dict[str, Any] = {"label": f"{LABELS[name]}, {answer.unit_of(name)}", "values": values}
    if kept is not None:
        known = [value for value in values if value is not None]
        low, high = kept
        ends = (min(known) if low is None else low, max(known) if high is None else high)
        dimension["constraintrange"] = list(ends)
    return dimension


def _row(point: Point, x: str, y: str, on: set[str]) -> list[Any]:
    at_x, at_y, option = point
    ends = [
        value if option.figures[name].value is not None else f"at least {number(value)}"
        for name, value in ((x, at_x), (y, at_y))
    ]
    return [option.name, *ends, option.placed.standing.value, "yes" if option.slug in on else ""]
