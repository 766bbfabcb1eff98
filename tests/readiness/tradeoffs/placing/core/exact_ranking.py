"""The published vectors worked out apart from the product, in exact fractions, from the formula alone.

`python -m tests.readiness.tradeoffs.placing.core.exact_ranking` writes them anew.
"""

import json
from fractions import Fraction
from math import floor
from pathlib import Path

VECTORS = Path(__file__).parent / "ranking_vectors.json"
ONE = 10**9


def score(figure, objective):
    """`figure` is a fraction, or `least` or `most` where nothing bounds it."""
    more = objective["direction"] == "max"
    unbounded = isinstance(figure, str)
    if unbounded:
        return Fraction((figure == "most") is more)
    figure, scale = max(figure, Fraction(0)), objective["scale"]
    if scale is not None:
        share = min(figure / Fraction(scale), Fraction(1))
        return share if more else 1 - share
    reference = max(Fraction(objective["reference"]), Fraction(0))
    if reference == 0:
        return Fraction(more or figure == 0)
    return (figure if more else reference) / (reference + figure)


def ends(option, objective):
    """The figure as it counts, at its worse and at its better end, and whether it is unknown."""
    figure = option["figures"].get(objective["name"]) or {}
    value, low, high = (figure.get(name) for name in ("value", "low", "high"))
    least = low if low is not None else value
    most = high if high is not None else value
    least = "least" if least is None else Fraction(least)
    most = "most" if most is None else Fraction(most)
    worse, better = (least, most) if objective["direction"] == "max" else (most, least)
    return (worse if value is None else Fraction(value)), worse, better, value is None


def ranked(options, objectives, weights):
    counting = [
        (one, Fraction(weights.get(one["name"], 0)))
        for one in objectives
        if weights.get(one["name"], 0) > 0 and (one["scale"] is not None or one["reference"] is not None)
    ]
    total = sum(weight for _, weight in counting)
    rows = []
    for option in options:
        sums, unknown = [Fraction(0)] * 3, []
        for objective, weight in counting:
            *figures, is_unknown = ends(option, objective)
            sums = [
                each + weight * score(figure, objective) for each, figure in zip(sums, figures, strict=True)
            ]
            unknown += [objective["name"]] if is_unknown else []
        points = [floor(each / total * ONE + Fraction(1, 2)) if total else 0 for each in sums]
        rows.append((option["name"], *points, unknown))
    found = [
        {
            "name": name,
            "rank": 1 + sum(other[1] > points for other in rows),
            "points": points,
            "low": low,
            "high": high,
            "best_rank": 1 + sum(other[2] > high for other in rows if other[0] != name),
            "worst_rank": 1 + sum(other[3] > low for other in rows if other[0] != name),
            "unknown": unknown,
        }
        for name, points, low, high, unknown in rows
    ]
    return sorted(found, key=lambda one: (one["rank"], one["name"]))


def made(name, objectives, options, weights):
    named = [
        {"name": each, "direction": direction, "scale": scale, "reference": reference}
        for each, direction, scale, reference in objectives
    ]
    served = []
    for option, *figures in options:
        cells = {}
        for each, figure in zip(named, figures, strict=True):
            value, low, high = figure if isinstance(figure, tuple) else (figure, None, None)
            cells[each["name"]] = {"value": value, "low": low, "high": high}
        served.append({"name": option, "figures": cells})
    return {
        "name": name,
        "options": served,
        "objectives": named,
        "weights": weights,
        "expected": ranked(served, named, weights),
    }


LATENCY, COST = ("latency", "min", None, 20), ("unit-cost", "min", None, 6)
CARBON, READINESS = ("carbon", "min", None, 1800.5), ("readiness", "max", 100, None)
UNSCORED, FREE, ROOM = ("energy", "min", None, None), ("egress", "min", None, 0), ("room", "max", None, 4)
EVEN = {"latency": 1, "unit-cost": 1}


def vectors():
    near = [("near", 5, 18), ("level", 20, 6), ("far", 60, 2)]
    return [
        made("what equals its reference scores one half", [LATENCY, COST], near, EVEN),
        made("ties share a rank", [LATENCY, COST], [("b", 20, 6), ("a", 20, 6), ("c", 60, 6)], EVEN),
        made("a fixed scale", [READINESS], [("poor", 60), ("good", 90), ("beyond", 120)], {"readiness": 2}),
        made("more is better", [ROOM], [("none", 0), ("level", 4), ("ample", 12)], {"room": 1}),
        made("a reference of nothing", [FREE], [("free", 0), ("paid", 0.02)], {"egress": 1}),
        made("below nothing counts as nothing", [COST], [("earns", -3), ("free", 0)], {"unit-cost": 1}),
        made(
            "unscored, its weight spread over the rest",
            [LATENCY, UNSCORED, COST],
            [("near", 5, 900, 18), ("far", 60, 10, 2)],
            EVEN | {"energy": 7},
        ),
        made("nothing is scored", [UNSCORED], [("one", 10), ("two", 20)], {"energy": 1}),
        made(
            "unknown counts at its worst",
            [LATENCY, COST],
            [("known", 20, 6), ("blind", None, 5), ("bounded", (None, 10, 60), 5), ("room", 5, 2)],
            EVEN,
        ),
        made(
            "unknown where more is better",
            [ROOM],
            [("blind", None), ("at least", (None, 4, None)), ("level", 4)],
            {"room": 1},
        ),
        made(
            "estimates overlap",
            [LATENCY],
            [("near", 10), ("estimate", (15, 8, 30)), ("far", 20)],
            {"latency": 0.7},
        ),
        made(
            "four objectives, thirds and sevenths",
            [LATENCY, COST, CARBON, READINESS],
            [
                ("north", 48.2, 2.0, 160.6, 80),
                ("south", 12.9, 2.4, 1533.1, (90, 90, 97)),
                ("east", (33.3, 20.1, 41.9), 1.8, 5259.6, 40),
                ("west", None, 3.1, (None, 10.5, 900.25), 71.5),
            ],
            {"latency": 1 / 3, "unit-cost": 2 / 7, "carbon": 0.1, "readiness": 0.2},
        ),
    ]


if __name__ == "__main__":
    lines = ",\n".join(map(json.dumps, vectors()))
    VECTORS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
