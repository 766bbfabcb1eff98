"""Makes teams and people for tests."""

from datetime import UTC, datetime

from readiness.people.models import Membership, Person, Team
from tests.inventory.made import next_number

CONFIRMED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def team(**given):
    number = next_number()
    return Team.objects.create(**{"name": f"Team {number}", "slug": f"team-{number}"} | given)


def person(*teams, **given):
    """In these teams. The link to `user`, if there is one, is in force."""
    given = {"user_confirmed_at": CONFIRMED_AT if given.get("user") else None} | given
    made = Person.objects.create(**{"name": f"Person {next_number()}"} | given)
    Membership.objects.bulk_create([Membership(person=made, team=each) for each in teams])
    return made
