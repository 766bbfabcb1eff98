"""People of the estate: teams that staff a dozen sites each, with skills, rotations, shifts and training.

The same for the same number of people. Rows are written past the operations: reading them is what is measured.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Model

from inventory.models import DeviceType, Site
from inventory.queries.homes import HomeColumns, home_of
from readiness.demo.building import write
from readiness.organisation.people.models import (
    CapabilityRule,
    Course,
    Membership,
    Person,
    Qualification,
    Rotation,
    RotationSite,
    Shift,
    Skill,
    Staffing,
    Team,
    Training,
)

TEAM, SITES_EACH = 20, 12
DOMAINS = ("compute", "network", "energy")
ON_ROTATION = 8
WEEKS_BACK, WEEKS_AHEAD = 60, 9
SKILLS = (
    ("compute", "accelerator-vendor", "Accelerator nodes", 2),
    ("network", "fabric-vendor", "Fabric of the vendor", 2),
    ("network", "fabric", "Fabrics", 2),
    ("energy", "cooling", "Cooling", 24),
    ("energy", "power", "Power chain", 2),
    ("compute", "site", "Incident response", 24),
)
"""Domain, what a rule asks about, name, and people: so many of two that about half the sites have too few."""


def write_people(site_ids: Sequence[int], *, count: int, now: datetime) -> None:
    drawn = random.Random(5)
    skills, rules = _skills()
    groups = [site_ids[start : start + SITES_EACH] for start in range(0, len(site_ids), SITES_EACH)]
    sites = Site.objects.in_bulk(site_ids)
    homes = [home_of([sites[site_id] for site_id in group]) for group in groups]
    homes_of_teams = [homes[number // len(DOMAINS) % len(groups)] for number in range(-(-count // TEAM))]
    people = [
        Person(name=f"Operator {number:05}", **homes_of_teams[number // TEAM]) for number in range(count)
    ]
    teams = [
        Team(name=f"Team {number:04}", slug=f"team-{number:04}", **home)
        for number, home in enumerate(homes_of_teams)
    ]
    write(
        people,
        teams,
        (Membership(person=person, team=teams[number // TEAM]) for number, person in enumerate(people)),
        (
            Staffing(team=team, site_id=site_id, begins_at=now - timedelta(days=600))
            for number, team in enumerate(teams)
            for site_id in groups[number // len(DOMAINS) % len(groups)]
        ),
        rules,
        _qualifications(people, skills, drawn, now),
        _trainings(people, skills, drawn, now),
        _duty(people, groups, homes, now),
    )


def _skills() -> tuple[list[Skill], list[CapabilityRule]]:
    skills = [
        Skill(name=name, slug=f"estate-{subject}", domain=domain, levels=["Knows it", "Does it alone"])
        for domain, subject, name, _ in SKILLS
    ]
    rules = [
        CapabilityRule(
            name=name, slug=f"estate-{subject}", subject=subject, skill=skill, level=1, people=number
        )
        for skill, (_, subject, name, number) in zip(skills, SKILLS, strict=True)
    ]
    return skills, rules


def _qualifications(
    people: Sequence[Person], skills: Sequence[Skill], drawn: random.Random, now: datetime
) -> Iterator[Qualification]:
    """Two or three skills of the team's domain and beside it, on any hardware; one in twelve has run out."""
    types = list(DeviceType.objects.order_by("pk"))
    for person in people:
        for skill in drawn.sample(skills, drawn.choice((2, 3))):
            device_type, shown_at = drawn.choice(types), now - timedelta(days=drawn.uniform(5, 500))
            yield Qualification(
                person=person,
                skill=skill,
                basis="assessed",
                device_type=device_type,
                shown_at=shown_at,
                confirmed_at=shown_at,
                valid_until=shown_at + timedelta(days=545 if drawn.random() < 11 / 12 else 3),
            )


def _trainings(
    people: Sequence[Person], skills: Sequence[Skill], drawn: random.Random, now: datetime
) -> Iterator[Training]:
    courses = [
        Course(name=f"Course {skill}", slug=f"course-{skill.slug}", domain=skill.domain, skill=skill, days=2)
        for skill in skills
    ]
    for person in people:
        for course in drawn.sample(courses, 2):
            yield Training(
                person=person,
                course=course,
                assigned_at=now - timedelta(days=300),
                due_at=now - timedelta(days=200),
                completed_at=now - timedelta(days=210),
                valid_until=now + timedelta(days=drawn.uniform(-20, 155)),
            )


def _duty(
    people: Sequence[Person], groups: Sequence[Sequence[int]], homes: Sequence[HomeColumns], now: datetime
) -> Iterator[Model]:
    turns = [people[start : start + ON_ROTATION] for start in range(0, len(people), TEAM)]
    for number, members in enumerate(turns[: len(groups) * len(DOMAINS)]):
        domain = DOMAINS[number % len(DOMAINS)]
        names = {"name": f"Rotation {number:04}", "slug": f"rotation-{number:04}"}
        rotation = Rotation(**names, domain=domain, **homes[number // len(DOMAINS)])
        for site_id in groups[number // len(DOMAINS)]:
            yield RotationSite(rotation=rotation, site_id=site_id)
        yield from _shifts(rotation, members, now)


def _shifts(rotation: Rotation, members: Sequence[Person], now: datetime) -> Iterator[Shift]:
    monday = (now - timedelta(days=now.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
    for week in range(-WEEKS_BACK, WEEKS_AHEAD):
        for level in (1, 2):
            yield Shift(
                rotation=rotation,
                level=level,
                person=members[(week + level) % len(members)],
                starts_at=monday + timedelta(weeks=week),
                ends_at=monday + timedelta(weeks=week + 1),
                origin="layer",
            )
