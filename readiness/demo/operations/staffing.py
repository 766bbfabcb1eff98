"""The people who can run the demo's sites: groups, their qualifications and training, and the sites' requirements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.utils.text import slugify

from accounts.models import User
from inventory.models import DeviceType, Manufacturer, Site
from inventory.queries.homes import home_of
from readiness.demo.building import write
from readiness.demo.core.plan import book
from readiness.demo.operations.made import DemoObjects, written
from readiness.demo.operations.people import Staff
from readiness.organisation.people.models import (
    CapabilityRule,
    Course,
    Membership,
    Person,
    Qualification,
    Skill,
    SkillExemption,
    SkillPrerequisite,
    Staffing,
    Team,
    Training,
)

type Crews = Mapping[str, Sequence[Person]]
"""People by the key of their group, in the order of people.yaml."""
DOMAINS = ("compute", "network", "energy")
ASSIGNED_BEFORE, DUE_AFTER = timedelta(days=21), timedelta(days=9)
"""How long before its completion a course was assigned, and how long after that it was due."""
MAIL = "corvale.example"


@dataclass(frozen=True, slots=True)
class Workforce:
    """`people` are indexed by name, and by the keys of owners.yaml."""

    teams: Mapping[str, Team]
    crews: Crews
    people: Mapping[str, Person]


def write_workforce(
    sites: Mapping[str, Site],
    staff: Staff,
    makers: Mapping[str, Manufacturer],
    objects: DemoObjects,
    *,
    now: datetime,
) -> Workforce:
    """Write everybody, and which of these sites they staff. `makers` are by their slug in hardware.yaml."""
    people_book = book("people")
    teams = {**staff.teams, **written(Team, people_book["teams"], objects)}
    crews = _crews(people_book["groups"], teams, staff, objects, now=now)
    Staffing.objects.bulk_create(
        Staffing(team=teams[team], site=sites[name], begins_at=now - timedelta(days=staffed_since(name)))
        for row in people_book["staffing"]
        for name in row["sites"]
        if name in sites
        for team in row["teams"]
    )
    _settle(sites, teams, crews, staff)
    skills = written(
        Skill, [row | {"levels": people_book["levels"]} for row in people_book["skills"]], objects
    )
    SkillPrerequisite.objects.bulk_create(
        [
            SkillPrerequisite(skill=skills[key], needed=skills[first])
            for key, first in people_book["needs"].items()
        ],
        ignore_conflicts=True,
    )
    written(CapabilityRule, people_book["rules"], objects, skill=skills)
    _qualify(people_book["groups"], crews, skills, now=now)
    _ask_second_persons(people_book, crews, skills, now=now)
    courses = written(Course, _courses(people_book, now), objects, skill=skills, manufacturer=makers)
    _train(people_book, crews, courses, now=now)
    by_name = {person.name: person for crew in crews.values() for person in crew}
    return Workforce(teams, crews, by_name | dict(staff.people))


def _settle(sites: Mapping[str, Site], teams: Mapping[str, Team], crews: Crews, staff: Staff) -> None:
    """Give teams the home of the sites that they staff, and people that of their teams."""
    staffed: dict[int, frozenset[Site]] = {}
    for row in book("people")["staffing"]:
        for slug in row["teams"]:
            own = frozenset(sites[name] for name in row["sites"] if name in sites)
            staffed[teams[slug].pk] = staffed.get(teams[slug].pk, frozenset()) | own
    people = {person.pk: person for crew in (*crews.values(), staff.people.values()) for person in crew}
    served: dict[int, frozenset[Site]] = {}
    for person_id, team_id in Membership.objects.filter(person__in=people).values_list("person", "team"):
        served[person_id] = served.get(person_id, frozenset()) | staffed.get(team_id, frozenset())
    homes = {own: home_of(own) for own in {*staffed.values(), *served.values()}}
    rows: list[Team | Person] = [team for team in teams.values() if team.pk in staffed]
    rows += [person for key, person in people.items() if key in served]
    rows = [each for each in rows if each.home is None]
    for holder in rows:
        home = homes[(staffed if isinstance(holder, Team) else served)[holder.pk]]
        holder.home_site, holder.home_region_id = home["home_site"], home["home_region_id"]
    columns = ["home_site", "home_region"]
    Team.objects.bulk_update([each for each in rows if isinstance(each, Team)], columns)
    Person.objects.bulk_update([each for each in rows if isinstance(each, Person)], columns)


def staffed_of(sites: Mapping[str, Site]) -> dict[str, Site]:
    names = {name for row in book("people")["staffing"] for name in row["sites"]}
    return {name: site for name, site in sites.items() if name in names}


def staffed_since(site: str) -> int:
    """Days before the loading."""
    own = book("people")["staffed_since"]
    return int(own[site] if site in own else book("records")["since"][site]["p3"])


def crews_of(people: Mapping[str, Person]) -> Crews:
    """Restore the groups from people's names; missing people are left out."""
    names = {row["key"]: row["name"] for row in book("owners")["people"]}
    return {
        group["key"]: [people[name] for key in group["people"] if (name := names.get(key, key)) in people]
        for group in book("people")["groups"]
    }


