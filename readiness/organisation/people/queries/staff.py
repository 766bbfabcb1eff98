"""Queries of the pages of teams and people."""

from datetime import datetime

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When

from accounts.models import User
from readiness.organisation.people.models import Person, Team, has_left
from web.workflows import second


def teams(*, now: datetime) -> QuerySet[Team]:
    gone = Person.objects.left(now).order_by().values("pk")
    present = Count("memberships", filter=~Q(memberships__person__in=gone))
    dissolved = Case(
        When(dissolved_at__lte=now, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    homed = Team.objects.select_related("home_region", "home_site")
    return homed.annotate(present=present, is_dissolved=dissolved).order_by("name", "pk")


def people(*, now: datetime) -> QuerySet[Person]:
    has_gone = Case(When(has_left(now), then=Value(True)), default=Value(False), output_field=BooleanField())
    return (
        Person.objects.annotate(has_left=has_gone, approval_flags=second.flags_of(Person))
        .select_related("user", "requested_user", "requested_by", "home_region", "home_site")
        .prefetch_related("memberships__team")
        .order_by("name", "pk")
    )


def counts(*, now: datetime) -> dict[str, int]:
    everybody = Person.objects.order_by().values_list("pk", flat=True)
    number_gone = Person.objects.left(now).count()
    return {"people": everybody.count() - number_gone, "left": number_gone}


def own_people(user: User) -> QuerySet[Person]:
    return Person.objects.filter(Q(user=user) | Q(requested_user=user)).select_related("requested_by")
