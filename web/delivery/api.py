"""`/api/loop/deliveries/`: messages with their attempts, for programs; and how to send them again."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from web.delivery import operations, queries
from web.delivery.models import Attempt, Channel, Message, MessageState
from web.delivery.tables import DeliveryFilters
from web.outside import refuse_outside
from web.rest.bodiless import refuses_body
from web.rest.fields import ChoiceValueField
from web.rest.permissions import requires
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet, Router
from web.workflows.endpoints import author_of

_ENDED = [value for value in MessageState.values if value != MessageState.WAITING]


class AttemptSerializer(serializers.ModelSerializer):
    outcome = ChoiceValueField(choices=Attempt.Outcome.choices, read_only=True)

    class Meta:
        model = Attempt
        fields = ("number", "began_at", "took_ms", "outcome", "status", "answer")


class MessageSerializer(ObjectSerializer):
    tries = AttemptSerializer(many=True, read_only=True)

    class Meta:
        model = Message
        fields = (
            *("channel", "key", "order_key", "event", "about", "is_urgent", "subject", "text", "payload"),
            *("state", "attempts", "created_at", "next_at", "give_up_at", "ended_at", "last_answer"),
            *("replayed_at", "replayed_by", "tries"),
        )
        read_only_fields = fields
        brief_fields = ("event", "subject", "state", "attempts", "next_at")


class ReplaySerializer(serializers.Serializer):
    """Which messages are sent again: those written from `start` and before `end`."""

    channel = serializers.PrimaryKeyRelatedField(
        queryset=Channel.objects.all(), required=False, allow_null=True, default=None
    )
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    states = serializers.MultipleChoiceField(
        choices=_ENDED, default={MessageState.FAILED.value, MessageState.DROPPED.value}
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["start"] >= attrs["end"]:
            raise ValidationError({"end": ["The end comes after the beginning."]})
        return attrs


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many messages are sent again, of at most 10,000 in one call."""

    count: int


class DeliveryViewSet(ReadOnlyObjectViewSet):
    """Messages to the reader's own channels and to shared ones, newest first, each with its attempts."""

    queryset = Message.objects.select_related("channel__owner", "replayed_by").prefetch_related("tries")
    serializer_class = MessageSerializer
    filterset_class = DeliveryFilters

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.request.user)

    @extend_schema(request=None, summary="Send a message again")
    @action(detail=True, methods=["post"], permission_classes=[requires(*operations.MAY_REPLAY)])
    @refuses_body
    def replay(self, request: Request, pk: str) -> Response:
        message = self.get_object()
        refuse_outside(message, *operations.MAY_REPLAY)
        operations.replay(Message.objects.filter(pk=message.pk), **author_of(request))
        return self._object_response(self.get_object())

    @extend_schema(
        request=ReplaySerializer,
        responses={200: Replayed},
        operation_id="loop_deliveries_replay_range",
        summary="Send a range of messages again",
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="replay",
        url_name="replay-range",
        permission_classes=[requires(*operations.MAY_REPLAY)],
    )
    def replay_range(self, request: Request) -> Response:
        body = ReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rows = queries.ended_messages(request.user, **body.validated_data)
        return Response(Replayed(operations.replay(rows, **author_of(request))))


router = Router()
router.register("deliveries", DeliveryViewSet)
