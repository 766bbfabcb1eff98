"""What the search finds here: people for those who may see them, teams for everybody."""

from accounts.models import User
from inventory.search import best_first
from readiness.people.models import Person, Team
from web import links
from web.search import Hit


def find_people(query: str, *, user: User, limit: int) -> list[Hit]:
    found = best_first(Person.objects.all(), query, name="name", others=["email"])[:limit]
    return [Hit(title=one.name, url=links.page_url(one) or "", detail=one.email) for one in found]


def find_teams(query: str, *, user: User, limit: int) -> list[Hit]:
    found = best_first(Team.objects.all(), query, name="name", others=["slug", "contact"])[:limit]
    return [Hit(title=one.name, url=links.page_url(one) or "", detail=one.contact) for one in found]
