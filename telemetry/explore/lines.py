"""Answers as the explorer shows them: lines, their names, and a one-sentence finding."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from inventory.models import Site
from telemetry import intake, sentences, store
from telemetry.core.codes import Code, code_of
from telemetry.core.labels import NAME
from telemetry.core.metric import ComparedValue, LimitTest, Metric
from telemetry.core.registry import registry
from telemetry.core.spec import Aggregation, QuerySpec, SpecError
from telemetry.models import Series
from telemetry.params import OF_COUNTERS, AdmittedQuery
from telemetry.store import SITE
from web.states import state
from web.units import format_value, how_many, number

# Number of lines with a colour and a legend entry; a sixth colour would be close to the grey of the rest.
COLOURED = 5
# More lines on one axis are unreadable; the table below has all of them.
MOST_LINES = 20
# Counters are drawn as growth per second, because growth per step depends on the step.
DRAWN_OF_COUNTERS = tuple(each for each in OF_COUNTERS if each is not Aggregation.INCREASE)
# Agents number ports by this label and may renumber them; people know a port by its name.
NUMBER_OF_PORT = "ifIndex"
# Aggregations that select a reading instead of computing a new value.
_PICKED = (Aggregation.LAST, Aggregation.MIN, Aggregation.MAX)
# Aggregations whose values are of the metric's own kind, so that its limits apply.
_OF_THE_METRIC = (Aggregation.AVG, Aggregation.MIN, Aggregation.MAX, Aggregation.LAST, Aggregation.QUANTILE)


@dataclass(frozen=True, slots=True, eq=False)
class ExploredLine:
    """One line; NaN breaks it. `series` is the series that it draws, None for a line of several. `key` is the letter of
    its metric where two are compared, `earlier_mean` its mean in the period beside."""

    name: str
    labels: Mapping[str, str]
    unit: str
    provenance: str
    series: Series | None
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    key: str = ""
    earlier_mean: float | None = None

    @property
    def last(self) -> float | None:
        return self._reduced(lambda values: values[-1])

    @property
    def lowest(self) -> float | None:
        return self._reduced(np.min)

    @property
    def highest(self) -> float | None:
        return self._reduced(np.max)

    @property
    def mean(self) -> float | None:
        return self._reduced(np.mean)

    def _reduced(self, reduce) -> float | None:
        finite_values = self.values[np.isfinite(self.values)]
        return float(reduce(finite_values)) if len(finite_values) else None


@dataclass(frozen=True, slots=True)
class HealthLimit:
    """A limit line; without a `level` it is just the limit."""

    level: str
    value: float
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class ExploredLines:
    """All lines of a query, the highest first."""

    spec: QuerySpec
    series: int
    left_out: int
    offered: tuple[Aggregation, ...]
    lines: tuple[ExploredLine, ...]
    limits: tuple[HealthLimit, ...]

    @property
    def drawn(self) -> tuple[ExploredLine, ...]:
        return self.lines[:MOST_LINES]

    @property
    def unit(self) -> str:
        return self.lines[0].unit if self.lines else ""

    @property
    def largest(self) -> float:
        return max((abs(line.highest or 0) for line in self.drawn), default=0.0)

    @property
    def lowest(self) -> float:
        return min((line.lowest or 0 for line in self.lines), default=0.0)

    @property
    def metric(self) -> Metric | None:
        return registry().get(self.spec.metric)

    @property
    def states(self) -> tuple[tuple[int, str], ...]:
        """The names of the values, if the lines have the metric's own values."""
        metric = self.metric if self.spec.aggregation in _OF_THE_METRIC else None
        return metric.states if metric is not None else ()

    @property
    def title(self) -> str:
        return sentences.title(self.metric.title if self.metric else self.spec.metric, self.spec, self.series)

    @property
    def nothing(self) -> str:
        return f"No sample of {self.spec.metric} in this time."

    @property
    def finding(self) -> str:
        if not self.lines:
            return "No sample in this time."
        first = self.lines[0]
        highest = format_value(first.highest, self.unit)
        lowest = format_value(self.lowest, self.unit)
        if len(self.lines) == 1:
            last = format_value(first.last, self.unit)
            return f"{self.title}: between {lowest} and {highest}, last {last}."
        lines = f"{self.title} of {number(len(self.lines))} lines"
        return f"{lines}: between {lowest} and {highest}, the highest is {first.name}."

    @property
    def footer(self) -> str:
        lines = how_many(len(self.lines), "line", "lines")
        series = how_many(self.series, "series", "series")
        parts = [
            f"{lines} from {series}",
            sentences.step(self.spec),
            sentences.left_out(self.left_out),
            self._selection,
        ]
        return ", ".join(part for part in parts if part)

    @property
    def _selection(self) -> str:
        total = len(self.lines)
        if total <= COLOURED:
            return ""
        text = (
            f"in colour the {COLOURED} with the highest peak, in grey the next "
            f"{min(total, MOST_LINES) - COLOURED}"
        )
        if total > MOST_LINES:
            text += f"; {number(total - MOST_LINES)} more are only in the table"
        return text

    @property
    def provenance(self) -> str:
        kinds = sorted({line.provenance for line in self.lines})
        return ", ".join(str(state("provenance", kind).word) for kind in kinds)


