"""Sub-measures that a table claims, derived from its rows of raw figures.

`DERIVATIONS` says which raw measures count for which sub-measure: a measure counts if a word of its name is one of the
words (`hourly_busbw` for `busbw`). Rows can be read in several ways, such as a counter that starts at 0 or not, so that
a derivation gives the least and the most that they allow.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from statistics import fmean, median, pstdev, stdev
from typing import NamedTuple

from readiness.assessment.evidence.core.parsed import Figure, converted
from readiness.assessment.evidence.core.parsers.vllm_rows import percentile_of
from readiness.assessment.evidence.core.recomputing import differ, disagreement, half_unit

SAMPLED_EVERY_S = 60
"""A soak is sampled this often (the framework's instruction for p1-soak-24h)."""
LEAST_SAMPLED = 0.9
"""Share of the samples that must be there (our judgement): a sampler misses a few."""
LONGEST_GAP_S = 300
"""The load may have stopped in a longer gap between two samples (our judgement)."""
HOUR_S = 3600


class RawRow(NamedTuple):
    figure: Figure
    name: str
    taken_at: datetime | None


class Derived(NamedTuple):
    """`suffices` tells whether the rows may stand behind a claim that they do not contradict."""

    least: float
    most: float
    tolerance: float = 0.0
    suffices: bool = True


type Series = Mapping[tuple[object, ...], Sequence[RawRow]]
type Rule = Callable[[Sequence[RawRow], Mapping[str, float]], Derived | None]
"""From the rows, and the values that the table claims by sub-measure; None if too few rows are there."""


@dataclass(frozen=True, slots=True)
class Derivation:
    words: tuple[str, ...]
    unit: str
    rule: Rule
    raw_unit: str = ""
    is_sampled: bool = False

    @property
    def lacking(self) -> str:
        words = ", ".join(self.words[:3])
        return f"{words}; a sample every {SAMPLED_EVERY_S} s" if self.is_sampled else words

    @property
    def pattern(self) -> re.Pattern[str]:
        words = "|".join(f"{word.removesuffix('s')}s?" for word in self.words)
        return re.compile(rf"(?:^|[^a-z0-9])(?:{words})(?:[^a-z0-9]|$)")


@dataclass(frozen=True, slots=True)
class Verification:
    """The rows compared with the claims: a sentence if they disagree, and the claims that no rows are behind."""

    contradiction: str = ""
    without_rows: tuple[str, ...] = ()


def verified(claims: Sequence[Figure], rows: Sequence[RawRow]) -> Verification:
    values = {claim.name: claim.value for claim in claims if claim.value is not None}
    without_rows: dict[str, None] = {}
    contradiction = ""
    for claim in claims:
        derivation = DERIVATIONS.get(claim.name)
        value = None if derivation is None else _converted_value(claim.value, claim.unit, derivation.unit)
        if derivation is None or value is None:
            continue
        derived = derivation.rule(_counting(derivation, rows, claim.subject), values)
        sentence = "" if derived is None else _disagreement(claim, value, derived, derivation.unit)
        if not sentence and (derived is None or not derived.suffices):
            without_rows[f"{claim.name} ({derivation.lacking})"] = None
        contradiction = contradiction or sentence
    return Verification(contradiction, tuple(without_rows))


def _disagreement(claim: Figure, value: float, derived: Derived, unit: str) -> str:
    tolerance = derived.tolerance + half_unit(repr(value))
    bound, words = (derived.least, "at least") if value < derived.least else (derived.most, "at most")
    if derived.least <= value <= derived.most or not differ(value, bound, tolerance):
        return ""
    expected = f"{bound:.4g} {unit}".strip()
    whole = derived.least == derived.most
    what = f"{claim.name} of {claim.subject}" if claim.subject else claim.name
    return disagreement(what, f"{value:.6g} {unit}".strip(), expected if whole else f"{expected} {words}")


def _counting(derivation: Derivation, rows: Sequence[RawRow], subject: str) -> list[RawRow]:
    """The raw rows behind a claim. A claim about a switch counts the rows of its ports, and rows without a subject."""
    matching_rows = [row for row in rows if derivation.pattern.search(row.name.lower())]
    if subject:
        matching_rows = [
            row for row in matching_rows if not row.figure.subject or row.figure.subject.startswith(subject)
        ]
    if not derivation.raw_unit:
        return matching_rows
    values = [
        _converted_value(row.figure.value, row.figure.unit, derivation.raw_unit) for row in matching_rows
    ]
    return [
        row._replace(figure=_revalued(row.figure, value))
        for row, value in zip(matching_rows, values, strict=True)
        if value is not None
    ]


def _revalued(figure: Figure, value: float) -> Figure:
    return figure if value == figure.value else Figure(name=figure.name, value=value, subject=figure.subject)


_MEGABYTES = {"B": 1e-6, "kB": 1e-3, "KB": 1e-3, "MB": 1.0, "GB": 1e3, "MiB": 1.048576, "GiB": 1073.741824}


def _converted_value(value: float | None, unit: str, target: str) -> float | None:
    if value is None or not unit or not target:
        return value
    if target == "MB":
        return value * _MEGABYTES[unit] if unit in _MEGABYTES else None
    return converted(value, unit, target)


def _values(rows: Iterable[RawRow]) -> list[float]:
    return [row.figure.value for row in rows if row.figure.value is not None]


def _rounding(rows: Iterable[RawRow]) -> float:
    return max((half_unit(repr(value).removesuffix(".0")) for value in _values(rows)), default=0.0)


def _series(rows: Iterable[RawRow]) -> Series:
    series: dict[tuple[object, ...], list[RawRow]] = defaultdict(list)
    for row in rows:
        figure = row.figure
        key = (row.name, figure.operation, figure.variant, figure.subject, figure.size_bytes)
        series[key].append(row)
    return series


def _timed(rows: Iterable[RawRow]) -> list[tuple[float, float]]:
    """Seconds and value of each row, in order of time."""
    pairs = [
        (row.taken_at.timestamp(), row.figure.value)
        for row in rows
        if row.taken_at is not None and row.figure.value is not None
    ]
    return sorted(pairs)


def _instants(rows: Iterable[RawRow]) -> list[float]:
    """The times of samples, if there are enough over the time from the first to the last."""
    times = _times(rows)
    if len(times) < 2:
        return []
    needed = int(LEAST_SAMPLED * (times[-1] - times[0]) / SAMPLED_EVERY_S)
    return times if len(times) > needed else []


def _times(rows: Iterable[RawRow]) -> list[float]:
    return sorted({at for at, _ in _timed(rows)})


def unbroken(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """The longest time during which samples show the load, in hours; a rate of 0 is no load."""
    loaded = [row for row in rows if row.figure.value]
    times = _times(loaded)
    if len(times) < 2:
        return None
    # The load runs before its first sample and after its last.
    tolerance = 2 * SAMPLED_EVERY_S / HOUR_S
    if not _instants(loaded):
        return Derived(0.0, (times[-1] - times[0]) / HOUR_S, tolerance, suffices=False)
    longest, begun_at, last_at = 0.0, times[0], times[0]
    for at in times:
        if at - last_at > LONGEST_GAP_S:
            begun_at = at
        last_at = at
        longest = max(longest, at - begun_at)
    return Derived(0.0, longest / HOUR_S, tolerance)


def spread(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """The coefficient of variation in per cent: of each series, of the means over the series, and of all rows."""
    if not _instants(rows):
        return None
    at_instant: dict[float, list[float]] = defaultdict(list)
    for at, value in _timed(rows):
        at_instant[at].append(value)
    of_series = [values for each in _series(rows).values() if len(values := _values(each)) > 1]
    means = [fmean(values) for values in at_instant.values()]
    every = _values(rows)
    if min(map(fmean, (means, *of_series))) <= 0:
        return None
    worst = max((100 * pstdev(values) / fmean(values) for values in of_series), default=0.0)
    least = min(worst, 100 * pstdev(means) / fmean(means))
    most = max(100 * stdev(values) / fmean(values) for values in (every, means, *of_series))
    return Derived(least, most, 100 * 2 * _rounding(rows) / fmean(every))


def _increase(series: Iterable[RawRow]) -> Derived:
    """The least and the most that the rows of one counter may add: it counts on, or each row counts anew."""
    values = [value for _, value in _timed(series)] or _values(series)
    total = sum(values)
    if len(values) < 2 or any(later < earlier for earlier, later in pairwise(values)):
        return Derived(total, total)
    return Derived(values[-1] - values[0], total)


def counted(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """A count: of the worst subject at least, of all at most."""
    if not rows:
        return None
    increases = [_increase(series) for series in _series(rows).values()]
    return Derived(max(each.least for each in increases), sum(each.most for each in increases))


def anomalies(rows: Sequence[RawRow], claims: Mapping[str, float], *, other: str) -> Derived | None:
    """An anomaly is explained or not, so that the two claims add up to all."""
    if not rows:
        return None
    increases = [_increase(series) for series in _series(rows).values()]
    explained = claims.get(other, 0.0)
    least, most = sum(each.least for each in increases), sum(each.most for each in increases)
    return Derived(max(0.0, least - explained), max(0.0, most - explained))


def marking_order(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """1 if the network was paused and nothing was marked, else 0. Nobody claims more than that to pass."""
    marks = [row for row in rows if "ecn" in row.name.lower()]
    pauses = [row for row in rows if "pause" in row.name.lower()]
    if not marks or not pauses:
        return None
    paused, marked = counted(pauses, claims), counted(marks, claims)
    if paused is None or marked is None or not paused.most or marked.least:
        return Derived(0.0, math.inf)
    return Derived(float(paused.least > 0 and not marked.most), math.inf)


def longest(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    values = _values(rows)
    return Derived(max(values), max(values), _rounding(rows)) if values else None


def high_percentile(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """The 99th percentile of the worst sensor at most, of the mean over the sensors at least."""
    at_instant: dict[float, list[float]] = defaultdict(list)
    for at, value in _timed(rows):
        at_instant[at].append(value)
    if len(at_instant) < 2:
        return None
    means = sorted(fmean(values) for values in at_instant.values())
    of_series = [percentile_of(sorted(_values(each)), 99) for each in _series(rows).values()]
    every = percentile_of(sorted(_values(rows)), 99)
    return Derived(min(percentile_of(means, 99), every), max(every, *of_series), 2 * _rounding(rows))


def slope(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """The growth in an hour: by least squares, or from the first row to the last."""
    slopes, spans_h = [], []
    for series in _series(rows).values():
        timed = _timed(series)
        times, values = [at / HOUR_S for at, _ in timed], [value for _, value in timed]
        if len(times) < 2 or times[-1] <= times[0]:
            continue
        centre, level = fmean(times), fmean(values)
        squares = sum((at - centre) ** 2 for at in times)
        products = sum((at - centre) * (value - level) for at, value in zip(times, values, strict=True))
        slopes += [products / squares, (values[-1] - values[0]) / (times[-1] - times[0])]
        spans_h.append(times[-1] - times[0])
    if not slopes:
        return None
    return Derived(min(slopes), max(slopes), 2 * _rounding(rows) / min(spans_h))


def drift(rows: Sequence[RawRow], claims: Mapping[str, float]) -> Derived | None:
    """The change from the first hour to the last, without its sign, in per cent."""
    tails = [row for row in rows if row.figure.percentile == 99] or list(rows)
    timed = _timed(tails)
    if len(timed) < 2 or timed[-1][0] - timed[0][0] < HOUR_S:
        return None
    first = sorted(value for at, value in timed if at < timed[0][0] + HOUR_S)
    last = sorted(value for at, value in timed if at > timed[-1][0] - HOUR_S)
    measures: list[Callable[[Sequence[float]], float]] = [fmean, median, max, partial(percentile_of, rank=99)]
    if min(first) <= 0:
        return None
    changes = [100 * abs(measure(last) / measure(first) - 1) for measure in measures]
    return Derived(min(changes), max(changes), 100 * 2 * _rounding(tails) / min(first))


_LOAD = ("busbw", "algbw", "bandwidth", "throughput", "ttft", "tokens", "requests", "iterations", "steps")
_ANOMALIES = ("link_flaps", "queue_pair_errors", "throttles", "qp_errors", "flaps", "throttling")
_SOAK, _INCAST = "p1-soak-24h", "p1-congestion"
_UNEXPLAINED, _EXPLAINED = f"{_SOAK}/unexplained-anomalies", f"{_SOAK}/explained-anomalies"
DERIVATIONS: Mapping[str, Derivation] = {
    f"{_SOAK}/duration": Derivation(_LOAD, "h", unbroken, is_sampled=True),
    f"{_SOAK}/busbw-cv": Derivation(("busbw", "bus_bandwidth"), "%", spread, is_sampled=True),
    _UNEXPLAINED: Derivation(_ANOMALIES, "", partial(anomalies, other=_EXPLAINED)),
    _EXPLAINED: Derivation(_ANOMALIES, "", partial(anomalies, other=_UNEXPLAINED)),
    f"{_SOAK}/ttft-drift": Derivation(("ttft",), "%", drift),
    f"{_SOAK}/inlet-p99": Derivation(("inlet",), "°C", high_percentile, "°C"),
    f"{_SOAK}/memory-slope": Derivation(("memory", "rss"), "MB/h", slope, "MB"),
    f"{_INCAST}/lossless-drops": Derivation(("dropped", "drops", "discards"), "", counted),
    f"{_INCAST}/pfc-storms": Derivation(("pfc_storms", "watchdog", "storms"), "", counted),
    f"{_INCAST}/marking-order": Derivation(("ecn", "ecn_marked", "pause"), "", marking_order),
    f"{_INCAST}/out-of-sequence": Derivation(("out_of_sequence", "oos"), "", counted),
    "p2-failover-drill/longest-interruption": Derivation(("interruption", "outage"), "s", longest, "s"),
}
"""Raw measures behind each sub-measure that a table may claim as a run."""
