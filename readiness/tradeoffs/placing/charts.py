"""Charts of a weighed placement: any two objectives with front and limits, and all objectives in parallel."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from plotly import graph_objects as go

from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption, Ranges
from readiness.tradeoffs.placing.core.labels import label_places
from readiness.tradeoffs.placing.core.objectives import ObjectiveDirection
from readiness.tradeoffs.placing.params import PlacementView
from readiness.tradeoffs.placing.rows import LABELS
from readiness.tradeoffs.placing.sentences import verdict_text
from readiness.tradeoffs.units import number
from web.charts import Figure, figure, nothing, table
from web.units import how_many

type Point = tuple[float, float, PlacementOption]
ARROWS = {
    (True, False): "triangle-right-open",
    (False, True): "triangle-up-open",
    (True, True): "triangle-ne-open",
}
"""Arrows towards the possible values, by whether only a lower bound is known across and up."""
ARROWS_AMONG = 200
"""With more sites there are no arrows: they would hide options and slow a slider's step over 1,000 sites down fourfold.
The table still has these sites."""
MOST_NAMES = 12
"""Number of named points; the pointer and the table show all names."""
FEWEST_LINES = 3
"""With fewer lines the table is clearer."""
FADED = {"marker": {"opacity": 0.18}}
"""Style of options outside the ranges; the browser fades the same way as ranges move (tradeoff_figures.js)."""


def scatter(answer: PlacementAnswer, view: PlacementView) -> Figure:
    """Every option with both figures, or with a lower bound, which is drawn as an arrowhead.

    Sites that are not options are drawn if the view asks for them, or if the class runs there today. Traces are told
    apart by `part`: the browser moves `best` as weights move.
    """
    x, y = view.x, view.y
    every = [point for option in answer.options if (point := _point(option, x, y)) is not None]
    bounded = [point for option in answer.options if (point := _lower_bound(option, x, y)) is not None]
    points = [point for point in every if view.rejected or point[2].feasible or point[2].is_today]
    arrows = [point for point in bounded if view.rejected or point[2].feasible]
    if len(answer.options) > ARROWS_AMONG:
        arrows = []
    if not points and not arrows:
        return nothing(
            "No option has both of these figures." if answer.feasible else "No site keeps every limit."
        )
    drawn = (*points, *arrows)
    spans = [
        _span(answer, x, [at_x for at_x, _y, _option in drawn]),
        _span(answer, y, [at_y for _x, at_y, _option in drawn]),
    ]
    on = {point[2].slug for point in _front([each for each in every if each[2].feasible], answer, x, y)}
    meta = {
        "finding": _finding(answer, x, y, len(points)),
        "footer": _left_out(answer, view, {point[2].slug for point in drawn}),
        "table": table(
            ["Site", axis(answer, x), axis(answer, y), "Standing", "Front"],
            [_point_cells(point, x, y, on) for point in (*every, *bounded)],
        ),
    }
    return figure(_traces(answer, view, points, arrows, spans), _layout(answer, (x, y), spans), meta)


def _traces(
    answer: PlacementAnswer,
    view: PlacementView,
    points: Sequence[Point],
    arrows: Sequence[Point],
    spans: Sequence[Sequence[float]],
) -> list[go.Scatter]:
    x, y = view.x, view.y
    front = _front([point for point in points if point[2].feasible], answer, x, y)
    best = [point for point in points if answer.best is not None and point[2].slug == answer.best.slug]
    today = [point for point in points if point[2].is_today]
    heads = [
        ARROWS[option.figures[x].value is None, option.figures[y].value is None] for _x, _y, option in arrows
    ]
    return [
        *_beside(answer, points, front, view.ranges),
        _trace("Best match", best, "best", "accent", size=15, skip=True),
        _trace("Today", today, "today", "text", symbol="circle-open", size=21, skip=True, width=2),
        _trace("At least (lower bound)", arrows, "bounded", "muted", size=8, symbol=heads),
        _names((*best, *today, *front, *points), spans),
    ]


def _layout(answer: PlacementAnswer, names: Sequence[str], spans: Sequence[Sequence[float]]) -> go.Layout:
    shapes, notes = _limits(answer, names, spans)
    axes = {
        f"{place}axis": {"title": {"text": axis(answer, name)}, "zeroline": False, "range": list(span)}
        for place, name, span in zip("xy", names, spans, strict=True)
    }
    margin = {"l": 62, "r": 16, "t": 12, "b": 48}
    return go.Layout(hovermode="closest", margin=margin, shapes=shapes, annotations=notes, **axes)


def _beside(
    answer: PlacementAnswer, points: Sequence[Point], front: Sequence[Point], ranges: Ranges
) -> list[go.Scatter]:
    on = {option.slug for _x, _y, option in front}
    out = [point for point in points if not point[2].feasible]
    beaten = [point for point in points if point[2].feasible and point[2].slug not in on]
    kept_out = _trace("Undecided or rejected", out, "out", "muted", symbol="circle-open", size=7)
    faded = [
        (_trace("Dominated by another option", beaten, "beaten", "muted", size=8), beaten),
        (_trace("Front of these two", front, "front", "accent", size=10, line=True), front),
    ]
    if ranges:
        inside = {option.slug for option in answer.options_within(ranges)}
        for trace, drawn in faded:
            selected = [place for place, point in enumerate(drawn) if point[2].slug in inside]
            trace.update(selectedpoints=selected, unselected=FADED)
    return [kept_out, *(trace for trace, _drawn in faded)]


def _left_out(answer: PlacementAnswer, view: PlacementView, drawn: Collection[str]) -> str:
    undrawn = [option for option in answer.options if option.slug not in drawn]
    hidden = 0 if view.rejected else sum(not option.feasible for option in undrawn)
    sentences = []
    if hidden:
        hidden_text = how_many(hidden, "undecided or rejected site is", "undecided or rejected sites are")
        sentences.append(f"{hidden_text} not drawn.")
    if unknown := len(undrawn) - hidden:
        sentences.append(f"{how_many(unknown, 'site is', 'sites are')} not drawn: a figure is unknown there.")
    return " ".join(sentences)


def _span(answer: PlacementAnswer, name: str, values: Sequence[float]) -> list[float]:
    """The range of an axis: the values, and a limit that is near them."""
    low, high = min(values), max(values)
    reach = (high - low) or abs(high) / 2 or 1.0
    limit = answer.limit_of(name)
    if limit is not None and low - reach <= limit <= high + reach:
        low, high = min(low, limit), max(high, limit)
        reach = high - low
    start = low - 0.12 * reach
    return [max(start, 0.0) if low >= 0 else start, high + 0.14 * reach]


def _share(value: float, span: Sequence[float]) -> float:
    return (value - span[0]) / (span[1] - span[0])


def _names(points: Iterable[Point], spans: Sequence[Sequence[float]]) -> go.Scatter:
    """The names of the first points, each where it covers neither a point nor another name, else left out."""
    drawn = list({point[2].slug: point for point in points}.values())
    shares = [(_share(x, spans[0]), _share(y, spans[1])) for x, y, _option in drawn]
    places = label_places(shares, [point[2].name for point in drawn[:MOST_NAMES]])
    labels = [(point, place) for point, place in zip(drawn, places, strict=False) if place]
    return go.Scatter(
        name="Names",
        x=[x for (x, _y, _option), _place in labels],
        y=[y for (_x, y, _option), _place in labels],
        text=[option.name for (_x, _y, option), _place in labels],
        textposition=[place for _point, place in labels],
        customdata=[option.slug for (_x, _y, option), _place in labels],
        mode="markers+text",
        # An invisible marker keeps the name away from the visible one.
        marker={"size": 22, "opacity": 0},
        cliponaxis=False,
        hoverinfo="skip",
        meta={"role": "text", "part": "names"},
    )


def has_lines(answer: PlacementAnswer) -> bool:
    return len(_lines(answer)[1]) >= FEWEST_LINES


def _lines(answer: PlacementAnswer) -> tuple[list[str], list[PlacementOption]]:
    """The objectives that have an axis, and the options with a figure for each of them."""

    def knows(option: PlacementOption, name: str) -> bool:
        return option.figures[name].value is not None

    # An objective unknown at every site has no axis, or no option would have a line.
    names = [
        objective.name
        for objective in answer.objectives
        if any(knows(option, objective.name) for option in answer.feasible)
    ]
    return names, [option for option in answer.feasible if all(knows(option, name) for name in names)]


def parallel(answer: PlacementAnswer, ranges: Ranges) -> Figure:
    names, drawn = _lines(answer)
    if len(drawn) < FEWEST_LINES:
        return nothing("Fewer than three options have a figure for every objective.")
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
    unknown = f"{without} feasible sites have no line because one of their figures is unknown."
    meta = {
        "finding": f"{len(drawn)} feasible sites, each a line over {len(names)} objectives.",
        "footer": unknown if without else "",
        "table": table(["Site", *[axis(answer, name) for name in names], "Match"], rows),
        "narrow": {"margin": {"l": 44, "r": 24}},
    }
    return figure([trace], go.Layout(margin={"l": 56, "r": 56, "t": 46, "b": 18}), meta)


def axis(answer: PlacementAnswer, name: str) -> str:
    more_is_better = ObjectiveDirection.MAX in _directions(answer, name)
    side, limit = "higher is better" if more_is_better else "lower is better", answer.limit_of(name)
    limited = "" if limit is None else f", limit {number(limit)}"
    return f"{LABELS[name]}, {answer.unit_of(name)} ({side}{limited})"


def _directions(answer: PlacementAnswer, *names: str) -> list[ObjectiveDirection]:
    directions = {objective.name: objective.direction for objective in answer.objectives}
    return [directions.get(name, ObjectiveDirection.MIN) for name in names]


def _point(option: PlacementOption, x: str, y: str) -> Point | None:
    at_x, at_y = (option.figures[name].value if name in option.figures else None for name in (x, y))
    return None if at_x is None or at_y is None else (at_x, at_y, option)


def _lower_bound(option: PlacementOption, x: str, y: str) -> Point | None:
    figures = [option.figures[name] for name in (x, y) if name in option.figures]
    if len(figures) < 2 or all(each.value is not None for each in figures):
        return None
    at_x, at_y = (each.low if each.value is None else each.value for each in figures)
    return None if at_x is None or at_y is None else (at_x, at_y, option)


def _front(points: Sequence[Point], answer: PlacementAnswer, x: str, y: str) -> list[Point]:
    by_x, by_y = (
        -1.0 if direction is ObjectiveDirection.MAX else 1.0 for direction in _directions(answer, x, y)
    )
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point[0] * by_x, point[1] * by_y)):
        if not front or point[1] * by_y < front[-1][1] * by_y:
            front.append(point)
    return front


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
    sentences = [f"<b>{option.name}</b>, {verdict_text(option).lower()}"]
    for name, each in option.figures.items():
        if each.value is not None:
            sentences.append(f"{LABELS[name]}: {number(each.value)} {each.unit}")
        elif each.low is not None:
            sentences.append(f"{LABELS[name]}: at least {number(each.low)} {each.unit}")
    if not option.feasible and option.reasons:
        sentences.append(option.reasons[0].words)
    return "<br>".join(sentences)


def _limits(
    answer: PlacementAnswer, names: Sequence[str], spans: Sequence[Sequence[float]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes, notes = [], []
    for place, name, (low, high) in zip("xy", names, spans, strict=True):
        limit = answer.limit_of(name)
        if limit is None or not low <= limit <= high:
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


def _finding(answer: PlacementAnswer, x: str, y: str, points: int) -> str:
    feasible = f"{len(answer.feasible)} feasible"
    finding = f"{LABELS[x]} against {LABELS[y].lower()} of {how_many(points, 'site', 'sites')}, {feasible}."
    best = answer.best
    return f"{finding} Best match: {best.name}, {verdict_text(best).lower()}." if best else finding


def _dimension(
    answer: PlacementAnswer,
    drawn: Sequence[PlacementOption],
    name: str,
    span: tuple[float | None, float | None] | None,
) -> dict[str, Any]:
    values = [option.figures[name].value for option in drawn]
    dimension: dict[str, Any] = {"label": f"{LABELS[name]}, {answer.unit_of(name)}", "values": values}
    if span is not None:
        numbers = [value for value in values if value is not None]
        low, high = span
        ends = (min(numbers) if low is None else low, max(numbers) if high is None else high)
        dimension["constraintrange"] = list(ends)
    return dimension


def _point_cells(point: Point, x: str, y: str, on: Collection[str]) -> list[Any]:
    at_x, at_y, option = point
    ends = [
        value if option.figures[name].value is not None else f"at least {number(value)}"
        for name, value in ((x, at_x), (y, at_y))
    ]
    return [option.name, *ends, option.placed.standing.value, "yes" if option.slug in on else ""]
