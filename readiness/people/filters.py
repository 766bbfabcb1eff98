"""Filters of people, for the API and for the pages alike."""

from readiness.people.models import Person, has_left
from web import clock
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag


class PersonFilters(ObjectFilterSet):
    gone = Flag(read=lambda _key: has_left(clock.now()), label="Has left")

    class Meta:
        model = Person
        fields = ["name", "user", "email", "phone", "time_zone", "left_at", "teams"]
        search_fields = ["name", "email", "user__username"]
        panel = ["teams", "gone"]