def answer(question: AdmittedQuery, *, now: datetime) -> ExploredLines:
    if question.counts_up and question.spec.aggregation not in offered(question):
        reason = "this metric is a counter, and its growth in a step depends on the step: ask for its rate"
        raise SpecError("aggregation", reason)
    drawn = [line for line in store.run(question.spec, now=now) if np.isfinite(line.values).any()]
    names = _names(question.spec, [line.labels for line in drawn])
    series = _series([line.series_id for line in drawn if line.series_id])
    lines = [
        ExploredLine(
            name,
            line.labels,
            line.unit,
            line.provenance,
            series.get(line.series_id or 0),
            line.ts_ms,
            line.values,
        )
        for name, line in zip(names, drawn, strict=True)
    ]
    lines.sort(key=lambda line: (-(line.highest or 0), line.name))
    return ExploredLines(
        spec=question.spec,
        series=question.series,
        left_out=question.left_out,
        offered=offered(question),
        lines=tuple(lines),
        limits=_limits(question.spec, lines),
    )


def offered(question: AdmittedQuery) -> tuple[Aggregation, ...]:
    if not question.counts_up:
        return tuple(Aggregation)
    return (*DRAWN_OF_COUNTERS, Aggregation.QUANTILE) if question.has_buckets else DRAWN_OF_COUNTERS


def _series(ids: Sequence[int]) -> dict[int, Series]:
    return {row.pk: row for row in intake.series().filter(pk__in=ids)} if ids else {}


def _names(spec: QuerySpec, lines: Sequence[Mapping[str, str]]) -> list[str]:
    """Lines by one label are named by its values, which the title says; lines by site by the sites' names."""
    if spec.group_by is None or len(spec.group_by) != 1:
        return distinct_names(lines)
    [label] = spec.group_by
    values = [labels.get(label, "") for labels in lines]
    words: dict[str, str] = {}
    if label == SITE:
        words = dict(Site.objects.filter(slug__in=values).values_list("slug", "name"))
    return [words.get(value, value) or f"no {label}" for value in values]


def distinct_names(lines: Sequence[Mapping[str, str]]) -> list[str]:
    """A name for each line from as few labels as distinguish the lines, short values first. Lines with equal labels (of
    two sources) are numbered."""
    if len(lines) == 1:
        return [lines[0].get(NAME) or _joined(lines[0], sorted(lines[0])) or "all series"]
    keys = sorted({key for labels in lines for key in labels})
    keys.sort(
        key=lambda key: (
            key == NUMBER_OF_PORT,
            max((len(labels.get(key, "")) for labels in lines), default=0),
        )
    )
    name_keys: list[str] = []
    apart = 1
    for key in keys:
        count = len({tuple(labels.get(each, "") for each in [*name_keys, key]) for labels in lines})
        if count > apart:
            name_keys.append(key)
            apart = count
        if apart == len(lines):
            break
    name_keys = _drop_needless(name_keys, lines, apart) or ([NAME] if NAME in keys else keys[:1])
    seen: dict[str, int] = {}
    names = []
    for labels in lines:
        name = _joined(labels, name_keys)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _drop_needless(keys: list[str], lines: Sequence[Mapping[str, str]], apart: int) -> list[str]:
    """Drop a label that later ones made unnecessary."""
    for key in list(keys):
        rest = [each for each in keys if each != key]
        if rest and len({tuple(labels.get(each, "") for each in rest) for labels in lines}) == apart:
            keys = rest
    return keys


