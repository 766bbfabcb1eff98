"""Cover of sites in the time ahead, kept until something changes; a fixed number of statements, however many sites.

What is installed at a site, and placed there, is that of now. Who is on call follows from the shifts that are written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter

from inventory.models import Accelerator, CoolingUnit, Device, Manufacturer, Port, PowerFeed, Region, Site
from inventory.queries import SiteFacts, site_facts
from readiness.organisation.people.core.cover import (
    COVER_DAYS,
    PROBLEM_DAYS,
    Ability,
    CoverPart,
    CoverSpan,
    ShiftRequirement,
    cover_parts,
)
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.on_call import WEEK
from readiness.organisation.people.core.rotations import AHEAD, HeldShift
from readiness.organisation.people.core.training import DOMAINS
from readiness.organisation.people.facts import COVERAGE, holders_of, kept_coverage_of
from readiness.organisation.people.models import Rotation, RotationSite, Shift, SkillExemption
from readiness.organisation.people.queries.rotations import NEVER
from readiness.organisation.people.queries.standing import held_shifts
from web.cached import CachedAnswer

DAY = timedelta(days=1)
type Requirements = tuple[ShiftRequirement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DomainCover:
    """Sites with the same rotations and requirements share one. `rotations` are their ids."""

    rotations: tuple[int, ...]
    requirements: Requirements
    parts: tuple[CoverPart, ...]


@dataclass(frozen=True, slots=True, eq=False)
class KeptCover:
    """A site's time around now until something of its requirements ends."""

    until: datetime
    domains: Mapping[str, DomainCover]


@dataclass(frozen=True, slots=True, eq=False)
class SiteCover:
    """A site's time from `start` to `end`, of each domain that a rotation serves, or in which the site requires
    something on each shift."""

    site: int
    start: datetime
    end: datetime
    domains: Mapping[str, DomainCover]

    @property
    def spans(self) -> tuple[CoverSpan, ...]:
        """Spans that touch the time, whole, by domain and then in order."""
        return tuple(self.span(domain, part) for domain, part in self.parts())

    @property
    def short(self) -> tuple[CoverSpan, ...]:
        return tuple(self.span(domain, part) for domain, part in self.parts() if part.standing == "short")

    def domain_spans(self, domain: str) -> tuple[CoverSpan, ...]:
        return tuple(self.span(domain, part) for _, part in self.parts([domain]))

    def parts(self, domains: Collection[str] = DOMAINS) -> Iterator[tuple[str, CoverPart]]:
        """The same without the site, which costs less to count."""
        for domain, of_domain in self.domains.items():
            if domain in domains:
                for part in of_domain.parts:
                    if part.starts_at < self.end and part.ends_at > self.start:
                        yield domain, part

    def span(self, domain: str, part: CoverPart) -> CoverSpan:
        return CoverSpan(
            site=self.site,
            domain=domain,
            starts_at=part.starts_at,
            ends_at=part.ends_at,
            people=part.people,
            qualified=part.qualified,
            needed=part.needed,
            lacks=part.lacks,
            is_planned=part.is_planned,
            doubles=part.doubles,
        )


COVER: CachedAnswer[int, KeptCover] = CachedAnswer(
    "cover ahead",
    models=(
        *(Rotation, RotationSite),
        *(Site, Region, Manufacturer, Device, Accelerator, Port, CoolingUnit, PowerFeed),
    ),
    rows=(Shift,),
    answers=(COVERAGE,),
)


def cover_ahead(site_ids: Collection[int], *, now: datetime, days: int = COVER_DAYS) -> dict[int, SiteCover]:
    """Cover of those of the sites that exist, 60 days ahead at most: later shifts are not written yet."""
    if not site_ids:
        return {}
    kept_covers = COVER.values(
        dict.fromkeys(sorted(site_ids)),
        lambda missing: _read(missing, now),
        now=now,
        until=attrgetter("until"),
    )
    end = now + timedelta(days=min(days, COVER_DAYS))
    return {site_id: SiteCover(site_id, now, end, each.domains) for site_id, each in kept_covers.items()}


def short_shifts(site_ids: Collection[int], *, now: datetime, days: int = PROBLEM_DAYS) -> list[CoverSpan]:
    """Spans without enough qualified people, the first ones first."""
    covers = cover_ahead(site_ids, now=now, days=days)
    spans = (span for cover in covers.values() for span in cover.short)
    return sorted(spans, key=lambda span: (span.starts_at, span.site, span.domain))


