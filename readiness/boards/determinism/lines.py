"""Determinism in words: what is seen, why a path passes and another does not, which runs were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from django.urls import reverse

from readiness.boards.determinism.judging import PARTS, Baseline, JudgedPath, LeftOut, equal_medians
from readiness.boards.determinism.queries import HistoryPoint, SiteDeterminism, SitePaths
from readiness.boards.determinism.tables import PathRow, change_words, path_name
from readiness.evidence.core.proving.values import Run
from readiness.evidence.latency_runs import TailFigure
from readiness.scoring.core.states import CheckState, ReasonCode
from readiness.scoring.queries.rows import CheckRow, ThresholdRow
from web.ages import ago
from web.links import link
from web.units import format_value, how_many, number, plural

type Line = dict[str, Any]

READ_SHOWN = 12
LEFT_OUT_SHOWN = 12


def micros(value: float | None) -> str:
    return str(format_value(value, "µs")) if value is not None else "unknown"


def key_figures(rows: Sequence[PathRow]) -> list[Line]:
    """The key figures of the paths on this page."""
    paths = [row.path for row in rows if row.path]
    passing = sum(path.state is CheckState.PASS for path in paths)
    failing = sum(path.state is CheckState.FAIL for path in paths)
    without = len({row.site_paths.site.pk for row in rows if row.path is None})
    no_limit = len({row.site_paths.site.pk for row in rows if row.path and not row.site_paths.limit_declared})
    factors = [value for path in paths if (value := path.value("load-factor")) is not None]
    return [
        {"label": "Paths measured", "value": len(paths), "note": "on this page"},
        {
            "label": "Deterministic",
            "value": passing,
            "note": how_many(failing, "path fails", "paths fail"),
            "tone": "bad" if failing else "",
        },
        {
            "label": "Worst load factor",
            "value": number(max(factors)) if factors else None,
            "note": "loaded p99 over idle p99",
        },
        {
            "label": "Sites without a run",
            "value": without,
            "note": "nothing is known of their tails",
            "tone": "warn" if without else "",
        },
        {
            "label": "Sites without a limit",
            "value": no_limit,
            "note": "their loaded p99 is judged by none",
            "tone": "warn" if no_limit else "",
        },
    ]


def contrast(sites: Iterable[SitePaths]) -> str:
    """How one of two paths of the same median passes and the other fails; "" where there is no such pair."""
    names = {path.path.key: f"{site.site.name}, {path_name(path)}" for site in sites for path in site.paths}
    pair = equal_medians([path for site in sites for path in site.paths])
    if pair is None:
        return ""
    good, bad = pair
    values = {
        "good": names[good.path.key],
        "bad": names[bad.path.key],
        "median": micros(good.loaded[50.0].value),
        "good_p99": micros(good.loaded[99.0].value),
        "bad_p99": micros(bad.loaded[99.0].value),
        "why": bad.reason,
    }
    return (
        "{good} and {bad} have the same median under load, {median}. On the first 99 of 100 messages arrive"
        " within {good_p99} and it passes; on the second within {bad_p99} and it fails: {why}"
    ).format(**values)


def tails_finding(rows: Sequence[PathRow]) -> str:
    factors = [
        (value, row) for row in rows if row.path and (value := row.path.value("load-factor")) is not None
    ]
    if not factors:
        return "No path was measured both idle and under load."
    factor, worst = max(factors, key=lambda pair: pair[0])
    values = {"site": worst.site_paths.site.name, "path": worst.name, "factor": number(factor)}
    return "Load stretches the p99 most at {site}, {path}: {factor} times that of the idle path".format(
        **values
    )


def curve_finding(chosen: JudgedPath) -> str:
    values = {
        "path": path_name(chosen),
        "median": micros(chosen.loaded[50.0].value),
        "p99": micros(chosen.loaded[99.0].value),
        "idle": micros(chosen.idle[99.0].value),
    }
    return "{path} under load: median {median}, p99 {p99}; the p99 idle is {idle}".format(**values)


def history_finding(history: Sequence[HistoryPoint], chosen: JudgedPath | None) -> str:
    if chosen and chosen.baseline:
        values = {"now": micros(chosen.baseline.value), "then": micros(chosen.baseline.p99)}
        words = "The loaded p99 is %(now)s, against %(then)s of its baseline: %(change)s"
        return words % (values | {"change": change_words(chosen)})
    return how_many(len(history), "run that is kept", "runs that are kept")


def curve_rows(curve: Sequence[TailFigure], chosen: JudgedPath) -> list[list[Any]]:
    """A row for each percentile: the medians idle and loaded, and why no run supports it where none does."""
    idle = {run.id for run in chosen.path.idle}
    rows: list[list[Any]] = []
    for percentile in sorted({figure.percentile for figure in curve}):
        here = [figure for figure in curve if figure.percentile == percentile and figure.value is not None]
        sides = [[each for each in here if (each.run_id in idle) is is_idle] for is_idle in (True, False)]
        middles = [round(median(each.value or 0.0 for each in side), 3) if side else None for side in sides]
        unsupported = [side[0].caution for side in sides if side and all(each.caution for each in side)]
        rows.append([f"p{percentile:g}", *middles, unsupported[0] if unsupported else ""])
    return rows


def explanation(chosen: JudgedPath) -> list[Line]:
    """Each sub-measure of the path: its state, figure and limit, and why."""
    lines = []
    for part_id in PARTS:
        part = chosen.parts.get(part_id)
        if part is None:
            continue
        is_measured = part.value is not None and part.code not in (ReasonCode.NO_EVIDENCE,)
        lines.append(
            {
                "id": part_id,
                "state": part.state.value,
                "value": str(format_value(part.value, part.unit)) if is_measured else "",
                "limit": part.threshold_text,
                "limit_source": part.limit_source,
                "gate": part.gate.value,
                "reason": part.reason,
            }
        )
    return lines


def named(lines: Iterable[Line], thresholds: Iterable[ThresholdRow]) -> list[Line]:
    names = {rule.part_id: rule.part for rule in thresholds}
    return [line | {"name": names.get(line["id"], line["id"])} for line in lines]


def path_choices(site_paths: SitePaths, chosen: JudgedPath | None, *, now: datetime) -> list[Line]:
    """The paths of a site, worst first."""
    return [
        {
            "name": path_name(path),
            "about": about(path),
            "state": path.state.value,
            "current": chosen is not None and path.path.key == chosen.path.key,
            "url": link("site-determinism", site_paths.site.slug, path=path.path.key),
            "p50": micros(path.loaded[50.0].value),
            "idle_p99": micros(path.idle[99.0].value),
            "p99": micros(path.loaded[99.0].value),
            "factor": number(value) if (value := path.value("load-factor")) is not None else "–",
            "jitter": number(value) if (value := path.value("tail-ratio")) is not None else "–",
            "reason": path.reason,
            "age": ago(path.taken_at, now=now),
        }
        for path in site_paths.paths
    ]


def about(path: JudgedPath) -> str:
    """`perftest write, mlx5_0, 2 B`."""
    size = str(format_value(path.path.size_bytes, "B")) if path.path.size_bytes is not None else ""
    parts = [f"{path.path.tool} {path.path.operation}".strip(), path.path.port, size]
    return ", ".join(each for each in parts if each)


def facts(determinism: SiteDeterminism, *, now: datetime) -> list[Line]:
    """Facts about the path that is looked at."""
    chosen = determinism.chosen
    if chosen is None:
        return []
    path, base = chosen.path, chosen.baseline
    limit = chosen.parts.get("loaded-p99")
    return [
        {"term": "Path", "value": path_name(chosen), "note": about(chosen)},
        {
            "term": "Read",
            "value": f"{len(path.loaded)} loaded, {len(path.idle)} idle",
            "note": how_many(len(determinism.left_out), "left out", "left out"),
        },
        {
            "term": "Newest run",
            "value": chosen.taken_at.strftime("%Y-%m-%d %H:%M"),
            "unit": "UTC",
            "provenance": chosen.provenance,
            "age": ago(chosen.taken_at, now=now),
        },
        {
            "term": "Latency limit",
            "value": (limit.threshold_text if limit else "") or "not declared",
            "note": (limit.limit_source if limit else "")
            or "until one is, the p99 under load is shown and not judged",
        },
        {
            "term": "Baseline",
            "value": f"{micros(base.p99)}, now {change_words(chosen)}" if base else "none yet",
            "note": _baseline_note(base),
        },
    ]


def _baseline_note(base: Baseline | None) -> str:
    if base is None:
        return "an earlier run of this path, marked or the first ones of it, is what it is compared with"
    day = base.taken_at.strftime("%Y-%m-%d")
    if base.marked:
        return f"the run of {day}, which was marked as its baseline"
    return plural(
        base.runs,
        f"the first run of the path, {day}",
        f"median of the first {base.runs} runs of the path, until {day}",
    )


def left_out(runs: Sequence[LeftOut]) -> list[Line]:
    return [
        {
            "id": each.run.id,
            "url": reverse("validation-run-detail", args=[each.run.id]),
            "at": each.run.taken_at,
            "load": each.run.load or "not said",
            "why": each.why,
        }
        for each in runs[:LEFT_OUT_SHOWN]
    ]


def read_runs(chosen: JudgedPath | None) -> list[Line]:
    """Runs whose medians are shown, the newest first."""
    if chosen is None:
        return []
    runs = sorted(_read(chosen), key=lambda run: (run.taken_at, run.id), reverse=True)
    return [
        {
            "id": run.id,
            "url": reverse("validation-run-detail", args=[run.id]),
            "at": run.taken_at,
            "load": run.load,
            "figures": [
                micros(figure.value) if not figure.caution else "not supported"
                for percentile in (50.0, 99.0, 99.9)
                for figure in run.figures
                if figure.name == "latency" and figure.percentile == percentile
            ][:3],
        }
        for run in runs[:READ_SHOWN]
    ]


def read_more(chosen: JudgedPath | None) -> int:
    """How many were read and are not listed."""
    return max(len(_read(chosen)) - READ_SHOWN, 0) if chosen else 0


def _read(chosen: JudgedPath) -> list[Run]:
    return [*chosen.path.loaded, *chosen.path.idle]


def served(determinism: SiteDeterminism) -> Line | None:
    """First token and time per token of the newest served run, and how they are judged."""
    if determinism.served is None:
        return None
    rows = [
        {
            "name": {"ttft": "First token", "tpot": "Per token"}[figure.name],
            "percentile": f"p{figure.percentile:g}",
            "value": str(format_value(figure.value, "ms")),
            "caution": figure.caution,
        }
        for figure in determinism.served_figures
    ]
    return {
        "run": determinism.served.pk,
        "url": reverse("validation-run-detail", args=[determinism.served.pk]),
        "at": determinism.served.taken_at,
        "rows": rows,
        "parts": _parts_of(determinism.serving),
    }


def _parts_of(row: CheckRow | None) -> list[Line]:
    return [
        {"name": part.name, "state": part.state, "limit": part.threshold_text, "reason": part.reason}
        for part in (row.parts if row else ())
    ]
