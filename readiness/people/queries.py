"""Queries of the pages of teams and people."""

from __future__ import annotations

from datetime import datetime

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When

from accounts.models import User
from inventory.search import best_first
from readiness.people.models import Person, Team, has_left
from web import links
from web.search import Hit


def teams(*, now: datetime) -> QuerySet[Team]:
    gone = Person.objects.left(now).order_by().values("pk")
    present = Count("memberships", filter=~Q(memberships__person__in=gone))
    dissolved = Case(
        When(dissolved_at__lte=now, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    return Team.objects.annotate(present=present, is_dissolved=dissolved).order_by("name", "pk")


def people(*, now: datetime) -> QuerySet[Person]:
    left = Case(When(has_left(now), then=Value(True)), default=Value(False), output_field=BooleanField())
    return (
        Person.objects.annotate(has_left=left)
        .select_related("user", "requested_user", "requested_by")
        .prefetch_related("memberships__team")
        .order_by("name", "pk")
    )


def counts(*, now: datetime) -> dict[str, int]:
    everybody = Person.objects.order_by().values_list("pk", flat=True)
    left = Person.objects.left(now).count()
    return {"people": everybody.count() - left, "left": left}


def own_people(user: User) -> QuerySet[Person]:
    return Person.objects.filter(Q(user=user) | Q(requested_user=user)).select_related("requested_by")


def find_people(query: str, *, user: User, limit: int) -> list[Hit]:
    people = best_first(Person.objects.all(), query, name="name", others=["email"])[:limit]
    return [
        Hit(title=person.name, url=links.page_url(person) or "", detail=person.email) for person in people
    ]


def find_teams(query: str, *, user: User, limit: int) -> list[Hit]:
    teams = best_first(Team.objects.all(), query, name="name", others=["slug", "contact"])[:limit]
    return [Hit(title=team.name, url=links.page_url(team) or "", detail=team.contact) for team in teams]
