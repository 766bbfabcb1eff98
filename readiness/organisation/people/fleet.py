"""The people of all sites together, kept while nothing changes: reading 5,000 of them takes longer than a page may.
Who covers what sites require, by domain and by requirement, which training would improve it, and who is on call.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import attrgetter

from django.db import connection
from django.db.models import Min, Prefetch, Q, QuerySet

from inventory.models import Accelerator, CoolingUnit, Device, Manufacturer, Port, PowerFeed, Region, Site
from inventory.queries import SiteFacts, end_of_day, site_facts
from readiness.organisation.people.core.cover import CoverPart, CoverSpan
from readiness.organisation.people.core.coverage import (
    CoverDepth,
    CoveredRequirement,
    Holder,
    SiteCoverage,
    nearest,
)
from readiness.organisation.people.core.on_call import HOUR
from readiness.organisation.people.core.qualified_fleet import QualifiedFleet
from readiness.organisation.people.core.training import DOMAINS
from readiness.organisation.people.facts import (
    COVERAGE,
    coverage_of,
    holders_of,
    kept_coverage_of,
    next_on_call,
)
from readiness.organisation.people.models import Course, Person, Rotation, RotationSite, Shift, Skill
from readiness.organisation.people.queries import standing
from readiness.organisation.people.queries.cover import COVER, SiteCover, cover_ahead
from readiness.organisation.people.queries.on_call import DutyRow, duties_at
from web.cached import CachedAnswer

_RECORDED = "SELECT EXISTS (SELECT FROM people_staffing) OR EXISTS (SELECT FROM people_rotationsite)"


@dataclass(frozen=True, slots=True, eq=False)
class FleetPeople:
    """Sites with what is recorded of their people, by id, until the day or something of it ends. `covers` counts the
    requirements of a site by how they are covered."""

    until: datetime
    sites: Mapping[int, SiteFacts] = field(default_factory=dict)
    covered: Mapping[int, SiteCoverage] = field(default_factory=dict)
    covers: Mapping[int, Counter[CoverDepth]] = field(default_factory=dict)
    qualified: QualifiedFleet = field(default_factory=QualifiedFleet.empty)


@dataclass(frozen=True, slots=True)
class FleetDuties:
    """Who is on call at every site, until a shift begins or ends, or somebody leaves."""

    until: datetime
    rows: Sequence[DutyRow] = ()


FLEET_PEOPLE: CachedAnswer[None, FleetPeople] = CachedAnswer(
    "people of the fleet",
    models=(
        *(Rotation, RotationSite),
        *(Site, Region, Manufacturer, Device, Accelerator, Port, CoolingUnit, PowerFeed),
    ),
    rows=(Shift,),
    answers=(COVERAGE, standing.QUALIFIED),
)
_DUTIES: CachedAnswer[None, FleetDuties] = CachedAnswer("duties of the fleet", answers=(FLEET_PEOPLE,))
UNMET = ("short", "not-planned")
_UNMET: CachedAnswer[None, "UnmetShifts"] = CachedAnswer("short shifts ahead", answers=(COVER,))


def fleet_people(*, now: datetime, unstaffed: bool = False) -> FleetPeople:
    """Read all sites; `unstaffed`: even where no people are recorded at all, which else costs one statement and has no
    sites. Two statements where nothing was written since."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDED)
        [(is_recorded,)] = cursor.fetchall()
    if not (is_recorded or unstaffed):
        return FleetPeople(now)
    return FLEET_PEOPLE.value(lambda: _read(now), now=now, until=attrgetter("until"))


def _read(now: datetime) -> FleetPeople:
    sites = {site.id: site for site in site_facts()}
    covered = kept_coverage_of(sites, now=now)
    recorded = standing.recorded(covered)
    return FleetPeople(
        until=min((end_of_day(now.date(), "UTC"), *next_on_call(sites, now=now).values())),
        sites=sites,
        covered=covered,
        covers={
            site_id: Counter(each.cover for each in of_site.requirements)
            for site_id, of_site in covered.items()
        },
        qualified=QualifiedFleet.build(standing.qualified_at(recorded), recorded=frozenset(recorded)),
    )


def sites_on_call() -> QuerySet[Site]:
    return Site.objects.exclude(stage=Site.Stage.RETIRED).select_related("region").order_by("name", "pk")


def duties_now(*, now: datetime) -> Sequence[DutyRow]:
    return _DUTIES.value(lambda: _duties(now), now=now, until=attrgetter("until")).rows


