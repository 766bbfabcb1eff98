"""Endpoints of grants under `waivers/`: asked for, decided on, taken back. None is changed or deleted: it is kept."""

from collections.abc import Callable
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from readiness.boards.waivers.filters import GrantFilters
from readiness.boards.waivers.requests import ask_for_grant
from readiness.grants import operations
from readiness.grants.models import Grant, GrantQuerySet, GrantStanding
from web import clock
from web.rest.errors import named_errors
from web.rest.fields import spoken_choice
from web.rest.permissions import Permission, requires
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet

_DECIDED = (
    *("requested_by", "requested_at", "approver", "decided_at", "decision_note"),
    *("revoked_by", "revoked_at", "revocation_note"),
)


class GrantSerializer(ObjectSerializer):
    """`state` is as of now: `expired` follows from `ends_at`. `part` only for a declared n-a of a sub-measure."""

    check = serializers.CharField(source="check_id", max_length=64)
    state = serializers.SerializerMethodField()
    starts_at = serializers.DateTimeField(required=False, help_text="Now, if none is given")

    class Meta:
        model = Grant
        fields = ("site", "kind", "check", "part", "state", "reason", "starts_at", "ends_at", *_DECIDED)
        read_only_fields = _DECIDED
        brief_fields = ("site", "kind", "check", "part", "state", "ends_at")

    @extend_schema_field(spoken_choice(GrantStanding.values))
    def get_state(self, grant: Grant) -> dict[str, str]:
        standing = grant.standing_now(clock.now())
        return {"value": standing.value, "label": str(standing.label)}


class WaiverDecisionSerializer(serializers.Serializer):
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=2000,
        help_text="Why; required unless approving",
    )


class MayRevoke(Permission):
    """Whoever decides, and whoever may ask: the operation lets those take back their own alone."""

    def needed(self, request: HttpRequest, view: APIView) -> list[str]:
        return [] if request.user.has_perm(operations.MAY_REQUEST) else [operations.MAY_DECIDE]


_may_decide = [requires(operations.MAY_DECIDE)]


class GrantViewSet(ObjectViewSet):
    queryset = Grant.objects.select_related("site", "requested_by", "approver", "revoked_by")
    serializer_class = GrantSerializer
    filterset_class = GrantFilters
    http_method_names = ["get", "post", "head", "options"]
    ordering_fields = (
        *("id", "site", "kind", "check_id", "requested_at", "starts_at", "ends_at", "decided_at"),
    )

    def get_queryset(self) -> QuerySet[Grant]:
        grants = cast(GrantQuerySet, super().get_queryset())
        return grants.standing_at(clock.now())

    def perform_create(self, serializer: Any) -> None:
        with named_errors(operations.AlreadyDecided):
            serializer.instance = ask_for_grant(
                **serializer.validated_data, by=cast(User, self.request.user), now=clock.now()
            )

    @extend_schema(request=WaiverDecisionSerializer, summary="Approve a request of somebody else")
    @action(detail=True, methods=["post"], permission_classes=_may_decide)
    def approve(self, request: Request, pk: str) -> Response:
        return self._decided(request, operations.approve)

    @extend_schema(request=WaiverDecisionSerializer, summary="Deny a request of somebody else, and say why")
    @action(detail=True, methods=["post"], permission_classes=_may_decide)
    def deny(self, request: Request, pk: str) -> Response:
        return self._decided(request, operations.deny)

    @extend_schema(
        request=WaiverDecisionSerializer, summary="End it before its time, or withdraw one's request"
    )
    @action(detail=True, methods=["post"], permission_classes=[MayRevoke])
    def revoke(self, request: Request, pk: str) -> Response:
        return self._decided(request, operations.revoke)

    def _decided(self, request: Request, decide: Callable[..., Grant]) -> Response:
        asked = WaiverDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with transaction.atomic(), named_errors(operations.AlreadyDecided):
            # The row is locked, so that the ETag that was sent belongs to what is decided on.
            grant = self._locked_one()
            decide(grant, note=asked.validated_data["note"], by=request.user, now=clock.now())
        return self._answer(self._again(grant))
