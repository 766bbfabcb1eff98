"""Endpoints of alerts of other systems and of senders; mapping rules have theirs from their kind."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.loop.alerts.inbound import senders
from readiness.loop.alerts.inbound.taking import end_by_hand
from readiness.loop.alerts.models import AlertSender, InboundAlert
from web.rest.bodiless import refuses_body
from web.rest.errors import named_errors
from web.rest.permissions import requires
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet, ReadOnlyObjectViewSet
from web.workflows.endpoints import author_of

_MAY_CHANGE = [requires("alerts.change_alertsender")]


class InboundAlertSerializer(ObjectSerializer):
    state = serializers.CharField(read_only=True, help_text="raised, not mapped, left out, over or late")
    link = serializers.CharField(source="url", read_only=True, help_text="Its page in the other system.")

    class Meta:
        model = InboundAlert
        fields = (
            *(
                "sender",
                "fingerprint",
                "title",
                "detail",
                "link",
                "labels",
                "site",
                "rule",
                "state",
                "reason",
            ),
            *("is_open", "is_ignored", "starts_at", "heard_at", "missing_since", "late_at"),
        )
        brief_fields = ("title", "state")


class InboundAlertViewSet(ReadOnlyObjectViewSet):
    @extend_schema(request=None, summary="End an alert of which the sender will not tell the end")
    @action(detail=True, methods=["post"], permission_classes=[requires("alerts.end_inboundalert")])
    @refuses_body
    def end(self, request: Request, pk: str) -> Response:
        alert = self.get_object()
        end_by_hand(alert, **author_of(request))
        return Response(self.get_serializer(self.get_queryset().get(pk=alert.pk)).data)


class AlertSenderSerializer(ObjectSerializer):
    """`owner` is null without people.view_person."""

    secret = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Of its signature; one a line while it is changed. Never shown.",
    )
    is_signed = serializers.SerializerMethodField(help_text="Whether bodies have to be signed.")
    paused = serializers.BooleanField(read_only=True, help_text="Changed by the actions pause and resume.")
    token_prefix = serializers.CharField(source="token.prefix", read_only=True)

    class Meta:
        model = AlertSender
        fields = [
            *("name", "kind", "site", "owner", "secret", "is_signed", "paused", "token_prefix"),
            *("last_taken_at", "last_refused_at", "last_refusal"),
        ]
        read_only_fields = ("last_taken_at", "last_refused_at", "last_refusal")
        brief_fields = ["name", "kind"]

    def get_is_signed(self, sender: AlertSender) -> bool:
        return sender.secret is not None


class AlertSenderWithTokenSerializer(AlertSenderSerializer):
    token = serializers.SerializerMethodField(help_text="Shown only once.")

    class Meta(AlertSenderSerializer.Meta):
        fields = [*AlertSenderSerializer.Meta.fields, "token"]
        brief_fields = [*AlertSenderSerializer.Meta.brief_fields, "token"]

    def get_token(self, sender: AlertSender) -> str:
        plain: str = self.context["view"].tokens[sender.pk]
        return plain


class AlertSenderViewSet(ObjectViewSet):
    def get_serializer_class(self) -> type[AlertSenderSerializer]:
        makes_token = self.action in {"create", "rotate_token"}
        return AlertSenderWithTokenSerializer if makes_token else AlertSenderSerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.tokens: dict[int, str] = {}

    def perform_create(self, serializer: Any) -> None:
        with named_errors():
            sender, plain = senders.create_sender(**serializer.validated_data, **author_of(self.request))
        serializer.instance = sender
        self.tokens[sender.pk] = plain

    def perform_update(self, serializer: Any) -> None:
        with named_errors():
            serializer.instance = senders.update_sender(
                serializer.instance, **serializer.validated_data, **author_of(self.request)
            )

    def perform_destroy(self, sender: AlertSender) -> None:
        senders.delete_sender(sender, **author_of(self.request))

    @extend_schema(request=None, summary="Refuse what it sends")
    @action(detail=True, methods=["post"], permission_classes=_MAY_CHANGE)
    @refuses_body
    def pause(self, request: Request, pk: str) -> Response:
        return self._changed(senders.pause_sender)

    @extend_schema(request=None, summary="Take what it sends again")
    @action(detail=True, methods=["post"], permission_classes=_MAY_CHANGE)
    @refuses_body
    def resume(self, request: Request, pk: str) -> Response:
        return self._changed(senders.resume_sender)

    @extend_schema(request=None, summary="Make a new token; the old token stops working")
    @action(detail=True, methods=["post"], url_path="rotate-token", permission_classes=_MAY_CHANGE)
    @refuses_body
    def rotate_token(self, request: Request, pk: str) -> Response:
        sender: Any = self._locked_one()
        self.tokens[sender.pk] = senders.rotate_token(sender, **author_of(request))
        return self._object_response(self._again(sender))

    def _changed(self, change: Any) -> Response:
        sender = self._locked_one()
        change(sender, **author_of(self.request))
        return self._object_response(self._again(sender))

    def _object_response(self, obj: Any, code: int = 200) -> Response:
        response = super()._object_response(obj, code)
        if self.tokens:
            response["Cache-Control"] = "no-store"
        return response
