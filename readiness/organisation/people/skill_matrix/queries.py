"""Who can do what: the people of a page against skills, and totals of all who match the filters; a fixed number of
statements, however many people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, QuerySet
from django.db.models.functions import Least

from inventory.queries import SiteFacts
from readiness.organisation.people import fleet
from readiness.organisation.people.core.skills_held import HeldSkill, ShownSkill, held_skill
from readiness.organisation.people.models import (
    Membership,
    Person,
    Qualification,
    Skill,
    SkillExemption,
    Team,
)

_SHOWN = ("level", "shown_at", "until", "confirmed_at")
type NeededLevels = Mapping[int, int]
"""The highest level that is short, by skill."""


@dataclass(frozen=True, slots=True)
class PersonSkills:
    person: Person
    teams: tuple[str, ...]
    skills: Mapping[int, HeldSkill]


@dataclass(frozen=True, slots=True)
class TeamSkills:
    """`qualified` counts people of the team by skill."""

    team: Team
    people: int
    qualified: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class SkillGaps:
    """Sites that have too few people of a skill: their ids by skill, and the levels that the people assigned there
    lack."""

    sites: Mapping[int, frozenset[int]] = field(default_factory=dict)
    assigned: Sequence[tuple[frozenset[int], NeededLevels]] = ()

    def needed_of(self, person_ids: Collection[int]) -> dict[int, dict[int, int]]:
        needed: dict[int, dict[int, int]] = defaultdict(dict)
        for people, levels in self.assigned:
            for person_id in people.intersection(person_ids):
                of_person = needed[person_id]
                for skill_id, level in levels.items():
                    of_person[skill_id] = max(level, of_person.get(skill_id, 0))
        return needed


def people(*, now: datetime) -> QuerySet[Person]:
    return Person.objects.present(now).order_by("name", "pk")


def skills(domains: Collection[str] = ()) -> list[Skill]:
    every = Skill.objects.order_by("domain", "name", "pk")
    return list(every.filter(domain__in=domains) if domains else every)


def gaps(slugs: Collection[str] = (), *, now: datetime) -> SkillGaps:
    """Gaps of all sites, or of these; read from what is kept of the fleet."""
    fleet_now = fleet.fleet_people(now=now)
    sites: dict[int, set[int]] = defaultdict(set)
    assigned = []
    for site_id, coverage in fleet_now.covered.items():
        if slugs and fleet_now.sites[site_id].slug not in slugs:
            continue
        levels: dict[int, int] = {}
        for each in coverage.requirements:
            if each.is_short:
                skill_id = each.requirement.skill_id
                sites[skill_id].add(site_id)
                levels[skill_id] = max(each.requirement.level, levels.get(skill_id, 0))
        if levels:
            assigned.append((coverage.assigned, levels))
    return SkillGaps({skill_id: frozenset(ids) for skill_id, ids in sites.items()}, assigned)


def rows(
    page: Iterable[Person], skill_ids: Collection[int], skill_gaps: SkillGaps, *, now: datetime
) -> list[PersonSkills]:
    """The rows of these people, in their order; three statements, however many."""
    present = list(page)
    ids = [person.pk for person in present]
    records: dict[tuple[int, int], list[ShownSkill]] = defaultdict(list)
    qualifications = Qualification.objects.filter(person__in=ids, skill__in=skill_ids).order_by()
    qualifications = qualifications.annotate(until=Least("valid_until", "revoked_at"))
    for person_id, skill_id, *values in qualifications.values_list(
        "person_id", "skill_id", "level", "shown_at", "until", "confirmed_at"
    ):
        records[person_id, skill_id].append(ShownSkill(**dict(zip(_SHOWN, values, strict=True))))
    in_force = SkillExemption.objects.counting(now).filter(person__in=ids).order_by()
    exempt = set(in_force.values_list("person_id", "skill_id"))
    teams: dict[int, list[str]] = defaultdict(list)
    members = Membership.objects.filter(person__in=ids).order_by("team__name", "team")
    for person_id, name in members.values_list("person_id", "team__name"):
        teams[person_id].append(name)
    needed = skill_gaps.needed_of(ids)
    return [
        PersonSkills(
            person,
            tuple(teams[person.pk]),
            {
                skill_id: holding
                for skill_id in skill_ids
                if (
                    holding := held_skill(
                        records.get((person.pk, skill_id), ()),
                        is_exempt=(person.pk, skill_id) in exempt,
                        needed=needed.get(person.pk, {}).get(skill_id, 0),
                        now=now,
                    )
                )
            },
        )
        for person in present
    ]


def qualified_counts(matching: QuerySet[Person], *, now: datetime) -> dict[int, int]:
    """How many of these people are qualified in each skill, at any level. One statement."""
    holding = (
        Qualification.objects.counting(now).filter(person__in=matching.order_by().values("pk")).order_by()
    )
    return dict(holding.values_list("skill").annotate(Count("person", distinct=True)))


def team_rows(*, now: datetime) -> list[TeamSkills]:
    """Counts by team, for readers who may not see names. Three statements."""
    present = Person.objects.present(now).order_by()
    members = Membership.objects.filter(person__in=present.values("pk")).order_by()
    sizes = dict(members.values_list("team").annotate(Count("person")))
    holding = Qualification.objects.counting(now).filter(person__in=present.values("pk")).order_by()
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for team_id, skill_id, number in holding.values_list("person__memberships__team", "skill").annotate(
        Count("person", distinct=True)
    ):
        counts[team_id][skill_id] = number
    return [
        TeamSkills(team, sizes.get(team.pk, 0), counts.get(team.pk, {}))
        for team in Team.objects.present(now).order_by("name", "pk")
    ]


def history_of(person: Person, skill: Skill) -> list[Qualification]:
    """Everything the person showed of the skill, the latest first. One statement."""
    records = person.qualifications.filter(skill=skill).select_related("device_type", "assessed_by__user")
    return list(records.order_by("-shown_at", "-pk"))


def short_sites_of(person: Person, site_ids: Collection[int], *, now: datetime) -> list[SiteFacts]:
    """Those of the sites to which the person is assigned."""
    fleet_now = fleet.fleet_people(now=now)
    return [
        fleet_now.sites[each] for each in sorted(site_ids) if person.pk in fleet_now.covered[each].assigned
    ]