def _duties(now: datetime) -> FleetDuties:
    people = fleet_people(now=now)
    if not people.sites:
        return FleetDuties(people.until)
    moments = Shift.objects.filter(ends_at__gt=now).aggregate(
        ends_at=Min("ends_at"), starts_at=Min("starts_at", filter=Q(starts_at__gt=now))
    )
    moments |= Person.objects.filter(left_at__gt=now).aggregate(left_at=Min("left_at"))
    until = min((people.until, *(moment for moment in moments.values() if moment is not None)))
    return FleetDuties(until, duties_at(sites_on_call(), at=now, covered=people.covered))


@dataclass(frozen=True, slots=True)
class CoverLine:
    """A span ahead of a site."""

    site: Site
    span: CoverSpan

    @property
    def id(self) -> str:
        return f"{self.site.slug}.{self.span.domain}.{int(self.span.starts_at.timestamp())}"


@dataclass(frozen=True, slots=True)
class UnmetShifts:
    """Spans ahead of all sites that are short or not planned, until one of them is over."""

    until: datetime
    lines: tuple[CoverLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareOfCover:
    """The same, of which the span is made only when it is asked for."""

    site: Site
    cover: SiteCover
    domain: str
    part: CoverPart

    def line(self) -> CoverLine:
        return CoverLine(self.site, self.cover.span(self.domain, self.part))


def cover_lines(
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    site: Collection[str] = (),
    domain: Collection[str] = (),
    standing: Collection[str] = (),
) -> list[ShareOfCover]:
    """Spans that touch the time, of these sites, domains and standings, or of all: by site, domain and time."""
    rows = sites_on_call().filter(slug__in=site) if site else sites_on_call()
    sites = {each.pk: each for each in rows}
    covers = cover_ahead(sites, now=now)
    return [
        ShareOfCover(each, covers[site_id], of_domain, part)
        for site_id, each in sites.items()
        for of_domain, part in covers[site_id].parts(domain or DOMAINS)
        if part.starts_at < end and part.ends_at > start
        if not standing or part.standing in standing
    ]


def unmet_shifts(*, now: datetime) -> tuple[CoverLine, ...]:
    """Spans of 60 days without enough qualified people, and those without a shift; the first ones first."""
    return _UNMET.value(lambda: _unmet(now), now=now, until=attrgetter("until")).lines


def _bounded(cover: SiteCover, span: CoverSpan) -> CoverSpan:
    """A time without a plan has no edges of its own beyond the time that is looked at."""
    if span.is_planned:
        return span
    return replace(span, starts_at=max(span.starts_at, cover.start), ends_at=min(span.ends_at, cover.end))


def _unmet(now: datetime) -> UnmetShifts:
    sites = {site.pk: site for site in sites_on_call()}
    covers = cover_ahead(sites, now=now)
    lines = [
        CoverLine(site, _bounded(covers[site_id], covers[site_id].span(domain, part)))
        for site_id, site in sites.items()
        for domain, part in covers[site_id].parts()
        if part.standing in UNMET
    ]
    # Sites come by name, which stays the order among spans that begin together.
    lines.sort(key=lambda line: line.span.starts_at)
    ends = (line.span.ends_at for line in lines)
    return UnmetShifts(min(now + HOUR, *ends) if lines else now + HOUR, tuple(lines))


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
    """Return lines with the names of qualified people, for readers who may see names. One statement reads all names."""
    name_of = (
        names_of(person_id for _, coverage in sites for person_id in coverage.qualified) if names else {}
    )
    return [
        RequirementLine(
            site, each, tuple(sorted(name_of[person_id] for person_id in each.qualified & name_of.keys()))
        )
        for site, coverage in sites
        for each in coverage.requirements
    ]


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    return dict(Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "name"))


def proposals(coverage: SiteCoverage, *, now: datetime) -> list[TrainingProposal]:
    """Propose training where too few people of a site are qualified. Five statements."""
    short = [each for each in coverage.requirements if each.is_short]
    courses = Prefetch("courses", Course.objects.select_related("manufacturer"))
    skills = Skill.objects.prefetch_related(courses, "needs").in_bulk(
        {each.requirement.skill_id for each in short}
    )
    candidates: dict[int, list[Holder]] = {person_id: [] for person_id in coverage.assigned}
    for holder in holders_of(coverage.assigned, now=now) if short else ():
        if holder.begins_at <= now:
            candidates[holder.person_id].append(holder)
    nearest_people = {}
    for each in short:
        needed = {need.needed_id: need.level for need in skills[each.requirement.skill_id].needs.all()}
        nearest_people[each.requirement.key] = nearest(each, candidates, needed)
    people = Person.objects.in_bulk({person_id for ids in nearest_people.values() for person_id in ids})
    return [
        TrainingProposal(
            each,
            tuple(people[person_id] for person_id in nearest_people[each.requirement.key]),
            tuple(
                course
                for course in skills[each.requirement.skill_id].courses.all()
                if course.leads_to(each.requirement.level, each.requirement.vendor)
            ),
        )
        for each in short
    ]
