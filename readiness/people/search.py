"""Search: people for those who may see them, teams for everybody."""

from accounts.models import User
from inventory.search import best_first
from readiness.people.models import Person, Team
from web import links
from web.search import Hit


def find_people(query: str, *, user: User, limit: int) -> list[Hit]:
    people = best_first(Person.objects.all(), query, name="name", others=["email"])[:limit]
    return [
        Hit(title=person.name, url=links.page_url(person) or "", detail=person.email) for person in people
    ]


def find_teams(query: str, *, user: User, limit: int) -> list[Hit]:
    teams = best_first(Team.objects.all(), query, name="name", others=["slug", "contact"])[:limit]
    return [Hit(title=team.name, url=links.page_url(team) or "", detail=team.contact) for team in teams]