def _crews(
    groups: Sequence[Mapping[str, Any]],
    teams: Mapping[str, Team],
    staff: Staff,
    objects: DemoObjects,
    *,
    now: datetime,
) -> Crews:
    def person(group: Mapping[str, Any], place: int, name: str) -> Person:
        return Person(
            name=name,
            email=f"{slugify(name).replace('-', '.')}@{MAIL}",
            employer=group.get("employer", ""),
            time_zone=group["zones"][place % len(group["zones"])],
            left_at=now - timedelta(days=group["left"]) if "left" in group else None,
        )

    crews = {
        group["key"]: [
            staff.people.get(name) or person(group, place, name) for place, name in enumerate(group["people"])
        ]
        for group in groups
    }
    new = [
        Membership(person=person, team=teams[group["team"]])
        for group in groups
        for person in crews[group["key"]]
        if person.pk is None
    ]
    write(new)
    objects.note(membership.person for membership in new)
    return crews


def _qualify(
    groups: Sequence[Mapping[str, Any]], crews: Crews, skills: Mapping[str, Skill], *, now: datetime
) -> None:
    hardware = {each.slug: each for each in DeviceType.objects.all()}
    leads = crews["leads"]
    # A lead is assessed by the other one.
    Qualification.objects.bulk_create(
        Qualification(
            person=person,
            skill=skills[row["skill"]],
            level=row.get("level", 3),
            basis="assessed",
            assessed_by=assessor,
            confirmed_by=assessor.user,
            confirmed_at=shown_at,
            device_type=hardware[shown_on] if shown_on else None,
            shown_at=shown_at,
            valid_until=now + timedelta(days=row["ends_in"]) if "ends_in" in row else None,
        )
        for group in groups
        for row in group["shows"]
        for place, person, since in _members(group, crews, row.get("of"))
        for shown_on in row.get("on", [None])
        for assessor in [leads[(place + (person in leads)) % len(leads)]]
        for shown_at in [now - timedelta(days=min(since, row.get("since", since)))]
    )


def _ask_second_persons(
    people_book: Mapping[str, Any], crews: Crews, skills: Mapping[str, Skill], *, now: datetime
) -> None:
    """A qualification that its assessor has not confirmed yet, and an exemption that nobody has approved yet."""
    leads = crews["leads"]
    Qualification.objects.bulk_create(
        Qualification(
            person=crews[row["group"]][place],
            skill=skills[row["skill"]],
            level=2,
            basis="assessed",
            assessed_by=leads[row["by"]],
            shown_at=now - timedelta(days=row["shown"]),
        )
        for row in people_book["unconfirmed"]
        for place in row["of"]
    )
    SkillExemption.objects.bulk_create(
        SkillExemption(
            person=crews[row["group"]][place],
            skill=skills[row["skill"]],
            reason=row["reason"],
            begins_at=now,
            ends_at=now + timedelta(days=row["days"]),
            granted_by=cast(User, leads[row["by"]].user),
        )
        for row in people_book["unapproved"]
        for place in row["of"]
    )


def _members(
    group: Mapping[str, Any], crews: Crews, places: Sequence[int] | None = None
) -> Iterator[tuple[int, Person, int]]:
    """Place, person, and the number of days for which they have had the group's qualifications."""
    people = zip(crews[group["key"]], group["since"], strict=True)
    for place, (person, since) in enumerate(people):
        if places is None or place in places:
            yield place, person, since


def _courses(people_book: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """A date is the first Monday from so many days after the loading on."""
    today = now.date()
    return [
        row
        | {
            "valid_days": people_book["course_days"],
            "level": people_book["course_level"] if "skill" in row else 1,
            "dates": [
                on + timedelta(days=-on.weekday() % 7)
                for on in (today + timedelta(days=days) for days in row.get("dates", ()))
            ],
        }
        for row in people_book["courses"]
    ]


def _train(
    people_book: Mapping[str, Any], crews: Crews, courses: Mapping[str, Course], *, now: datetime
) -> None:
    groups = {group["key"]: group for group in people_book["groups"]}
    done = [
        Training(
            person=person,
            course=courses[slug],
            assigned_at=at - ASSIGNED_BEFORE,
            due_at=at + DUE_AFTER,
            completed_at=at,
        )
        for group in groups.values()
        for place, person, since in _members(group, crews)
        for at in [now - timedelta(days=max(since, group.get("trained", people_book["trained"])))]
        for slug in _learned(group, place)
    ]
    waiting = [
        Training(
            person=person,
            course=courses[row["course"]],
            assigned_at=now - timedelta(days=row["assigned"]),
            due_at=now - timedelta(days=row["due"]),
        )
        for row in people_book["waiting"]
        for _, person, _ in _members(groups[row["group"]], crews, row.get("of"))
    ]
    Training.objects.bulk_create([*done, *waiting])


def _learned(group: Mapping[str, Any], place: int) -> Iterator[str]:
    """Slugs of one person's courses: those of the own domain, the modules of other domains, and a shift with one of
    them."""
    if group["domain"] in DOMAINS:
        yield f"{group['domain']}-basics"
    missed = group.get("not_yet") if place >= group.get("literate", len(group["people"])) else None
    others = [domain for domain in DOMAINS if domain not in (group["domain"], missed)]
    for domain in others:
        yield f"{domain}-neighbours"
    yield f"{others[place % len(others)]}-shadow"
