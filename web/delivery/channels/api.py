"""Endpoints of channels, under /api/loop/channels/."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from web.delivery.channels import operations, verification
from web.delivery.channels.filters import ChannelFilters
from web.delivery.channels.queries import channels_of
from web.delivery.models import Channel
from web.requests import UserApiRequest
from web.rest.bodiless import refuses_body
from web.rest.errors import named_errors
from web.rest.permissions import SignedIn
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import ObjectViewSet, Router
from web.workflows import NotInState
from web.workflows.endpoints import author_of


class ChannelSerializer(ObjectSerializer):
    address = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=2000,
        help_text="A mail address, or the address that is called, of which no more than the host is shown.",
    )
    secret = serializers.CharField(
        write_only=True,
        required=False,
        max_length=500,
        help_text="The integration key of PagerDuty; a token or name:password of Alertmanager.",
    )

    class Meta:
        model = Channel
        fields = [
            *("owner", "kind", "name", "address", "secret", "is_shared", "scope_kind", "scope_slug"),
            *("only_urgent", "verified_at", "disabled_at", "disabled_for", "secret_set_at", "created_at"),
        ]
        brief_fields = ["name", "kind"]
        read_only_fields = [
            *("owner", "verified_at", "disabled_at", "disabled_for", "secret_set_at", "created_at"),
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        content = super().to_representation(instance)
        request = self.context.get("request")
        if "address" in content and request is not None and instance.owner_id == request.user.pk:
            content["address"] = instance.address
        return content


class NewChannelSerializer(ChannelSerializer):
    signing_secret = serializers.SerializerMethodField(
        help_text="The secret that signs a webhook, which Muster cannot show again; empty for other kinds."
    )

    class Meta(ChannelSerializer.Meta):
        fields = [*ChannelSerializer.Meta.fields, "signing_secret"]

    def get_signing_secret(self, obj: Channel) -> str:
        return str(self.context["view"].made.get(obj.pk, ""))


class CodeBody(BodySerializer):
    code = serializers.CharField(max_length=20)


class ReasonBody(BodySerializer):
    reason = serializers.CharField(max_length=300)


@dataclass(frozen=True, slots=True)
class Probed:
    outcome: Annotated[str, "taken, refused, again or blocked."]
    status: Annotated[int | None, "The status of HTTP or SMTP."]
    answer: str
    verified_at: Annotated[datetime | None, "Null while a code waits to be entered."]


@dataclass(frozen=True, slots=True)
class TestSent:
    message: Annotated[int, "The id of the delivery."]


@dataclass(frozen=True, slots=True)
class NewSecret:
    signing_secret: Annotated[str, "The second secret. Muster cannot show it again."]


class ChannelViewSet(ObjectViewSet):
    """Your own channels, and shared ones. Nothing is sent to a channel that is not confirmed."""

    request: UserApiRequest

    queryset = Channel.objects.select_related("owner")
    filterset_class = ChannelFilters
    permission_classes = [SignedIn]

    def get_queryset(self) -> QuerySet[Channel]:
        if not self.request:
            return self.queryset
        return channels_of(self.request.user)

    def get_serializer_class(self) -> type[ChannelSerializer]:
        return NewChannelSerializer if self.action == "create" else ChannelSerializer

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.made: dict[int, str] = {}
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        values = serializer.validated_data
        with named_errors(NotInState):
            channel, plain = operations.add_channel(
                **values | {"address": values.get("address") or ""}, **author_of(self.request)
            )
        serializer.instance = channel
        self.made[channel.pk] = plain

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        channel, values = cast(Channel, serializer.instance), dict(serializer.validated_data)
        if values.pop("kind", channel.kind) != channel.kind:
            raise ValidationError({"kind": ["A channel keeps its kind. Add another one."]})
        # What was read may be written back as it is.
        address = values.pop("address", "") or ""
        values["address"] = "" if address == channel.address else address
        with named_errors(NotInState):
            serializer.instance = operations.change_channel(channel, **values, **author_of(self.request))

    def perform_destroy(self, instance: Channel) -> None:
        with named_errors(NotInState):
            operations.delete_channel(instance, **author_of(self.request))

    @extend_schema(
        request=None, responses={200: Probed}, summary="Send a code, or a test that confirms the channel"
    )
    @action(detail=True, methods=["post"])
    @refuses_body
    def probe(self, request: Request, pk: str) -> Response:
        channel = self.get_object()
        with named_errors(NotInState):
            answer = verification.probe(channel, **author_of(request))
        channel.refresh_from_db(fields=["verified_at"])
        return Response(Probed(str(answer.outcome), answer.status, answer.text, channel.verified_at))

    @extend_schema(
        request=CodeBody,
        responses={200: ChannelSerializer},
        summary="Confirm the channel by the code that was sent",
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        code = self._body(CodeBody)["code"]
        with named_errors(NotInState):
            is_right = verification.confirm(self.get_object(), code, **author_of(request))
        if not is_right:
            raise ValidationError({"code": ["This is not the code that was sent."]})
        return self._object_response(self.get_object())

    @extend_schema(request=None, responses={202: TestSent}, summary="Send a test")
    @action(detail=True, methods=["post"])
    @refuses_body
    def test(self, request: Request, pk: str) -> Response:
        with named_errors(NotInState):
            message = verification.send_test(self.get_object(), **author_of(request))
        return Response(TestSent(message.pk), status=202)

    @extend_schema(request=None, responses={200: NewSecret}, summary="Sign with a second secret too")
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    @refuses_body
    def rotate_secret(self, request: Request, pk: str) -> Response:
        with named_errors(NotInState):
            plain = operations.rotate_secret(self.get_object(), **author_of(request))
        return Response(NewSecret(plain))

    @extend_schema(
        request=None, responses={200: ChannelSerializer}, summary="Sign with the second secret only"
    )
    @action(detail=True, methods=["post"], url_path="finish-rotation")
    @refuses_body
    def finish_rotation(self, request: Request, pk: str) -> Response:
        with named_errors(NotInState):
            operations.finish_rotation(self.get_object(), **author_of(request))
        return self._object_response(self.get_object())

    @extend_schema(request=ReasonBody, responses={200: ChannelSerializer}, summary="Send nothing there")
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        reason = self._body(ReasonBody)["reason"]
        with named_errors(NotInState):
            operations.disable_channel(self.get_object(), reason=reason, **author_of(request))
        return self._object_response(self.get_object())

    @extend_schema(request=None, responses={200: ChannelSerializer}, summary="Send there again")
    @action(detail=True, methods=["post"])
    @refuses_body
    def enable(self, request: Request, pk: str) -> Response:
        with named_errors(NotInState):
            operations.enable_channel(self.get_object(), **author_of(request))
        return self._object_response(self.get_object())

    def _body(self, body: type[serializers.Serializer]) -> dict[str, Any]:
        serializer = body(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


router = Router()
router.register("channels", ChannelViewSet)
