"""Requirements of a site, made by what is installed there, and who covers them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from readiness.organisation.people.core.training import PersonTraining

EXPIRING = timedelta(days=30)
"""A qualification that ends within this time is shown as ending."""
MOST_PROPOSED = 3
HANDS_ON = frozenset({"assessed", "exercised"})
"""How a skill was shown, where it was shown on equipment rather than said or certified."""


@dataclass(frozen=True, slots=True)
class StackItem:
    """Something that stands at a site: `value` of a `subject`, in words such as "2 switches of Arista"."""

    subject: str
    value: str
    words: str
    vendor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInForce:
    """Whatever is installed of `subject` asks for people of a skill; without a `value` each value does by itself."""

    slug: str
    name: str
    version: int
    subject: str
    value: str
    skill_id: int
    skill: str
    skill_name: str
    domain: str
    level: int
    people: int
    per_shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement(RuleInForce):
    """`value` is what the rule found, `because` the same in words. `vendor` is the slug of the manufacturer whose
    equipment the skill must have been shown on, if it matters."""

    vendor: str
    because: str

    @property
    def key(self) -> str:
        return f"{self.slug}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A confirmed qualification. It counts from `begins_at`, when it was both shown and confirmed, until `until`, when
    it ends or its holder leaves; None: without end."""

    person_id: int
    skill_id: int
    domain: str
    level: int
    basis: str
    vendor: str
    device_type_id: int | None
    begins_at: datetime
    until: datetime | None


class CoverDepth(StrEnum):
    NOBODY = "nobody"
    ONCE = "once"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredRequirement:
    """`qualified` are assigned to the site, and `expiring` those of them whose qualification ends within 30 days.

    `on_call` are those qualified among the people on call, assigned or not, and `shown_here` those of them who showed
    it hands-on on equipment of a type that stands at the site. `exempt` need not hold the skill, and are not counted.
    """

    requirement: Requirement
    qualified: frozenset[int] = frozenset()
    expiring: frozenset[int] = frozenset()
    on_call: frozenset[int] = frozenset()
    shown_here: frozenset[int] = frozenset()
    exempt: frozenset[int] = frozenset()

    @property
    def cover(self) -> CoverDepth:
        return (CoverDepth.NOBODY, CoverDepth.ONCE, CoverDepth.TWICE)[min(len(self.qualified), 2)]

    @property
    def is_short(self) -> bool:
        return len(self.qualified) < self.requirement.people


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCoverage:
    """`is_staffed`: some team staffed the site by now, whoever is left of it. `has_rotation`: some rotation serves
    it. `on_call` has the domains of each person's rotations, 30 days back and ahead. `training` is of all these people,
    of whom any is recorded.

    `until` is the next instant at which any of it runs out or begins, on-call duty left out.
    """

    is_staffed: bool
    has_rotation: bool = False
    requirements: tuple[CoveredRequirement, ...] = ()
    assigned: frozenset[int] = frozenset()
    on_call: Mapping[int, frozenset[str]] = field(default_factory=dict)
    training: Mapping[int, PersonTraining] = field(default_factory=dict)
    until: datetime | None = None

    @property
    def qualified(self) -> frozenset[int]:
        return frozenset().union(*(each.qualified for each in self.requirements))


def required(stack: Iterable[StackItem], rules: Iterable[RuleInForce]) -> tuple[Requirement, ...]:
    """Requirements by domain and skill. Something that no rule asks about requires nothing."""
    installed = tuple(stack)
    requirements = [
        Requirement(**asdict(rule) | {"value": item.value}, vendor=item.vendor, because=item.words)
        for rule in rules
        for item in installed
        if rule.subject == item.subject and rule.value in ("", item.value)
    ]
    return tuple(sorted(requirements, key=lambda each: (each.domain, each.skill_name, each.key)))


def meets(requirement: Requirement, holder: Holder) -> bool:
    return (
        holder.skill_id == requirement.skill_id
        and holder.level >= requirement.level
        and requirement.vendor in ("", holder.vendor)
    )


def qualified(requirement: Requirement, holders: Iterable[Holder]) -> frozenset[int]:
    return frozenset(holder.person_id for holder in holders if meets(requirement, holder))


