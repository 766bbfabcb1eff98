"""The drift of conformance over time, and the quadrant of layers."""

from plotly import graph_objects as go

from readiness.boards.standards.core import FLEXIBLE_FROM, STANDARD_FROM, LayerStanding, Quadrant
from readiness.boards.standards.queries import Drift
from readiness.boards.standards.sentences import WORDS
from web.charts import DATES, FEW_DATES, Figure, figure, line, nothing, points, table
from web.units import day, number

HOVER = "Standard %{x:.1f} %<br>Flexible %{y:.1f} %<br>%{customdata}<extra></extra>"


def drift(measured: Drift) -> Figure:
    percents = [value for value in measured.percents if value is not None]
    if not percents:
        return nothing("No standard was in force in the last 90 days.")
    layout = go.Layout(
        margin={"l": 52, "r": 24, "t": 16, "b": 36},
        xaxis=DATES,
        yaxis={"ticksuffix": " %", "range": [max(min(percents) - 5, 0), 100.4]},
        showlegend=False,
    )
    first, last = (number(round(percents[place], 1)) for place in (0, -1))
    meta = {
        "finding": f"{last} % of the objects conform now, {first} % at first.",
        "narrow": FEW_DATES,
        "table": table(
            ("Day", "Conform, %"),
            [
                [day(on), None if value is None else round(value, 2)]
                for on, value in zip(measured.days, measured.percents, strict=True)
            ],
        ),
    }
    trace = line(
        "Conform", [f"{on:%Y-%m-%d}" for on in measured.days], list(measured.percents), "accent", shape="hv"
    )
    return figure([trace], layout, meta)


def _beside(layers: list[LayerStanding]) -> list[str]:
    """Where each name stands: inwards from its dot, and above and below in turn, since dots lie near each other."""
    highest_first = sorted(layers, key=lambda layer: -(layer.flexible or 0))
    turns = {layer.label: ("top", "bottom")[place % 2] for place, layer in enumerate(highest_first)}
    sides = ["left" if (layer.standard or 0) > 50 else "right" for layer in layers]
    return [f"{turns[layer.label]} {side}" for layer, side in zip(layers, sides, strict=True)]


def quadrant(layers: list[LayerStanding]) -> Figure:
    drawn = [layer for layer in layers if layer.standard is not None and layer.flexible is not None]
    if not drawn:
        return nothing("No layer has both a standard in force and suppliers in the inventory.")
    layout = go.Layout(
        margin={"l": 62, "r": 24, "t": 16, "b": 48},
        hovermode="closest",
        xaxis={"title": {"text": "Standard, %"}, "range": [-3, 103], "zeroline": False},
        yaxis={"title": {"text": "Flexible, %"}, "range": [-5, 108], "zeroline": False},
        shapes=[
            {"type": "line", "x0": STANDARD_FROM, "x1": STANDARD_FROM, "yref": "paper", "y0": 0, "y1": 1,
             "name": "limit"},
            {"type": "line", "y0": FLEXIBLE_FROM, "y1": FLEXIBLE_FROM, "xref": "paper", "x0": 0, "x1": 1,
             "name": "limit"},
        ],
        showlegend=False,
    )  # fmt: skip
    dots = points(
        "Layers",
        [layer.standard for layer in drawn],
        [layer.flexible for layer in drawn],
        "accent",
        hover=HOVER,
        marker={"size": 12},
        text=[layer.label for layer in drawn],
        customdata=[WORDS[layer.quadrant][0] for layer in drawn],
        textposition=_beside(drawn),
        cliponaxis=False,
    ).update(mode="markers+text")
    both = sum(layer.quadrant is Quadrant.BOTH for layer in drawn)
    meta = {
        "finding": f"Of {len(drawn)} layers, {both} are standard and flexible.",
        "narrow": {"margin": {"l": 44, "r": 20}, "xaxis": {"nticks": 4}},
        "table": table(
            ("Layer", "Standard, %", "Flexible, %", "Standing"),
            [[layer.label, layer.standard, layer.flexible, WORDS[layer.quadrant][0]] for layer in layers],
        ),
    }
    return figure([dots], layout, meta)
