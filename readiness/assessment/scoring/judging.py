"""What the rules of the registry say of each sample of a site, well or not. Nothing here remembers earlier samples.

A metric without a rule judges nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache

from inventory.models import DomainChoices
from readiness.assessment.scoring.core.reasons import Finding, ObjectKey
from readiness.assessment.scoring.facts import EvaluationFacts, object_key
from telemetry.core.codes import code_of
from telemetry.core.metric import ComparedValue
from telemetry.core.registry import registry
from telemetry.queries import Latest, Rise


def findings_of(facts: EvaluationFacts, now: datetime) -> Sequence[Finding]:
    return [*_of_values(facts, now), *_of_codes(facts), *_of_rises(facts)]


def _of_values(facts: EvaluationFacts, now: datetime) -> Iterator[Finding]:
    for metric, samples in _rows_with_rules(ComparedValue.VALUE, facts.latest):
        for sample in samples:
            if facts.is_live(sample, now):
                began_at = facts.changed_at.get(sample.series_id, sample.ts)
                yield from _findings(
                    facts, metric, sample, ComparedValue.VALUE, sample.value, sample.ts, began_at
                )


def _of_codes(facts: EvaluationFacts) -> Iterator[Finding]:
    for metric, samples in _rows_with_rules(ComparedValue.CHANGED, facts.latest_of_day):
        for sample in samples:
            # A code that is older than the window counts as 0, no code.
            changed_at = facts.changed_at.get(sample.series_id)
            code, began_at = (0.0, sample.ts) if changed_at is None else (sample.value, changed_at)
            yield from _findings(facts, metric, sample, ComparedValue.CHANGED, code, sample.ts, began_at)


def _of_rises(facts: EvaluationFacts) -> Iterator[Finding]:
    for metric, rises in _rows_with_rules(ComparedValue.INCREASE, facts.rises):
        for rise in rises:
            yield from _findings(
                facts,
                metric,
                rise,
                ComparedValue.INCREASE,
                rise.increase,
                rise.last_bad_at,
                rise.first_bad_at,
            )


def _findings(
    facts: EvaluationFacts,
    metric: str,
    row: Latest | Rise,
    measure: ComparedValue,
    value: float,
    taken_at: datetime,
    began_at: datetime,
) -> Iterator[Finding]:
    key = object_key(row)
    if key is None or key not in facts.names:
        return
    metrics = registry()
    definition = metrics.get(metric, row.labels if metric in metrics.variants else None)
    if definition is None:
        return
    domain = str(definition.domain) if definition.domain else _domain_of(facts, key)
    part = definition.part(row.labels)
    for rule in definition.health:
        if rule.only or rule.share_of or rule.days_left or rule.label:
            continue
        if rule.measure is measure and rule.applies_to(row.labels):
            shows = measure is ComparedValue.VALUE or rule.judge(value) != "ok"
            code = code_of(definition, value)
            title = code.title if code else definition.titled(rule.title, row.labels)
            unit = rule.unit(definition.unit)
            yield Finding(domain, key, metric, part, rule, value, taken_at, began_at, title, unit, shows)


def _rows_with_rules[Row: (Latest, Rise)](
    measure: ComparedValue, by_metric: Mapping[str, Sequence[Row]]
) -> Iterator[tuple[str, Sequence[Row]]]:
    names = judged_metrics(measure)
    return ((metric, rows) for metric, rows in by_metric.items() if metric in names)


@cache
def judged_metrics(measure: ComparedValue) -> frozenset[str]:
    metrics = registry()
    return frozenset(
        name
        for name, metric in metrics.names.items()
        if any(
            rule.measure is measure
            for judged in (metric, *(variant.metric for variant in metrics.variants.get(name, ())))
            for rule in judged.health
        )
    )


def _domain_of(facts: EvaluationFacts, key: ObjectKey) -> str:
    if (thing := facts.things.get(key)) is not None:
        return thing.domain
    return DomainChoices.ENERGY if key[0] in ("feed", "site") else DomainChoices.NETWORK
