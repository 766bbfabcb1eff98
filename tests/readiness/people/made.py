"""Makes teams and people for tests."""

from readiness.people.models import Membership, Person, Team
from tests.inventory.made import next_number


def team(**given):
    number = next_number()
    return Team.objects.create(**{"name": f"Team {number}", "slug": f"team-{number}"} | given)


def person(*teams, **given):
    """In these teams."""
    made = Person.objects.create(**{"name": f"Person {next_number()}"} | given)
    Membership.objects.bulk_create([Membership(person=made, team=each) for each in teams])
    return made
