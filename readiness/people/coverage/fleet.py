"""Coverage of the sites that a reader sees, by domain and by requirement, and the training that would improve it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import attrgetter

from inventory.models import Site
from inventory.queries import SiteFacts, site_facts
from readiness.people.core.coverage import Candidate, CoverDepth, CoveredRequirement, SiteCoverage, nearest
from readiness.people.facts import kept_coverage_of
from readiness.people.fleet import fleet_people
from readiness.people.models import Course, Person, Qualification, Skill
from readiness.people.queries.coverage import coverage_of


@dataclass(frozen=True)
class DomainLine:
    """Requirements of a site in one domain; `depth` is how its worst covered requirement is covered.

    A list sorts, filters and counts by what is computed here once.
    """

    site: SiteFacts
    domain: str
    requirements: tuple[CoveredRequirement, ...]
    is_staffed: bool

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(each.cover.value for each in self.requirements)

    @cached_property
    def expiring(self) -> int:
        return sum(bool(each.expiring) for each in self.requirements)

    @cached_property
    def depth(self) -> CoverDepth:
        return min(self.requirements, key=lambda each: len(each.qualified)).cover


@dataclass(frozen=True, slots=True)
class RequirementLine:
    site: SiteFacts
    covered: CoveredRequirement
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingProposal:
    """Training for people who are nearest to what is not covered, and the courses that lead there."""

    covered: CoveredRequirement
    people: tuple[Person, ...]
    courses: tuple[Course, ...]

    @property
    def ids(self) -> str:
        return ",".join(str(person.pk) for person in self.people)


def coverage_of_sites(
    *, now: datetime, at: datetime | None = None, slugs: Collection[str] = ()
) -> list[tuple[SiteFacts, SiteCoverage]]:
    """The sites by name, without those that are retired, now or at another instant."""
    if at is None and not slugs:
        people = fleet_people(now=now, unstaffed=True)
        sites, covered = people.sites, people.covered
    else:
        ids = list(Site.objects.filter(slug__in=slugs).values_list("pk", flat=True)) if slugs else None
        sites = {site.id: site for site in site_facts(ids)}
        covered = kept_coverage_of(sites, now=now) if at is None else coverage_of(sites, now=at)
    return [(site, covered[site_id]) for site_id, site in sites.items() if site.stage != Site.Stage.RETIRED]


def domain_lines(sites: Iterable[tuple[SiteFacts, SiteCoverage]]) -> list[DomainLine]:
    return [
        DomainLine(site, domain, tuple(requirements), coverage.is_staffed)
        for site, coverage in sites
        for domain, requirements in groupby(coverage.requirements, attrgetter("requirement.domain"))
    ]


def requirement_lines(
    sites: Collection[tuple[SiteFacts, SiteCoverage]], *, names: bool
) -> list[RequirementLine]:
    """With the names of the qualified, for those who may see them. One statement for these, however many."""
    named = names_of(person_id for _, coverage in sites for person_id in coverage.qualified) if names else {}
    return [
        RequirementLine(
            site, each, tuple(sorted(named[person_id] for person_id in each.qualified & named.keys()))
        )
        for site, coverage in sites
        for each in coverage.requirements
    ]


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    return dict(Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "name"))


def proposals(coverage: SiteCoverage, *, now: datetime) -> list[TrainingProposal]:
    """Propose training where too few people of a site are qualified. Five statements."""
    short = [each for each in coverage.requirements if each.is_short]
    skills = Skill.objects.prefetch_related("courses", "needs").in_bulk(
        {each.requirement.skill_id for each in short}
    )
    candidates = _candidates(coverage.assigned, now) if short else []
    chosen = {}
    for each in short:
        needed = {need.needed_id: need.level for need in skills[each.requirement.skill_id].needs.all()}
        chosen[each.requirement.key] = nearest(each, candidates, needed)
    people = Person.objects.in_bulk({person_id for ids in chosen.values() for person_id in ids})
    return [
        TrainingProposal(
            each,
            tuple(people[person_id] for person_id in chosen[each.requirement.key]),
            tuple(skills[each.requirement.skill_id].courses.all()),
        )
        for each in short
    ]


def _candidates(person_ids: Collection[int], now: datetime) -> list[Candidate]:
    levels: dict[int, dict[int, int]] = {person_id: {} for person_id in person_ids}
    domains: dict[int, set[str]] = defaultdict(set)
    held = Qualification.objects.in_force(now).filter(person__in=person_ids).order_by()
    for person_id, skill_id, domain, level in held.values_list(
        "person_id", "skill_id", "skill__domain", "level"
    ):
        levels[person_id][skill_id] = max(level, levels[person_id].get(skill_id, 0))
        domains[person_id].add(domain)
    return [
        Candidate(person_id=person_id, levels=of_person, domains=frozenset(domains[person_id]))
        for person_id, of_person in levels.items()
    ]
