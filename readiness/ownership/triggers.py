"""Claim rows for every site whose ownership a write touched: assignments, confirmations, people and users who go."""

from functools import partial

import pgtrigger

from inventory.models.triggers import OWN_SITE, PerStatement
from inventory.models.triggers import claims as claims_of

__all__ = [
    "OWN_SITE",
    "SITES_OF_ASSIGNMENT",
    "claims",
    "claims_of_person",
    "claims_of_team",
    "claims_of_user",
]

SITES_OF_ASSIGNMENT = (
    "SELECT assignment.site_id FROM {rows} AS changed"
    " JOIN ownership_assignment AS assignment ON assignment.id = changed.assignment_id"
)
# What a site is judged on changed, as with evidence.
claims = partial(claims_of, origin="evidence")

# Only what decides whether somebody is there: a user's row is written at every sign-in.
_CLAIM = """
    INSERT INTO inventory_sitechange (site_id, origin)
    SELECT DISTINCT assignment.site_id, 'evidence'
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
    """Claim the sites of the person that the user is."""
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
