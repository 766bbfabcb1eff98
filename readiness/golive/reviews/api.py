"""Endpoints of go-live reviews, of their actions, and of who may sign."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.views import APIView

from accounts.models import User
from readiness.assessment.evidence.models import Review, ReviewAction, SigningDomain, SignOff
from readiness.golive.models import Approver
from readiness.golive.reviews import operations, queries
from readiness.golive.reviews.queries import seen
from readiness.golive.reviews.tables import ActionFilters, ApproverFilters, ReviewFilters
from web.rest.fields import UsernameField
from web.rest.permissions import Permission, requires
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.visibility import known_people
from web.workflows.approvals import FlagsField
from web.workflows.endpoints import OperatedViewSet, endpoint, operated, words_field

_ENDED = (
    *("state", "opened_by", "opened_at", "ended_by", "ended_at", "end_note"),
    *("framework_version", "snapshot"),
)
_CLOSED = ("opened_by", "opened_at", "closed_by", "closed_at", "close_note")


class UserField(serializers.SlugRelatedField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="username", queryset=User.objects.filter(is_active=True), **kwargs)

    def get_queryset(self) -> QuerySet:
        return known_people(User.objects.filter(is_active=True))


class SnapshotField(serializers.JSONField):
    def to_representation(self, value: Any) -> Any:
        return seen(value)


class SignOffSerializer(serializers.ModelSerializer):
    approver = UsernameField(help_text="Username; who is named")

    class Meta:
        model = SignOff
        fields = ("domain", "approver", "state", "answered_at", "note")
        read_only_fields = fields


class NamedSerializer(BodySerializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {domain: UserField(required=False, allow_null=True) for domain in SigningDomain.values}


class ReviewSerializer(ObjectSerializer):
    """`approvers` are usernames of the people asked to sign; for a missing domain, its only approver is asked."""

    sign_offs = SignOffSerializer(many=True, read_only=True)
    open_actions = serializers.IntegerField(read_only=True)
    approval_flags = FlagsField()
    snapshot = SnapshotField(read_only=True, help_text="BLOCK checks and exceptions at the decision")
    approvers = NamedSerializer(write_only=True, required=False)

    class Meta:
        model = Review
        fields = ("site", "note", "sign_offs", "open_actions", "approval_flags", "approvers", *_ENDED)
        read_only_fields = _ENDED
        brief_fields = ("site", "state", "opened_at", "ended_at")


class ActionSerializer(ObjectSerializer):
    class Meta:
        model = ReviewAction
        fields = ("review", "title", "critical", "owner", "owner_name", "due_on", *_CLOSED)
        read_only_fields = _CLOSED
        brief_fields = ("review", "title", "critical", "due_on", "closed_at")


class ActionChangeSerializer(ActionSerializer):
    class Meta:
        model = ReviewAction
        fields = ActionSerializer.Meta.fields
        brief_fields = ActionSerializer.Meta.brief_fields
        read_only_fields = ("review", *_CLOSED)


class ApproverSerializer(ObjectSerializer):
    class Meta:
        model = Approver
        fields = ("domain", "user", "site", "added_at")
        read_only_fields = ("added_at",)
        brief_fields = ("domain", "user", "site")


class ReviewNoteSerializer(BodySerializer):
    note = words_field()


class ReviewDecisionSerializer(ReviewNoteSerializer):
    decision = serializers.ChoiceField(choices=[Review.State.GO.value, Review.State.NO_GO.value])


class NameSerializer(BodySerializer):
    domain = serializers.ChoiceField(choices=SigningDomain.choices)
    approver = UserField(allow_null=True)


class MayAddAction(Permission):
    """Users who may change reviews, and the people named in an open review; the operation checks which review."""

    def needed(self, request: HttpRequest, view: APIView) -> list[str]:
        if request.method in SAFE_METHODS:
            return [operations.MAY_SEE]
        is_approver = SignOff.objects.filter(approver=request.user.pk).exists()
        return [operations.MAY_SEE if is_approver else operations.MAY_CHANGE]


class ReviewViewSet(OperatedViewSet):
    queryset = queries.whole_reviews()
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilters
    http_method_names = ["get", "post", "head", "options"]
    ordering_fields = ("id", "site", "state", "opened_at", "ended_at")

    writes = {"create": operations.open_review}
    sign = endpoint(operations.sign, ReviewNoteSerializer)
    decline = endpoint(operations.decline, ReviewNoteSerializer)
    decide = endpoint(operations.decide, ReviewDecisionSerializer)
    cancel = endpoint(operations.cancel, ReviewNoteSerializer)

    name_approver = operated(
        operations.name_approver,
        NameSerializer,
        "Name who signs for a domain",
        operations.MAY_CHANGE,
        path="name",
    )


class ActionViewSet(OperatedViewSet):
    """Actions are closed, not deleted."""

    queryset = ReviewAction.objects.select_related("review__site", "owner", "opened_by", "closed_by").defer(
        "review__snapshot"
    )
    filterset_class = ActionFilters
    http_method_names = ["get", "put", "patch", "post", "head", "options"]

    def get_permissions(self) -> list[Any]:
        if self.action in ("create", "list", "retrieve"):
            return [MayAddAction()]
        if self.action == "close":
            return list(super().get_permissions())
        return [requires(operations.MAY_SEE, PUT=operations.MAY_CHANGE, PATCH=operations.MAY_CHANGE)()]

    def get_serializer_class(self) -> type[serializers.Serializer]:
        changing = self.request is not None and self.request.method in ("PUT", "PATCH")
        return ActionChangeSerializer if changing else ActionSerializer

    writes = {"create": operations.add_action, "update": operations.change_action}
    workflow = operations.ACTIONS
    close = endpoint(operations.close, ReviewNoteSerializer)


class ApproverViewSet(OperatedViewSet):
    """Approvers are added and removed, never changed."""

    queryset = Approver.objects.select_related("user", "site")
    serializer_class = ApproverSerializer
    filterset_class = ApproverFilters
    http_method_names = ["get", "post", "delete", "head", "options"]

    writes = {"create": operations.add_approver, "destroy": operations.remove_approver}
