"""Triggers that claim sites: changes of people, teams, users and leave change what is owned, but their tables belong to
lower floors, which do not know assignments.
"""

import pgtrigger

from accounts.models import User
from inventory.models.triggers import PerStatement
from readiness.organisation.ownership.models.assignments import claims
from readiness.organisation.people.models import Leave, Person, Team

# Only columns that decide whether somebody has left, because a user's row is written at every sign-in.
_CLAIM = """
    INSERT INTO inventory_sitechange (site_id, origin)
    SELECT DISTINCT assignment.site_id, 'record'
    FROM new_values AS changed JOIN old_values AS earlier ON earlier.id = changed.id
    JOIN ownership_assignment AS assignment ON {touches}
    WHERE {differs} ORDER BY 1;
    RETURN NULL;
"""
_PERSON = "{person} IN (assignment.accountable_id, assignment.deputy_id)"


def claims_of_person() -> list[PerStatement]:
    differs = "(changed.left_at, changed.user_id) IS DISTINCT FROM (earlier.left_at, earlier.user_id)"
    return [_claim(_PERSON.format(person="changed.id"), differs)]


def claims_of_user() -> list[PerStatement]:
    person = "(SELECT person.id FROM people_person AS person WHERE person.user_id = changed.id)"
    return [_claim(_PERSON.format(person=person), "changed.is_active IS DISTINCT FROM earlier.is_active")]


def claims_of_team() -> list[PerStatement]:
    return [
        _claim(
            "assignment.team_id = changed.id", "changed.dissolved_at IS DISTINCT FROM earlier.dissolved_at"
        )
    ]


def _claim(touches: str, differs: str) -> PerStatement:
    body = _CLAIM.format(touches=touches, differs=differs)
    return PerStatement(name="claim_owned_sites", operation=pgtrigger.Update, func=" ".join(body.split()))


SITES_OF_LEAVE = (
    "SELECT assignment.site_id FROM {rows} AS changed JOIN ownership_assignment AS assignment"
    " ON changed.person_id IN (assignment.accountable_id, assignment.deputy_id)"
)


def claims_of_leave() -> list[PerStatement]:
    """Its table has claims of the sites that its person staffs, under the usual names."""
    return [
        PerStatement(name=f"{each.name}_owned", operation=each.operation, func=each.func)
        for each in claims(SITES_OF_LEAVE)
    ]


class OwningPerson(Person):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = claims_of_person()


class OwningLeave(Leave):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = claims_of_leave()


class OwningTeam(Team):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = claims_of_team()


class OwningUser(User):
    class Meta:
        proxy = True
        default_permissions = ()
        triggers = claims_of_user()
