"""A portfolio in words: what a point changes, over which workloads, and where the ends of the front are."""

from collections.abc import Mapping, Sequence

from readiness.tradeoffs.portfolios.result import KINDS, MoveRow, Result
from web.units import Formatted, how_many, number, percent

OBJECTIVES = {"cost": "Cost", "carbon": "Carbon", "latency": "Latency", "risk": "Risk"}


def weights(given: Mapping[str, float]) -> str:
    return ", ".join(f"{OBJECTIVES[name]} {weight:g}" for name, weight in given.items())


def shares(point: Result) -> str:
    return ", ".join(
        f"{OBJECTIVES[name]} {number(round(100 * share))} %" for name, share in point["weights"].items()
    )


def gap(point: Result) -> Formatted:
    return percent(point["gap"], decimals=2)


def head(result: Result, name: str) -> str:
    return f"{OBJECTIVES[name]}, {result['units'][name]}"


def plans_told(result: Result) -> str:
    return f"{how_many(len(result['points']), 'plan', 'plans')} for {result['weightings']} weights"


def moves_told(rows: Sequence[MoveRow], left_out: int) -> str:
    counts = [
        f"{count} {label.lower()}"
        for kind, label in KINDS.items()
        if (count := sum(row.kind == kind for row in rows))
    ]
    left = how_many(left_out, "workload left out", "workloads left out")
    return f"{', '.join(counts)}; {left}" if counts else left


def over(result: Result, name: str, rows: Sequence[MoveRow]) -> str:
    inside = result["today"]["workloads"]
    if not inside:
        return "no workload runs today with every figure known"
    covered = f"over {how_many(len(inside), 'workload', 'workloads')}"
    forced = [
        change
        for row in rows
        if row.kind == "forced" and row.workload.slug in inside and (change := row.changes[name]) is not None
    ]
    return f"{covered}; {signed(sum(forced))} of it forced" if forced else covered


def signed(value: float | None) -> str:
    if value is None:
        return "unknown"
    shown = number(round(value) if abs(value) >= 10 else round(value, 2))
    return f"+{shown}" if value > 0 else shown.replace("-", "−")


def today_told(result: Result) -> str:
    today, names = result["today"], result["names"]
    if not today["counted"]:
        return "Today is not drawn: of no workload that runs are all figures known."
    if today["counted"] == len(names):
        return f"Today and every point sum all {today['counted']} workloads."
    outside = ", ".join(f"{names.get(slug, slug)} ({why})" for slug, why in today["outside"].items())
    same = f"Today and every point sum the same {today['counted']} of {len(names)} workloads."
    return f"{same} Not in it: {outside}." if outside else same


def finding(result: Result, *, x: str, y: str) -> str:
    points = list(enumerate(result["points"], 1))
    if not points:
        return "No point was found before it ended."
    sentences = []
    for name in dict.fromkeys((x, y)):
        place, point = min(points, key=lambda each: each[1]["compared"][name])
        least = f"{number(round(point['compared'][name]))} {result['units'][name]}"
        sentences.append(f"Least {OBJECTIVES[name].lower()}: point {place} with {least}.")
    return " ".join(sentences)
