"""Health of the domains of a site at an evaluation, from the reasons of their objects: the worst object decides.

Known trouble of a silent object ranks above the same trouble alone, and silence above being well. So silence never
makes anything better, and it changes no other object.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import chain
from operator import attrgetter

from readiness.assessment.scoring.core.reasons import (
    FollowedReasons,
    ObjectFacts,
    ObjectKey,
    OpenReason,
    RuleFinding,
    follow,
    silences,
)
from readiness.assessment.scoring.core.states import KNOWN, Health
from telemetry.core.metric import MetricDomain

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
TROUBLE = frozenset({Health.CRITICAL, Health.WARN})
WORST_SHOWN = 5
"""Number of reasons that stand with a domain itself, for lists."""


@dataclass(frozen=True, slots=True)
class HealthBefore:
    """The stored state of a domain, as in DomainState."""

    health: str
    last_health: str = ""
    heard_at: datetime | None = None
    blind_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DomainState:
    """`heard_at` is the last time at which every object was heard from, `blind_at` when the last of them counts as
    silent. An unknown domain was `last_health` until `heard_at`. `is_last_known` trouble has no live sample. `due_at`
    is when time alone changes something. `value_now` is the present value of the metric behind the earlier worst
    object."""

    domain: str
    health: Health
    objects: Mapping[ObjectKey, Health]
    worst: Sequence[OpenReason]
    taken_at: datetime | None
    last_health: str
    heard_at: datetime | None
    blind_at: datetime | None
    is_last_known: bool
    due_at: datetime | None
    value_now: float | None

    @property
    def objects_by_health(self) -> dict[str, int]:
        return {str(health): count for health, count in sorted(Counter(self.objects.values()).items())}


@dataclass(frozen=True, slots=True)
class SiteState:
    reasons: Sequence[OpenReason]
    domains: Sequence[DomainState]

    @property
    def health(self) -> Health:
        return min((domain.health for domain in self.domains), key=RANK.__getitem__)


def site_state(
    before: Sequence[OpenReason],
    domains_before: Mapping[str, HealthBefore],
    findings: Sequence[RuleFinding],
    facts: ObjectFacts,
    now: datetime,
) -> SiteState:
    """The state that follows the reasons and states `before`, with the present findings and silences."""
    stored = {str(domain): domains_before.get(domain, HealthBefore("")) for domain in MetricDomain}
    followed = follow(before, findings, facts, now)
    members = _members(before, findings, facts)
    silent = silences(
        ((domain, key) for domain, keys in members.items() for key in keys),
        before,
        {domain: state.heard_at for domain, state in stored.items() if state.health in KNOWN},
        facts,
        now,
    )
    reasons = [*followed.reasons, *silent]
    by_domain: dict[str, list[OpenReason]] = defaultdict(list)
    for reason in reasons:
        if reason.counts_from is not None:
            by_domain[reason.domain].append(reason)
    newest = _newest(findings)
    domains = tuple(
        _domain(
            _Domain(domain, members[domain], by_domain[domain], newest.get(domain)),
            [reason for reason in before if reason.domain == domain],
            stored[domain],
            followed,
            facts,
            now,
        )
        for domain in stored
    )
    return SiteState(reasons, domains)


@dataclass(frozen=True, slots=True)
class _Domain:
    """The facts that a domain's state follows from: its objects, the reasons that count, and its newest sample."""

    name: str
    members: Sequence[ObjectKey]
    reasons: Sequence[OpenReason]
    taken_at: datetime | None


def _members(
    before: Iterable[OpenReason], findings: Iterable[RuleFinding], facts: ObjectFacts
) -> dict[str, list[ObjectKey]]:
    """A domain's own objects, and others that a metric of this domain describes or described (a node's inlet)."""
    own: dict[str, dict[ObjectKey, None]] = {str(domain): {} for domain in MetricDomain}
    others: dict[str, set[ObjectKey]] = defaultdict(set)
    for key, domain in facts.domains.items():
        own[domain][key] = None
    for finding in findings:
        if finding.shows:
            others[finding.domain].add(finding.key)
    for reason in before:
        if reason.key in facts.names:
            others[reason.domain].add(reason.key)
    return {domain: [*keys, *sorted(others[domain] - keys.keys())] for domain, keys in own.items()}


