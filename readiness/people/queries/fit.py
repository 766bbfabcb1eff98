"""Whether the members of a team can do what a site requires, whether they are assigned there or not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from inventory.queries import SiteFacts
from readiness.people.core.coverage import Requirement, qualified
from readiness.people.models import Person
from readiness.people.queries.coverage import KnownPeople, requirements_of


@dataclass(frozen=True, slots=True)
class TeamFit:
    """Requirements of a site in some domains, and those of them that no member of the team is qualified for."""

    required: tuple[Requirement, ...]
    missing: tuple[Requirement, ...]


def fit_of_team(team_id: int, site: SiteFacts, domains: Collection[str], *, now: datetime) -> TeamFit:
    required = tuple(
        each for each in requirements_of({site.id: site}, now=now)[site.id] if each.domain in domains
    )
    members = Person.objects.there(now).filter(memberships__team=team_id).values_list("pk", flat=True)
    known = KnownPeople(list(members), now)
    holders = [
        holder
        for person_id, of_person in known.holders.items()
        for holder in of_person
        if holder.skill_id not in known.exempt.get(person_id, ())
    ]
    return TeamFit(required, tuple(each for each in required if not qualified(each, holders)))
