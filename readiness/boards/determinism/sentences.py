"""Determinism in sentences: what is seen, and how one path compares with another and with its own past."""

from collections.abc import Iterable, Sequence

from readiness.boards.determinism.judging import JudgedPath, equal_medians
from readiness.boards.determinism.queries import HistoryPoint, SitePaths
from readiness.boards.determinism.tables import PathRow, change_words
from web.units import format_value, how_many, number


def micros(value: float | None) -> str:
    return str(format_value(value, "µs"))


def contrast(sites: Iterable[SitePaths]) -> str:
    names = {path.path.key: f"{site.site.name}, {path.name}" for site in sites for path in site.paths}
    pair = equal_medians([path for site in sites for path in site.paths])
    if pair is None:
        return ""
    good, bad = pair
    return (
        f"{names[good.path.key]} and {names[bad.path.key]} have the same median under load, {micros(good.median)}."
        f" On the first 99 of 100 messages arrive within {micros(good.tail)} and it passes; on the second within"
        f" {micros(bad.tail)} and it fails: {bad.reason}"
    )


def tails_finding(rows: Sequence[PathRow]) -> str:
    factors = [(row.path.load_factor, row) for row in rows if row.path and row.path.load_factor is not None]
    if not factors:
        return "No path was measured both idle and under load."
    factor, worst = max(factors, key=lambda pair: pair[0] or 0.0)
    return (
        f"Load stretches the p99 most at {worst.site_paths.site.name}, {worst.name}:"
        f" {number(factor or 0.0)} times that of the idle path"
    )


def curve_finding(chosen: JudgedPath) -> str:
    return (
        f"{chosen.name} under load: median {micros(chosen.median)}, p99 {micros(chosen.tail)};"
        f" the p99 idle is {micros(chosen.idle_tail)}"
    )


def history_finding(history: Sequence[HistoryPoint], chosen: JudgedPath | None) -> str:
    if chosen and chosen.baseline:
        now, then = micros(chosen.baseline.value), micros(chosen.baseline.p99)
        return f"The loaded p99 is {now}, against {then} of its baseline: {change_words(chosen)}"
    return f"{how_many(len(history), 'run that is', 'runs that are')} kept"


def about(path: JudgedPath) -> str:
    """`perftest write, mlx5_0, 2 B`."""
    size = str(format_value(path.path.size_bytes, "B")) if path.path.size_bytes is not None else ""
    parts = [f"{path.path.tool} {path.path.operation}".strip(), path.path.port, size]
    return ", ".join(part for part in parts if part)


def baseline(path: JudgedPath) -> tuple[str, str]:
    base = path.baseline
    if base is None:
        return "none yet", (
            "an earlier run of this path, marked or the first ones of it, is what it is compared with"
        )
    day = f"{base.taken_at:%Y-%m-%d}"
    if base.marked:
        runs = f"the run of {day}, which was marked as its baseline"
    elif base.runs == 1:
        runs = f"the first run of the path, {day}"
    else:
        runs = f"median of the first {base.runs} runs of the path, until {day}"
    return f"{micros(base.p99)}, now {change_words(path)}", runs
