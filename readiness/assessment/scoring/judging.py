"""The registry's rules judge each sample of a site, well or not. Nothing here remembers earlier samples.

A metric without a rule judges nothing, and a rule whose precondition does not hold finds nothing: a port that an
operator switched off is not down.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from readiness.assessment.scoring.core.reasons import ObjectKey, RuleFinding
from readiness.assessment.scoring.facts import EvaluationFacts, object_key
from readiness.assessment.scoring.preconditions import Surroundings
from telemetry.core.codes import code_of
from telemetry.core.metric import ComparedValue, HealthRule, Metric, MetricDomain
from telemetry.core.registry import registry
from telemetry.core.rows import Latest, Rise

DAY_S = 86400.0


class _RuleInput(NamedTuple):
    """A value that rules of one measure compare, and the times that go with it."""

    row: Latest | Rise
    value: float
    taken_at: datetime
    began_at: datetime


def findings_of(facts: EvaluationFacts, now: datetime) -> Sequence[RuleFinding]:
    around = Surroundings(facts, now)
    return [
        finding
        for measure, readings in (
            (ComparedValue.VALUE, _values(facts, now)),
            (ComparedValue.CHANGED, _codes(facts)),
            (ComparedValue.INCREASE, _rises(facts)),
        )
        for metric, reading in readings
        for finding in _judged(around, metric, measure, reading)
    ]


def _values(facts: EvaluationFacts, now: datetime) -> Iterator[tuple[str, _RuleInput]]:
    for metric, samples in _rows_with_rules(ComparedValue.VALUE, facts.latest):
        live = [sample for sample in samples if facts.is_live(sample, now)]
        for sample in _newest_of_part(live) if metric in _labelled_metrics() else live:
            began_at = facts.changed_at.get(sample.series_id, sample.ts)
            yield metric, _RuleInput(sample, sample.value, sample.ts, began_at)


def _codes(facts: EvaluationFacts) -> Iterator[tuple[str, _RuleInput]]:
    for metric, samples in _rows_with_rules(ComparedValue.CHANGED, facts.latest_of_day):
        for sample in samples:
            # A code that is older than the window counts as 0, no code.
            changed_at = facts.changed_at.get(sample.series_id)
            code, began_at = (0.0, sample.ts) if changed_at is None else (sample.value, changed_at)
            yield metric, _RuleInput(sample, code, sample.ts, began_at)


def _rises(facts: EvaluationFacts) -> Iterator[tuple[str, _RuleInput]]:
    for metric, rises in _rows_with_rules(ComparedValue.INCREASE, facts.rises):
        for rise in rises:
            yield metric, _RuleInput(rise, rise.increase, rise.last_bad_at, rise.first_bad_at)


def _judged(
    around: Surroundings, metric: str, measure: ComparedValue, reading: _RuleInput
) -> Iterator[RuleFinding]:
    facts, row = around.facts, reading.row
    key = object_key(row)
    metrics = registry()
    definition = metrics.get(metric, row.labels if metric in metrics.variants else None)
    if key is None or key not in facts.names or definition is None:
        return
    domain = str(definition.domain) if definition.domain else _domain_of(facts, key)
    part = definition.part(row.labels)
    for rule in definition.health:
        if rule.measure is not measure or not rule.applies_to(row.labels):
            continue
        comparison = _comparison(around, rule, reading) if around.hold(rule, key, row) else None
        if comparison is None:
            continue
        shows = measure is ComparedValue.VALUE or rule.judge(comparison.value) != "ok"
        code = code_of(definition, comparison.value)
        title = code.title if code else definition.titled(rule.title, row.labels)
        times = comparison.taken_at, comparison.began_at
        unit = rule.unit(definition.unit)
        yield RuleFinding(domain, key, metric, part, rule, comparison.value, *times, title, unit, shows)


def _comparison(around: Surroundings, rule: HealthRule, reading: _RuleInput) -> _RuleInput | None:
    """The value in the form in which the rule compares it. None if the metric that it is a share of is missing."""
    value = reading.value
    if rule.share_of:
        whole = around.value(rule.share_of, reading.row)
        return reading._replace(value=100 * value / whole) if whole else None
    if rule.days_left:
        return reading._replace(value=(value - around.now.timestamp()) / DAY_S)
    if rule.label:
        return reading._replace(value=rule.number(reading.row.labels))
    if rule.measure is ComparedValue.INCREASE and rule.window_s < DAY_S:
        return _rise_in_window(around.facts, rule, reading)
    return reading


def _rise_in_window(facts: EvaluationFacts, rule: HealthRule, reading: _RuleInput) -> _RuleInput:
    rise = facts.rises_within.get((rule.window_s, reading.row.series_id))
    if rise is None:
        return reading._replace(value=0.0)
    return _RuleInput(rise, rise.increase, rise.last_bad_at, rise.first_bad_at)


def _newest_of_part(samples: Iterable[Latest]) -> Iterator[Latest]:
    """The newest sample of each part of an object: a label that holds a state begins a new series with each state."""
    newest: dict[tuple[ObjectKey | None, str], Latest] = {}
    for sample in samples:
        definition = registry().get(sample.metric, sample.labels)
        place = object_key(sample), definition.part(sample.labels) if definition else ""
        if place not in newest or newest[place].ts < sample.ts:
            newest[place] = sample
    yield from newest.values()


def _rows_with_rules[Row: (Latest, Rise)](
    measure: ComparedValue, by_metric: Mapping[str, Sequence[Row]]
) -> Iterator[tuple[str, Sequence[Row]]]:
    names = judged_metrics(measure)
    return ((metric, rows) for metric, rows in by_metric.items() if metric in names)


@cache
def judged_metrics(measure: ComparedValue) -> frozenset[str]:
    return frozenset(
        name
        for name in registry().names
        if any(rule.measure is measure for metric in _meanings(name) for rule in metric.health)
    )


@cache
def dated_metrics() -> frozenset[str]:
    """Metrics that are an instant, of which a rule counts the days that are left."""
    return frozenset(
        name
        for name in registry().names
        if any(rule.days_left for metric in _meanings(name) for rule in metric.health)
    )


@cache
def _labelled_metrics() -> frozenset[str]:
    return frozenset(
        name
        for name in registry().names
        if any(rule.label for metric in _meanings(name) for rule in metric.health)
    )


def _meanings(name: str) -> tuple[Metric, ...]:
    metrics = registry()
    return metrics.names[name], *(variant.metric for variant in metrics.variants.get(name, ()))


def _domain_of(facts: EvaluationFacts, key: ObjectKey) -> str:
    if (thing := facts.things.get(key)) is not None:
        return thing.domain
    return MetricDomain.ENERGY if key[0] in ("feed", "site") else MetricDomain.NETWORK