def covered(
    requirement: Requirement,
    holders: Sequence[Holder],
    *,
    assigned: Collection[int],
    on_call: Collection[int],
    exempt: frozenset[int],
    device_types: Collection[int],
    now: datetime,
) -> CoveredRequirement:
    """Judge one requirement by the qualifications of the people of its site."""
    counting = [
        each for each in holders if each.person_id not in exempt and each.skill_id == requirement.skill_id
    ]
    skilled = qualified(requirement, counting)
    lasting = qualified(
        requirement, (each for each in counting if each.until is None or each.until > now + EXPIRING)
    )
    hands_on = (each for each in counting if each.basis in HANDS_ON and each.device_type_id in device_types)
    return CoveredRequirement(
        requirement=requirement,
        qualified=skilled.intersection(assigned),
        expiring=(skilled - lasting).intersection(assigned),
        on_call=skilled.intersection(on_call),
        shown_here=qualified(requirement, hands_on).intersection(on_call),
        exempt=exempt,
    )


def weakest(coverage: SiteCoverage) -> CoveredRequirement | None:
    """The requirement that the fewest assigned people are qualified for; None where nothing is required."""
    return min(coverage.requirements, key=lambda each: len(each.qualified), default=None)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A person who alone is qualified for these requirements."""

    person_id: int
    alone: tuple[Requirement, ...]


def dependencies(requirements: Iterable[CoveredRequirement]) -> tuple[Dependency, ...]:
    """People whom something depends on, the most depended on first."""
    alone: dict[int, list[Requirement]] = {}
    for each in requirements:
        if each.cover is CoverDepth.ONCE:
            alone.setdefault(min(each.qualified), []).append(each.requirement)
    people = [Dependency(person_id, tuple(depending)) for person_id, depending in alone.items()]
    return tuple(sorted(people, key=lambda each: (-len(each.alone), each.person_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`count` of `total`; `names` are of what is missing, or stands out. Never of persons."""

    count: int
    total: int
    names: tuple[str, ...] = ()

    @property
    def percent(self) -> float | None:
        return 100 * self.count / self.total if self.total else None


def verified(coverage: SiteCoverage) -> Tally:
    """People on call who showed hands-on, on equipment of the site, all that its vendors ask of their rotations'
    domains, among those of whom anything is asked."""
    has_shown_all = []
    for person_id, domains in coverage.on_call.items():
        bound = [
            each
            for each in coverage.requirements
            if each.requirement.vendor and each.requirement.domain in domains and person_id not in each.exempt
        ]
        has_shown_all += [all(person_id in each.shown_here for each in bound)] if bound else []
    return Tally(count=sum(has_shown_all), total=len(has_shown_all))


def literate(coverage: SiteCoverage) -> Tally:
    """People on call who learned and shadowed the domains that are not their own."""
    people = coverage.on_call
    knows = sum(
        coverage.training[person_id].crosses(domains)
        for person_id, domains in people.items()
        if person_id in coverage.training
    )
    return Tally(count=knows, total=len(people))


def trained(coverage: SiteCoverage, people: Collection[int]) -> Tally:
    """These people whose training is in date."""
    records = [coverage.training[person_id] for person_id in people if person_id in coverage.training]
    return Tally(count=sum(each.is_in_date for each in records), total=len(people))


def nearest(
    covered: CoveredRequirement, candidates: Mapping[int, Sequence[Holder]], needed: Mapping[int, int]
) -> tuple[int, ...]:
    """People who lack a skill and hold all that it needs first (level by skill id): those who hold it at a lower
    level or on other equipment, then those of its domain; as many as are missing, three at most. `candidates` are
    assigned to the site, with what they hold."""
    requirement = covered.requirement
    ranked = sorted(
        (
            all(each.skill_id != requirement.skill_id for each in holdings),
            all(each.domain != requirement.domain for each in holdings),
            person_id,
        )
        for person_id, holdings in candidates.items()
        if person_id not in covered.qualified | covered.exempt
        and all(
            any(each.skill_id == skill_id and each.level >= level for each in holdings)
            for skill_id, level in needed.items()
        )
    )
    missing = requirement.people - len(covered.qualified)
    return tuple(person_id for *_, person_id in ranked[: min(max(missing, 0), MOST_PROPOSED)])
