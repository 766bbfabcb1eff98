"""Filters of teams and people, for the API and for the pages alike."""

from readiness.people.models import Membership, Person, Team, has_left
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag


class TeamFilters(ObjectFilterSet):
    class Meta:
        model = Team
        fields = ["name", "slug", "contact", "description", "dissolved_at"]
        search_fields = ["name", "slug", "contact", "description"]
        panel: list[str] = []


class PersonFilters(ObjectFilterSet):
    gone = Flag(read=lambda _key: has_left(clock.now()), label="Has left")

    class Meta:
        model = Person
        fields = ["name", "user", "email", "phone", "time_zone", "left_at", "teams"]
        search_fields = ["name", "email", "user__username"]
        panel = ["teams", "gone"]


class MembershipFilters(ObjectFilterSet):
    class Meta:
        model = Membership
        fields = ["person", "team", "role"]
        search_fields = ["person__name", "team__name", "role"]
