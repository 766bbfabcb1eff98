"""Health of a site's three domains: every object by the registry's thresholds, the worst object decides.

A metric without a threshold judges nothing. Where a source is late or silent, what hangs on it stays as
it was, with a clock beside it: silence is never "resolved". Where the source is on time and the object is
not heard from, its health is unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from inventory.models import Domain
from readiness.scoring.core.states import Health
from readiness.scoring.facts import ObjectKey, SiteFacts, SourceFact
from readiness.scoring.sent import object_key
from telemetry.core.metric import HealthRule, Measure, Metric
from telemetry.core.registry import registry
from telemetry.models import SourceState
from telemetry.queries import Latest, Rise

WORST_FIRST = (
    Health.CRITICAL,
    Health.WARN,
    Health.UNKNOWN,
    Health.OK,
    Health.MAINTENANCE,
    Health.NOT_MONITORED,
)
RANK = {health: place for place, health in enumerate(WORST_FIRST)}
MOST_REASONS = 50
CLOCKS = {SourceState.SILENT: "silent", SourceState.LATE: "late"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an object is not well. `threshold` is the limit it passed, `source` where that comes from."""

    health: Health
    key: ObjectKey
    name: str
    metric: str = ""
    title: str = ""
    value: float | None = None
    unit: str = ""
    threshold: float | None = None
    direction: str = ""
    source: str = ""
    taken_at: datetime | None = None

    def stored(self) -> dict[str, Any]:
        return {
            "health": str(self.health),
            "object_kind": self.key[0],
            "object_id": self.key[1],
            "object": self.name,
            "metric": self.metric,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "threshold": self.threshold,
            "direction": self.direction,
            "source": self.source,
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
        }


