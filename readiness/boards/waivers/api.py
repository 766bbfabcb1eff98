"""Endpoints of grants under `waivers/`: request, decide, revoke. Grants are kept: never changed or deleted."""

from typing import cast

from django.db.models import QuerySet
from rest_framework import serializers

from readiness.assessment.framework.serializers import CheckWordsField
from readiness.assessment.grants import operations
from readiness.assessment.grants.models import Grant, GrantQuerySet, GrantStanding
from readiness.boards.waivers.requests import ask_for_grant
from readiness.boards.waivers.tables import GrantFilters
from web import clock
from web.rest.fields import ChoiceValueField
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.workflows import second
from web.workflows.approvals import FlagsField
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field

_DECIDED = (
    *("requested_by", "requested_at", "approver", "decided_at", "decision_note"),
    *("revoked_by", "revoked_at", "revocation_note"),
)


class GrantSerializer(ObjectSerializer):
    """`state` is as of now: `expired` follows from `ends_at`.

    `part` is only set for a declared n-a of a sub-measure.
    """

    check = serializers.CharField(source="check_id", max_length=64)
    check_name = CheckWordsField("name")
    state = ChoiceValueField(choices=GrantStanding.choices, source="standing", read_only=True)
    approval_flags = FlagsField()
    starts_at = serializers.DateTimeField(required=False, help_text="Now, if none is given")

    class Meta:
        model = Grant
        fields = (
            "site",
            "kind",
            "check",
            "check_name",
            "part",
            "state",
            "reason",
            "starts_at",
            "ends_at",
            *_DECIDED,
            "approval_flags",
        )
        read_only_fields = _DECIDED
        brief_fields = ("site", "kind", "check", "part", "state", "ends_at")


class WaiverDecisionSerializer(BodySerializer):
    note = words_field(help_text="Why; required unless approving")


class GrantViewSet(OperatedViewSet):
    queryset = Grant.objects.select_related("site", "requested_by", "approver", "revoked_by")
    serializer_class = GrantSerializer
    filterset_class = GrantFilters
    http_method_names = ["get", "post", "head", "options"]
    ordering_fields = (
        *("id", "site", "kind", "check_id", "requested_at", "starts_at", "ends_at", "decided_at"),
    )

    def get_queryset(self) -> QuerySet[Grant]:
        grants = cast(GrantQuerySet, super().get_queryset())
        return grants.standing_at(clock.now()).annotate(approval_flags=second.flags_of(Grant))

    writes = {"create": ask_for_grant}
    approve = endpoint(operations.approve, WaiverDecisionSerializer)
    deny = endpoint(operations.deny, WaiverDecisionSerializer)
    revoke = endpoint(operations.revoke, WaiverDecisionSerializer)
