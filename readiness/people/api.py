"""Endpoints under /api/people/: teams for all who are signed in with a role, people for those who may see names."""

from typing import Any, cast

from rest_framework import serializers

from accounts.models import User
from readiness.people import operations
from readiness.people.filters import MembershipFilters, PersonFilters, TeamFilters
from readiness.people.models import Membership, Person, Team
from web import clock
from web.rest.errors import named_errors
from web.rest.router import Router
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet


class TeamSerializer(ObjectSerializer):
    class Meta:
        model = Team
        fields = ("name", "slug", "contact", "description", "dissolved_at")
        brief_fields = ("name", "slug")


class PersonSerializer(ObjectSerializer):
    has_left = serializers.SerializerMethodField()

    class Meta:
        model = Person
        fields = ("name", "user", "email", "phone", "time_zone", "left_at", "has_left")
        brief_fields = ("name",)

    def get_has_left(self, person: Person) -> bool:
        return person.left_by(clock.now())


class MembershipSerializer(ObjectSerializer):
    class Meta:
        model = Membership
        fields = ("person", "team", "role")
        brief_fields = ("person", "team")


class TeamViewSet(ObjectViewSet):
    queryset = Team.objects.all()
    serializer_class = TeamSerializer
    filterset_class = TeamFilters

    def perform_create(self, serializer: Any) -> None:
        self._save(serializer)

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer)

    def _save(self, serializer: Any) -> None:
        by = cast(User, self.request.user)
        with named_errors():
            serializer.instance = operations.save_team(
                serializer.instance, by=by, now=clock.now(), **serializer.validated_data
            )


class PersonViewSet(ObjectViewSet):
    queryset = Person.objects.select_related("user")
    serializer_class = PersonSerializer
    filterset_class = PersonFilters

    def perform_create(self, serializer: Any) -> None:
        self._save(serializer)

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer)

    def _save(self, serializer: Any) -> None:
        by = cast(User, self.request.user)
        with named_errors():
            serializer.instance = operations.save_person(
                serializer.instance, by=by, now=clock.now(), **serializer.validated_data
            )


class MembershipViewSet(ObjectViewSet):
    queryset = Membership.objects.select_related("person", "team")
    serializer_class = MembershipSerializer
    filterset_class = MembershipFilters


router = Router()
router.register("teams", TeamViewSet)
router.register("people", PersonViewSet)
router.register("memberships", MembershipViewSet)