def _joined(labels: Mapping[str, str], keys: Sequence[str]) -> str:
    return " · ".join(
        labels[key] if key == NAME else f"{key}={labels[key]}" for key in sorted(keys) if labels.get(key)
    )


def _limits(spec: QuerySpec, lines: Sequence[ExploredLine]) -> tuple[HealthLimit, ...]:
    """Limits that all lines share: a limit of some lines would seem to hold for all."""
    if spec.aggregation not in _OF_THE_METRIC or spec.group_by is not None or not lines:
        return ()
    shared: set[HealthLimit] | None = None
    for line in lines[:MOST_LINES]:
        own = _limits_of(line)
        shared = own if shared is None else shared & own
    return tuple(sorted(shared or (), key=lambda limit: limit.value))


def _limits_of(line: ExploredLine) -> set[HealthLimit]:
    metric = registry().get(line.labels.get(NAME, ""), line.labels)
    if metric is None:
        return set()
    return {
        HealthLimit(level, value, registry().source_title(rule))
        for rule in metric.rules_for(line.labels)
        if rule.measure is ComparedValue.VALUE and rule.direction in (LimitTest.ABOVE, LimitTest.BELOW)
        for level, values in (("warn", rule.warn), ("critical", rule.critical))
        for value in values[:1]
    }


@dataclass(frozen=True, slots=True)
class CodeEvent:
    """A line reports a code that it did not report before; if it `is_older`, the first sample had it already."""

    line: str
    at_ms: int
    code: Code
    is_older: bool


def codes_of(explored: ExploredLines) -> list[Code]:
    """Return the meanings of the codes in the lines, by number."""
    codes = {event.code.number: event.code for event in events_of(explored) or ()}
    return [codes[number] for number in sorted(codes)]


def events_of(explored: ExploredLines) -> list[CodeEvent] | None:
    """Return the codes in the lines by time, or None if the values are not codes: neither is a mean or a quantile of
    codes, nor the combination of a group's lines."""
    if explored.spec.aggregation not in _PICKED or explored.spec.group_by is not None:
        return None
    coded = [
        (line, metric)
        for line in explored.lines[:MOST_LINES]
        if (metric := registry().get(line.labels.get(NAME, ""), line.labels)) is not None and metric.codes
    ]
    if not coded:
        return None
    events = [event for line, metric in coded for event in _events_of_line(line, metric)]
    return sorted(events, key=lambda event: (event.at_ms, event.line))


def _events_of_line(line: ExploredLine, metric: Metric) -> Iterator[CodeEvent]:
    finite = np.isfinite(line.values)
    instants, values = line.ts_ms[finite], line.values[finite]
    for place in [0, *(np.flatnonzero(np.diff(values)) + 1).tolist()]:
        if (code := code_of(metric, float(values[place]))) is not None:
            yield CodeEvent(line.name, int(instants[place]), code, is_older=place == 0)


def side_by_side(lines: Sequence[ExploredLine]) -> tuple[list[str], Iterator[list[str | float | None]]]:
    """Head and rows of a file: a column for each line, a row for each instant at which one has a value."""
    names = [f"{line.key} {line.name}".lstrip() for line in lines]
    heads = [f"{name} ({line.unit})" if line.unit else name for name, line in zip(names, lines, strict=True)]
    return ["time", *heads], _csv_rows(lines)


def _csv_rows(lines: Sequence[ExploredLine]) -> Iterator[list[str | float | None]]:
    finite_masks = [np.isfinite(line.values) for line in lines]
    times = [line.ts_ms[finite] for line, finite in zip(lines, finite_masks, strict=True)]
    instants = np.unique(np.concatenate(times)) if times else np.empty(0, np.int64)
    values = np.full((len(instants), len(lines)), np.nan)
    for column, (line, finite) in enumerate(zip(lines, finite_masks, strict=True)):
        values[np.searchsorted(instants, times[column]), column] = line.values[finite]
    for at, row in zip(instants.tolist(), values, strict=True):
        yield [
            datetime.fromtimestamp(at / 1000, UTC).isoformat(),
            *(None if math.isnan(value) else value for value in row.tolist()),
        ]
