"""Health of a site's three domains: every object is judged by the registry's thresholds, and the worst object decides.

A silent object is unknown and keeps its last reading; so does an object whose last problem gets no more samples:
silence never counts as "resolved".
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from inventory.models import DomainChoices
from readiness.assessment.scoring.core.states import KNOWN, Health
from readiness.assessment.scoring.facts import (
    EvaluationFacts,
    Heard,
    ObjectKey,
    heard_from,
    last_heard_at,
)
from readiness.assessment.scoring.judging import Finding, findings_of, judged_metrics
from readiness.assessment.scoring.reasons import (
    Stored,
    is_answered,
    key_of,
    lasting,
    mark_unknown,
    reason_of,
    unheard,
    value_now,
)
from telemetry.core.metric import ComparedValue
from telemetry.core.registry import registry
from telemetry.models import SourceState
from telemetry.queries import SourceStanding

WORST_FIRST = (
    Health.CRITICAL,
    Health.WARN,
    Health.UNKNOWN,
    Health.OK,
    Health.NOT_JUDGED,
    Health.MAINTENANCE,
    Health.NOT_MONITORED,
)
RANK = {health: place for place, health in enumerate(WORST_FIRST)}
MOST_REASONS = 50
CLOCKS = {SourceState.SILENT: "silent", SourceState.LATE: "late"}


@dataclass(frozen=True, slots=True)
class HealthBefore:
    """The stored state of a domain, as in DomainResult; the reasons by object, worst first."""

    health: str
    reasons: Mapping[ObjectKey, Stored]
    last_health: str = ""
    heard_at: datetime | None = None
    blind_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DomainResult:
    """`heard_at` is the last time at which every object was heard from, `blind_at` when the first counts as silent. An
    unknown domain was `last_health` until `heard_at`. `value_now` is the present value of the metric behind the earlier
    worst object."""

    domain: str
    health: Health
    clock: str
    objects_by_health: dict[str, int]
    reasons: list[Stored]
    taken_at: datetime | None
    last_health: str = ""
    heard_at: datetime | None = None
    blind_at: datetime | None = None
    value_now: float | None = None


@dataclass(slots=True)
class _Judged:
    """Results of the thresholds, by domain and object: the worst reason, and the objects with a live value. `heard` are
    all objects that are heard from, judged or not."""

    heard: dict[ObjectKey, Heard]

    reasons: dict[tuple[str, ObjectKey], Stored] = field(default_factory=dict)
    looked_at: dict[str, set[ObjectKey]] = field(default_factory=lambda: defaultdict(set))
    newest: dict[str, datetime] = field(default_factory=dict)

    def note_value(self, domain: str, key: ObjectKey, taken_at: datetime, *, shows: bool) -> None:
        if shows:
            self.looked_at[domain].add(key)
        newest = self.newest.get(domain)
        if newest is None or taken_at > newest:
            self.newest[domain] = taken_at

    def note_site_heard(self, site_id: int, heard: Heard) -> None:
        before = self.heard.get(("site", site_id))
        if before is None or before.until < heard.until:
            self.heard["site", site_id] = heard

    def note_reason(self, domain: str, reason: Stored) -> None:
        place = domain, key_of(reason)
        worst = self.reasons.get(place)
        if worst is None or RANK[Health(reason["health"])] < RANK[Health(worst["health"])]:
            self.reasons[place] = reason


def site_health(
    facts: EvaluationFacts, before: Mapping[str, HealthBefore], now: datetime
) -> list[DomainResult]:
    judged = _judge(facts, now)
    return [
        _domain(facts, domain, judged, before.get(domain, HealthBefore("", {})), now)
        for domain in DomainChoices.values
    ]


def _domain(
    facts: EvaluationFacts, domain: str, judged: _Judged, before: HealthBefore, now: datetime
) -> DomainResult:
    healths: dict[ObjectKey, Health] = {}
    reasons: list[Stored] = []
    sources: set[int] = set()
    for key in _objects(facts, domain, judged, before):
        health, reason = _object(facts, domain, key, judged, before, now)
        healths[key] = health
        if reason is not None:
            reasons.append(reason)
        sources |= facts.sources_of.get(key, frozenset())
    reasons.sort(key=_reason_rank)
    silent = [key for key in healths if _is_silent(facts, key, judged)]
    heard = [judged.heard[key] for key in healths if key in judged.heard and _is_in_service(facts, key)]
    is_blind = not heard and (bool(silent) or _has_lost_its_objects(facts, healths, before, now))
    worst = min(healths.values(), key=RANK.__getitem__, default=Health.NOT_MONITORED)
    health = Health.UNKNOWN if is_blind else worst
    heard_at = min((each.at for each in heard), default=None)
    last_health = ""
    if health is Health.UNKNOWN:
        last_health, heard_at = _last_known(facts, silent, before)
    worst_before = next(iter(before.reasons.values()), None)
    return DomainResult(
        domain=domain,
        health=health,
        clock=_clock(facts.sources[source_id] for source_id in sources if source_id in facts.sources),
        objects_by_health={str(health): count for health, count in sorted(Counter(healths.values()).items())},
        reasons=[lasting(each, before.reasons.get(key_of(each)), now) for each in reasons[:MOST_REASONS]],
        taken_at=judged.newest.get(domain),
        last_health=last_health,
        heard_at=heard_at,
        blind_at=min((each.until for each in heard), default=None),
        value_now=value_now(facts, worst_before, now) if worst_before else None,
    )


def _objects(facts: EvaluationFacts, domain: str, judged: _Judged, before: HealthBefore) -> list[ObjectKey]:
    """The domain's own objects, and others that a metric of this domain describes or described (a node's inlet)."""
    own = [key for key, thing in facts.things.items() if thing.domain == domain]
    others = judged.looked_at[domain] | {key for key in before.reasons if key in facts.names}
    return own + sorted(others - set(own))


def _object(
    facts: EvaluationFacts, domain: str, key: ObjectKey, judged: _Judged, before: HealthBefore, now: datetime
) -> tuple[Health, Stored | None]:
    if not _is_in_service(facts, key):
        return Health.MAINTENANCE, None
    reason = judged.reasons.get((domain, key))
    if reason is not None:
        return Health(reason["health"]), reason
    stored = before.reasons.get(key)
    if _is_silent(facts, key, judged):
        known_until = before.heard_at if before.health in KNOWN else None
        return Health.UNKNOWN, unheard(facts, key, stored, known_until)
    if stored is not None and not is_answered(facts, stored, now):
        return Health.UNKNOWN, mark_unknown(stored)
    return (Health.OK if key in judged.heard else Health.NOT_MONITORED), None


def _is_in_service(facts: EvaluationFacts, key: ObjectKey) -> bool:
    thing = facts.things.get(key)
    return thing is None or thing.in_service


def _is_silent(facts: EvaluationFacts, key: ObjectKey, judged: _Judged) -> bool:
    return key not in judged.heard and bool(facts.sources_of.get(key)) and _is_in_service(facts, key)


def _has_lost_its_objects(
    facts: EvaluationFacts, healths: Collection[ObjectKey], before: HealthBefore, now: datetime
) -> bool:
    """A domain that only the site itself or objects of other domains report on loses its objects when these fall
    silent. A domain whose own objects left the inventory is not monitored instead: they were heard from until then."""
    if healths and not any(_is_in_service(facts, key) for key in healths):
        return False
    if before.health not in KNOWN:
        were_removed = before.reasons and not any(key in facts.names for key in before.reasons)
        return before.last_health != "" and bool(facts.sources) and not were_removed
    if before.blind_at is None:
        return _clock(facts.sources.values()) != ""
    return before.blind_at < now


def _last_known(
    facts: EvaluationFacts, silent: Iterable[ObjectKey], before: HealthBefore
) -> tuple[str, datetime | None]:
    if before.health not in KNOWN:
        return before.last_health, before.heard_at
    ends = (last_heard_at(facts, key) for key in silent)
    return before.health, min((at for at in ends if at is not None), default=before.heard_at)


def _clock(sources: Iterable[SourceStanding]) -> str:
    states = {source.state for source in sources}
    return next((clock for state, clock in CLOCKS.items() if state in states), "")


def _reason_rank(stored: Stored) -> tuple[int, int, str, int]:
    """Objects that had problems before they fell silent come first, so that they are kept."""
    was = RANK[Health(stored.get("was") or Health.NOT_MONITORED)]
    return RANK[Health(stored["health"])], was, stored["object"], stored["object_id"]


def _judge(facts: EvaluationFacts, now: datetime) -> _Judged:
    judged = _Judged(heard_from(facts, now))
    _note_site_heard(facts, judged, now)
    for finding in findings_of(facts, now):
        health = Health(finding.rule.judge(finding.value) or Health.UNKNOWN)
        judged.note_value(finding.domain, finding.key, finding.taken_at, shows=finding.shows)
        if health is not Health.OK:
            judged.note_reason(finding.domain, _reason(facts, finding, health))
    return judged


def _note_site_heard(facts: EvaluationFacts, judged: _Judged, now: datetime) -> None:
    """The site itself is not in the inventory of objects, so the metrics judged for it show whether it is heard
    from."""
    for metric, samples in facts.latest.items():
        for sample in samples if metric in judged_metrics(ComparedValue.VALUE) else ():
            if sample.object_kind == "site" and facts.is_live(sample, now):
                live = timedelta(seconds=facts.live_s(sample.source_id))
                judged.note_site_heard(sample.site_id, Heard(sample.ts, sample.ts + live))


def _reason(facts: EvaluationFacts, finding: Finding, health: Health) -> Stored:
    rule = finding.rule
    limits: Sequence[float] = rule.critical if health is Health.CRITICAL else rule.warn
    began_at = finding.began_at or finding.taken_at
    return reason_of(
        health,
        finding.key,
        facts.names[finding.key],
        finding.taken_at,
        metric=finding.metric,
        title=finding.title,
        value=finding.value,
        unit=finding.unit,
        threshold=limits[0] if limits and rule.direction in ("above", "below") else None,
        direction=str(rule.direction),
        source=registry().source_title(rule),
        measure=str(rule.measure),
        since=began_at.isoformat(),
    )


def stored_before(rows: Iterable[Any]) -> Iterator[tuple[str, HealthBefore]]:
    for row in rows:
        reasons = {key_of(reason): reason for reason in row.reasons}
        yield row.domain, HealthBefore(row.health, reasons, row.last_health, row.heard_at, row.blind_at)