def _read(site_ids: Collection[int], now: datetime) -> dict[int, KeptCover]:
    today = datetime.combine(now.astimezone(UTC), time(), tzinfo=UTC)
    # A shift of a week that runs now is seen from its beginning.
    start, end = today - WEEK, today + AHEAD
    facts = {site.id: site for site in site_facts(sorted(site_ids))}
    covered = kept_coverage_of(facts, now=now)
    timelines = _Timelines(_served(facts), start, end, now)
    return {
        site_id: KeptCover(
            until=min(today + DAY, covered[site_id].until or NEVER),
            domains=timelines.domains_of(site_id, covered[site_id]),
        )
        for site_id in facts
    }


def _served(sites: Mapping[int, SiteFacts]) -> dict[tuple[int, str], list[int]]:
    served: dict[tuple[int, str], list[int]] = defaultdict(list)
    rows = RotationSite.objects.filter(site__in=sites).order_by("rotation")
    for site_id, domain, rotation_id in rows.values_list("site_id", "rotation__domain", "rotation_id"):
        served[site_id, domain].append(rotation_id)
    return served


class _Timelines:
    """Parts of the time of some sites, worked out once for those that share rotations and requirements. Three
    statements."""

    def __init__(
        self, served: Mapping[tuple[int, str], list[int]], start: datetime, end: datetime, now: datetime
    ) -> None:
        self.served, self.start, self.end = served, start, end
        self.shifts: dict[int, list[HeldShift]] = defaultdict(list)
        rotations = {rotation for each in served.values() for rotation in each}
        for shift in held_shifts(Shift.objects.overlapping(start, end).filter(rotation__in=rotations)):
            self.shifts[shift.rotation].append(shift)
        people = {shift.person for each in self.shifts.values() for shift in each if shift.person is not None}
        self.abilities = abilities_of(people, now=now)
        self.shared: dict[tuple[str, tuple[int, ...], Requirements], DomainCover] = {}

    def domains_of(self, site_id: int, coverage: SiteCoverage) -> dict[str, DomainCover]:
        domains = {}
        for domain in DOMAINS:
            rotations = tuple(self.served.get((site_id, domain), ()))
            requirements = shift_requirements(coverage, domain)
            if rotations or requirements:
                key = domain, rotations, requirements
                if key not in self.shared:
                    self.shared[key] = self._cover(*key)
                domains[domain] = self.shared[key]
        return domains

    def _cover(self, domain: str, rotations: tuple[int, ...], requirements: Requirements) -> DomainCover:
        shifts = [shift for rotation in rotations for shift in self.shifts.get(rotation, ())]
        skills = {requirement.skill_id for requirement in requirements}
        abilities = [
            ability
            for person in {shift.person for shift in shifts if shift.person is not None}
            for ability in self.abilities.get(person, ())
            if ability.skill_id in skills
        ]
        parts = cover_parts(domain, shifts, requirements, abilities, start=self.start, end=self.end)
        return DomainCover(rotations, requirements, parts)


def shift_requirements(coverage: SiteCoverage, domain: str) -> Requirements:
    """Requirements of a site for those on call in a domain, each once."""
    requirements = {
        ShiftRequirement(
            each.requirement.skill_id,
            each.requirement.level,
            each.requirement.vendor,
            each.requirement.per_shift,
            f"{each.requirement.skill_name}, level {each.requirement.level}",
        )
        for each in coverage.requirements
        if each.requirement.domain == domain and each.requirement.per_shift
    }
    return tuple(sorted(requirements))


def abilities_of(person_ids: Collection[int], *, now: datetime) -> dict[int, list[Ability]]:
    """Skills that people hold, or are exempt from, now and later on, as approved by now. Two statements."""
    abilities: dict[int, list[Ability]] = defaultdict(list)
    for holder in holders_of(person_ids, now=now):
        ability = Ability(
            starts_at=holder.begins_at,
            ends_at=holder.until or NEVER,
            person=holder.person_id,
            skill_id=holder.skill_id,
            level=holder.level,
            vendor=holder.vendor,
        )
        abilities[holder.person_id].append(ability)
    exemptions = SkillExemption.objects.filter(person__in=person_ids, ends_at__gt=now, approved_at__lte=now)
    for person_id, skill_id, begins_at, ends_at in exemptions.order_by("pk").values_list(
        "person_id", "skill_id", "begins_at", "ends_at"
    ):
        abilities[person_id].append(
            Ability(starts_at=begins_at, ends_at=ends_at, person=person_id, skill_id=skill_id, is_exempt=True)
        )
    return abilities