@dataclass(frozen=True, slots=True)
class HealthBefore:
    """What was stored of a domain: its health, and the reasons by object."""

    health: str
    reasons: Mapping[ObjectKey, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DomainResult:
    domain: str
    health: Health
    clock: str
    objects_by_health: dict[str, int]
    reasons: list[dict[str, Any]]
    taken_at: datetime | None


@dataclass(slots=True)
class _Judged:
    """What thresholds say, by domain and object: the worst reason, and which objects a live value was
    seen of."""

    reasons: dict[tuple[str, ObjectKey], Reason] = field(default_factory=dict)
    looked_at: dict[str, set[ObjectKey]] = field(default_factory=lambda: defaultdict(set))
    newest: dict[str, datetime] = field(default_factory=dict)

    def look(self, domain: str, key: ObjectKey, taken_at: datetime, *, shows: bool) -> None:
        """What happened within a day may be told of an object that is gone, and then `shows` nothing of it: it takes
        a live value to call it well."""
        if shows:
            self.looked_at[domain].add(key)
        newest = self.newest.get(domain)
        if newest is None or taken_at > newest:
            self.newest[domain] = taken_at

    def tell(self, domain: str, reason: Reason) -> None:
        worst = self.reasons.get((domain, reason.key))
        if worst is None or RANK[reason.health] < RANK[worst.health]:
            self.reasons[domain, reason.key] = reason


def site_health(facts: SiteFacts, before: Mapping[str, HealthBefore], now: datetime) -> list[DomainResult]:
    """One result for each domain; `before` is what is stored of them."""
    judged = _judge(facts, now)
    return [
        _domain(facts, domain, judged, before.get(domain, HealthBefore("", {})), now)
        for domain in Domain.values
    ]


def _domain(
    facts: SiteFacts, domain: str, judged: _Judged, before: HealthBefore, now: datetime
) -> DomainResult:
    healths: dict[ObjectKey, Health] = {}
    reasons: list[dict[str, Any]] = []
    sources: set[int] = set()
    for key in _objects(facts, domain, judged):
        health, reason = _object(facts, domain, key, judged, before, now)
        healths[key] = health
        if reason is not None:
            reasons.append(reason)
        sources |= facts.sources_of.get(key, frozenset())
    reasons.sort(key=_reason_rank)
    return DomainResult(
        domain=domain,
        health=_worst(healths.values()),
        clock=_clock(facts.sources[one] for one in sources if one in facts.sources),
        objects_by_health={str(health): count for health, count in sorted(Counter(healths.values()).items())},
        reasons=reasons[:MOST_REASONS],
        taken_at=judged.newest.get(domain),
    )


def _objects(facts: SiteFacts, domain: str, judged: _Judged) -> list[ObjectKey]:
    """The domain's own objects, and others that a metric of this domain was read from (a node's inlet)."""
    own = [key for key, thing in facts.things.items() if thing.domain == domain]
    return own + sorted(judged.looked_at[domain] - set(own))


def _object(
    facts: SiteFacts, domain: str, key: ObjectKey, judged: _Judged, before: HealthBefore, now: datetime
) -> tuple[Health, dict[str, Any] | None]:
    """Its health, and the reason to store unless it is well."""
    thing = facts.things.get(key)
    if thing is not None and not thing.in_service:
        return Health.MAINTENANCE, None
    reason = judged.reasons.get((domain, key))
    if reason is not None:
        return reason.health, reason.stored()
    if key in judged.looked_at[domain] or facts.heard_at(key, now) is not None:
        return Health.OK, None
    sources = [facts.sources[one] for one in facts.sources_of.get(key, ()) if one in facts.sources]
    if not sources:
        return Health.NOT_MONITORED, None
    if _clock(sources):
        return _frozen(key, before)
    unheard = Reason(Health.UNKNOWN, key, facts.names.get(key, ""), title="Not heard from")
    return Health.UNKNOWN, unheard.stored()


def _frozen(key: ObjectKey, before: HealthBefore) -> tuple[Health, dict[str, Any] | None]:
    """As it was when its source was last on time. Nothing stored of the domain: nothing is known."""
    stored = before.reasons.get(key)
    if stored is not None:
        return Health(stored["health"]), stored
    return (Health.OK if before.health else Health.UNKNOWN), None


def _worst(healths: Iterable[Health]) -> Health:
    """Of objects in service if there are any; a domain that holds nothing is not monitored."""
    return min(healths, key=RANK.__getitem__, default=Health.NOT_MONITORED)


def _clock(sources: Iterable[SourceFact]) -> str:
    states = {source.state for source in sources}
    return next((clock for state, clock in CLOCKS.items() if state in states), "")


def _reason_rank(stored: Mapping[str, Any]) -> tuple[int, str, int]:
    return RANK[Health(stored["health"])], stored["object"], stored["object_id"]


def _judge(facts: SiteFacts, now: datetime) -> _Judged:
    judged = _Judged()
    for metric, samples in _judged_by(Measure.VALUE, facts.latest):
        for sample in samples:
            if facts.is_live(sample, now):
                _look(facts, judged, metric, sample, Measure.VALUE, sample.value, sample.ts)
    for metric, samples in _judged_by(Measure.CHANGED, facts.held):
        for sample in samples:
            _look(facts, judged, metric, sample, Measure.CHANGED, _if_changed(facts, sample), sample.ts)
    for metric, rises in _judged_by(Measure.INCREASE, facts.rises):
        for rise in rises:
            _look(facts, judged, metric, rise, Measure.INCREASE, rise.increase, rise.last_bad_at)
    return judged


def _judged_by[Row: (Latest, Rise)](
    measure: Measure, by_metric: Mapping[str, Sequence[Row]]
) -> Iterator[tuple[str, Sequence[Row]]]:
    """What some rule of this kind may say something about."""
    without_rules = _without_rules(measure)
    return ((metric, rows) for metric, rows in by_metric.items() if metric not in without_rules)


def _if_changed(facts: SiteFacts, sample: Latest) -> float:
    """The code if it came up within the window; 0, which is no code, if it has stood longer."""
    return sample.value if sample.series_id in facts.changed_at else 0.0


def _look(
    facts: SiteFacts,
    judged: _Judged,
    metric: str,
    row: Latest | Rise,
    measure: Measure,
    value: float,
    taken_at: datetime,
) -> None:
    key = object_key(row)
    if key is None or key not in facts.names:
        return
    metrics = registry()
    known = metrics.get(metric, row.labels if metric in metrics.variants else None)
    if known is None:
        return
    domain = str(known.domain) if known.domain else _domain_of(facts, key)
    for rule in known.health:
        if rule.measure is measure and (not rule.when or rule.applies_to(row.labels)):
            health = Health(rule.judge(value) or Health.UNKNOWN)
            well = health is Health.OK
            judged.look(domain, key, taken_at, shows=measure is Measure.VALUE or not well)
            if not well:
                judged.tell(domain, _reason(facts, key, known, metric, rule, health, value, taken_at))


@cache
def _without_rules(measure: Measure) -> frozenset[str]:
    """Known metrics that nothing of this kind judges, however their series are labelled."""
    known = registry()
    return frozenset(
        name
        for name, metric in known.names.items()
        if not any(
            rule.measure is measure
            for one in (metric, *(variant.metric for variant in known.variants.get(name, ())))
            for rule in one.health
        )
    )


def _domain_of(facts: SiteFacts, key: ObjectKey) -> str:
    thing = facts.things.get(key)
    return thing.domain if thing else Domain.ENERGY if key[0] in ("feed", "site") else Domain.NETWORK


def _reason(
    facts: SiteFacts,
    key: ObjectKey,
    known: Metric,
    metric: str,
    rule: HealthRule,
    health: Health,
    value: float,
    taken_at: datetime,
) -> Reason:
    limits: Sequence[float] = rule.critical if health is Health.CRITICAL else rule.warn
    return Reason(
        health=health,
        key=key,
        name=facts.names[key],
        metric=metric,
        title=rule.figure_name(known.title),
        value=value,
        unit=known.unit,
        threshold=limits[0] if limits and rule.direction in ("above", "below") else None,
        direction=str(rule.direction),
        source=registry().source_title(rule),
        taken_at=taken_at,
    )


def stored_before(rows: Iterable[Any]) -> Iterator[tuple[str, HealthBefore]]:
    """From stored DomainHealth rows of one site."""
    for row in rows:
        reasons = {(one["object_kind"], one["object_id"]): one for one in row.reasons}
        yield row.domain, HealthBefore(row.health, reasons)
