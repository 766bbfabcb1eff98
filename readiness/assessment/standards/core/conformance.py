"""How far a site conforms to a standard, by domain and by object.

An object counts if a rule is of it. It conforms if every rule of it accepts what it has; it is waived if every rule
that does not is under a waiver. What nobody recorded conforms to nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from readiness.assessment.standards.core.rules import METRIC, RuleSubject, StandardRule


class StandardKind(StrEnum):
    INTERFACES = "interfaces"
    SECURITY = "security"
    MONITORING = "monitoring"
    BASELINE = "baseline"
    PROCEDURE = "procedure"


class Member(NamedTuple):
    """An object, and the device that it is or is in; 0 for the site."""

    id: int
    device_id: int


@dataclass(frozen=True, slots=True)
class ObjectGroup:
    """Objects of one site that have the same values, by what rules read."""

    subject: RuleSubject
    domain: str
    role: str
    type: str
    values: Mapping[str, str]
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class SiteObjectsRead:
    """Everything that rules read of a site; `senders` send a metric, `records` are by `check/part`."""

    groups: Sequence[ObjectGroup] = ()
    senders: Mapping[tuple[RuleSubject, str], frozenset[int]] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviationGrant:
    """A waiver of one rule, or of all with rule "", for one device, or for all of the site with `device_id` None."""

    id: int
    rule: str
    device_id: int | None
    starts_at: datetime
    ends_at: datetime

    def is_in_force(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at

    def covers(self, rule: str, member: Member) -> bool:
        return self.rule in ("", rule) and self.device_id in (None, member.device_id)


class ObjectDeviation(NamedTuple):
    rule: str
    subject: str
    object_id: int
    domain: str
    has: str
    wants: str
    waiver_id: int | None


class DomainConformance(NamedTuple):
    """Numbers of objects; those that neither conform nor are waived deviate."""

    domain: str
    objects: int
    conforming: int
    waived: int

    @property
    def deviating(self) -> int:
        return self.objects - self.conforming - self.waived

    @property
    def percent(self) -> float | None:
        """The share of objects without a waiver that conform; None if all have a waiver."""
        judged_objects = self.objects - self.waived
        return 100 * self.conforming / judged_objects if judged_objects else None


@dataclass(frozen=True, slots=True)
class StandardInForce:
    """A version in force: what the checks and the arithmetic need of it. `review_due_at` is of the site's zone."""

    standard_id: int
    version_id: int
    slug: str
    name: str
    version: str
    kind: StandardKind
    topics: frozenset[str]
    is_owned: bool
    review_due_at: datetime | None
    rules: tuple[StandardRule, ...]


@dataclass(frozen=True, slots=True)
class SitePlace:
    """`regions` are the site's region and those around it."""

    id: int
    regions: frozenset[int]
    profiles: frozenset[str]
    time_zone: str


@dataclass(frozen=True, slots=True)
class ScopedStandard:
    """A version with where it applies, and the day until which its standard is current."""

    standard: StandardInForce
    region_id: int | None
    profile: str
    review_on: date | None

    def applies(self, site: SitePlace) -> bool:
        is_there = self.region_id is None or self.region_id in site.regions
        return is_there and self.profile in ("", *site.profiles)


@dataclass(frozen=True, slots=True)
class StandardConformance:
    standard: StandardInForce
    domains: tuple[DomainConformance, ...]
    deviations: tuple[ObjectDeviation, ...]

    @property
    def waived(self) -> int:
        return sum(domain.waived for domain in self.domains)

    @property
    def deviating(self) -> int:
        return sum(domain.deviating for domain in self.domains)


@dataclass(frozen=True, slots=True)
class SiteStandards:
    """The standards that apply at a site; `changes_at` is when a waiver or a review next begins or ends."""

    standards: tuple[StandardConformance, ...] = ()
    changes_at: datetime | None = None


NO_STANDARDS = SiteStandards()


def conformance(
    standard: StandardInForce, site: SiteObjectsRead, waivers: Iterable[DeviationGrant], now: datetime
) -> StandardConformance:
    in_force = [waiver for waiver in waivers if waiver.is_in_force(now)]
    keys_by_domain: dict[str, set[tuple[str, int]]] = defaultdict(set)
    by_object: dict[tuple[str, int], list[ObjectDeviation]] = defaultdict(list)
    for rule in standard.rules:
        for domain, member, has, is_accepted in _readings(rule, site):
            key = (rule.subject.value, member.id)
            keys_by_domain[domain].add(key)
            if not is_accepted:
                waiver_id = next((each.id for each in in_force if each.covers(rule.id, member)), None)
                by_object[key].append(
                    ObjectDeviation(
                        rule.id, rule.subject.value, member.id, domain, has, rule.wants, waiver_id
                    )
                )
    domains = tuple(
        _domain_conformance(domain, keys_by_domain[domain], by_object) for domain in sorted(keys_by_domain)
    )
    deviations = tuple(sorted(each for several in by_object.values() for each in several))
    return StandardConformance(standard, domains, deviations)


def _readings(rule: StandardRule, site: SiteObjectsRead) -> Iterator[tuple[str, Member, str, bool]]:
    if rule.is_of_site:
        has = site.records.get(rule.reads.partition(":")[2], "")
        yield rule.domain.value, Member(0, 0), has, rule.accepts(has)
        return
    for group in site.groups:
        if group.subject is not rule.subject or not _is_of(rule, group):
            continue
        if rule.reads == METRIC:
            yield from _senders(rule, group, site)
            continue
        has = group.values.get(rule.reads, "")
        is_accepted = rule.accepts(has)
        for member in group.members:
            yield group.domain, member, has, is_accepted


def _is_of(rule: StandardRule, group: ObjectGroup) -> bool:
    return (not rule.roles or group.role in rule.roles) and (not rule.types or group.type in rule.types)


def _senders(
    rule: StandardRule, group: ObjectGroup, site: SiteObjectsRead
) -> Iterator[tuple[str, Member, str, bool]]:
    for member in group.members:
        sent = [metric for metric in rule.values if member.id in site.senders.get((rule.subject, metric), ())]
        yield group.domain, member, ", ".join(sent), bool(sent)


def _domain_conformance(
    domain: str,
    keys: Iterable[tuple[str, int]],
    by_object: Mapping[tuple[str, int], Sequence[ObjectDeviation]],
) -> DomainConformance:
    total = conforming = waived = 0
    for key in keys:
        total += 1
        deviations = [each for each in by_object.get(key, ()) if each.domain == domain]
        if not deviations:
            conforming += 1
        elif all(each.waiver_id is not None for each in deviations):
            waived += 1
    return DomainConformance(domain, total, conforming, waived)


def next_change(
    waivers: Iterable[DeviationGrant], standards: Iterable[StandardInForce], now: datetime
) -> datetime | None:
    moments = [moment for waiver in waivers for moment in (waiver.starts_at, waiver.ends_at)]
    moments += [standard.review_due_at for standard in standards if standard.review_due_at]
    return min((moment for moment in moments if moment > now), default=None)