def _newest(findings: Iterable[RuleFinding]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for finding in findings:
        at = newest.get(finding.domain)
        if at is None or finding.taken_at > at:
            newest[finding.domain] = finding.taken_at
    return newest


def _domain(
    domain: _Domain,
    reasons_before: Sequence[OpenReason],
    before: HealthBefore,
    followed: FollowedReasons,
    facts: ObjectFacts,
    now: datetime,
) -> DomainState:
    objects = _objects(domain, facts)
    silent = [key for key in objects if facts.is_silent(key)]
    heard = [facts.heard[key] for key in objects if key in facts.heard and facts.is_in_service(key)]
    is_blind = not heard and (
        bool(silent) or _has_lost_its_objects(objects, reasons_before, before, facts, now)
    )
    worst = min(objects.values(), key=RANK.__getitem__, default=Health.NOT_MONITORED)
    health = Health.UNKNOWN if is_blind and worst not in TROUBLE else worst
    heard_at = min((each.at for each in heard), default=None)
    last_health = ""
    if is_blind or health is Health.UNKNOWN:
        last_health, heard_at = _last_known(silent, before, facts)
    counted = [reason for reason in reasons_before if reason.counts_from is not None]
    worst_before = min(counted, key=attrgetter("order"), default=None)
    return DomainState(
        domain=domain.name,
        health=health,
        objects=objects,
        worst=nsmallest(WORST_SHOWN, domain.reasons, key=attrgetter("order")),
        taken_at=domain.taken_at,
        last_health=last_health if health is Health.UNKNOWN else "",
        heard_at=heard_at,
        blind_at=max((each.until for each in heard), default=None),
        is_last_known=health in TROUBLE
        and all(reason.is_last_known for reason in domain.reasons if reason.health == health),
        due_at=min(chain((each.until for each in heard), followed.due), default=None),
        value_now=followed.ended.get(worst_before.place) if worst_before else None,
    )


def _objects(domain: _Domain, facts: ObjectFacts) -> dict[ObjectKey, Health]:
    objects = {key: _health_without_reasons(key, facts) for key in domain.members}
    for reason in domain.reasons:
        health = Health(reason.health)
        if RANK[health] < RANK[objects[reason.key]]:
            objects[reason.key] = health
    return objects


def _health_without_reasons(key: ObjectKey, facts: ObjectFacts) -> Health:
    if not facts.is_in_service(key):
        return Health.MAINTENANCE
    if key not in facts.heard:
        return Health.NOT_MONITORED
    return Health.OK if key in facts.judged else Health.NOT_JUDGED


def _has_lost_its_objects(
    objects: Mapping[ObjectKey, Health],
    reasons_before: Sequence[OpenReason],
    before: HealthBefore,
    facts: ObjectFacts,
    now: datetime,
) -> bool:
    """A domain that only the site itself or objects of other domains report on loses its objects when these fall
    silent. A domain whose own objects left the inventory is not monitored instead: they were heard from until then."""
    if objects and not any(map(facts.is_in_service, objects)):
        return False
    if before.health in KNOWN and before.blind_at is not None:
        return before.blind_at < now
    if reasons_before and not any(reason.key in facts.names for reason in reasons_before):
        return False
    if before.health in KNOWN:
        return facts.is_source_late
    return before.last_health != "" and facts.has_sources


def _last_known(
    silent: Iterable[ObjectKey], before: HealthBefore, facts: ObjectFacts
) -> tuple[str, datetime | None]:
    """The health that the domain had, and until when; both stay, however long the silence lasts."""
    if before.health not in KNOWN:
        return before.last_health, before.heard_at
    ends = (facts.heard_at[key] for key in silent if key in facts.heard_at)
    if before.blind_at is None and before.heard_at is not None:
        return before.health, before.heard_at
    return before.health, min(ends, default=before.heard_at)
