"""Endpoints under /api/people/: teams for all who are signed in with a role, people for those who may see names."""

from collections.abc import Callable
from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from readiness.people import operations, queries
from readiness.people.kinds import KINDS, TEAMS, PersonFilters
from readiness.people.models import Membership, Person
from web import clock
from web.kinds.rest import filters_of, serializer_of, viewset_of
from web.rest.errors import named_errors
from web.rest.fields import RelatedObjectField
from web.rest.permissions import SignedIn
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import Router
from web.visibility import SEES_NAMES
from web.workflows.endpoints import OperatedViewSet, operated


class PersonSerializer(ObjectSerializer):
    """`user` is the link in force. The actions request-link, confirm-link and unlink change it; no write does."""

    user = RelatedObjectField(queryset=User.objects.all(), required=False, allow_null=True)
    has_left = serializers.SerializerMethodField()

    class Meta:
        model = Person
        fields = (
            *("name", "user", "user_confirmed_at", "requested_user", "requested_by", "requested_at"),
            *("email", "phone", "employer", "time_zone", "left_at", "has_left"),
        )
        read_only_fields = ("user_confirmed_at", "requested_user", "requested_by", "requested_at")
        brief_fields = ("name",)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        linked = self.instance.user if isinstance(self.instance, Person) else None
        if given.pop("user", linked) != linked:
            raise serializers.ValidationError(
                {"user": ["A write makes no link: POST to request-link, and the user confirms it."]}
            )
        return given

    def get_has_left(self, person: Person) -> bool:
        return person.left_by(clock.now())


class LinkRequestSerializer(BodySerializer):
    user = RelatedObjectField(queryset=User.objects.all(), help_text="Who is to confirm it")


_own_person = inline_serializer(
    "OwnPerson",
    {
        "id": serializers.IntegerField(),
        "name": serializers.CharField(),
        "in_force": serializers.BooleanField(help_text="False: the link waits for your confirmation."),
    },
    many=True,
)


class PersonViewSet(OperatedViewSet):
    queryset = Person.objects.select_related("user", "requested_user", "requested_by")
    serializer_class = PersonSerializer
    filterset_class = PersonFilters

    writes = {"create": operations.save_person, "update": operations.save_person}

    request_link = operated(
        operations.request_link,
        LinkRequestSerializer,
        "Ask a user to confirm that they are this person",
        *("people.view_person", operations.MAY_LINK),
        path="request-link",
    )

    erase = operated(
        operations.erase_person,
        None,
        "Erase who a person is, in the history too; what they signed keeps a pseudonym",
        *("people.view_person", operations.MAY_ERASE),
        name="erase",
    )

    @extend_schema(
        request=None, responses={204: None}, summary="The user asked says that they are this person"
    )
    @action(detail=True, methods=["post"], url_path="confirm-link", permission_classes=[SignedIn])
    def confirm_link(self, request: Request, pk: str) -> Response:
        return self._own(operations.confirm_link)

    @extend_schema(
        request=None, responses={204: None}, summary="End the link, or withdraw or refuse the request"
    )
    @action(detail=True, methods=["post"], permission_classes=[SignedIn])
    def unlink(self, request: Request, pk: str) -> Response:
        return self._own(operations.unlink)

    def _own(self, change: Callable[..., Person]) -> Response:
        """Apply a change for whoever may link people, or for the person's own user; answer 404 to others."""
        by = cast(User, self.request.user)
        people = Person.objects.all() if by.has_perm(operations.MAY_LINK) else queries.own_people(by)
        with named_errors():
            change(get_object_or_404(people, pk=self.kwargs["pk"]), by=by, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


_MEMBERSHIP = ("person", "team", "role")
MembershipViewSet = viewset_of(
    Membership.objects.select_related("person", "team"),
    serializer_of(Membership, _MEMBERSHIP, ("person", "team")),
    filters_of(Membership, _MEMBERSHIP, search=("person__name", "team__name", "role")),
    may=(SEES_NAMES,),
)


class OwnPersonView(APIView):
    """Who the signed-in user is, and is asked to be."""

    permission_classes = [SignedIn]

    @extend_schema(responses={200: _own_person}, summary="Who you are, and are asked to be")
    def get(self, request: Request) -> Response:
        by = cast(User, request.user)
        return Response(
            [
                {"id": person.pk, "name": person.name, "in_force": person.user_id == by.pk}
                for person in queries.own_people(by)
            ]
        )


router = Router()
router.register("teams", TEAMS.viewset)
router.register("people", PersonViewSet)
router.register("memberships", MembershipViewSet)
for kind in KINDS:
    router.register(kind.plural, kind.viewset)
