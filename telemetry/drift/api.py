"""Endpoints of contradictions under `drifts/`: read, propose a correction, decide on it, dismiss."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from telemetry.drift import operations, queries, sentences
from telemetry.drift.models import InventoryDrift
from telemetry.drift.tables import InventoryDriftFilters
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.workflows.approvals import FlagsField
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field


class InventoryDriftSerializer(ObjectSerializer):
    approval_flags = FlagsField()
    sentence = serializers.SerializerMethodField(help_text="Both sides in one sentence")

    class Meta:
        model = InventoryDrift
        fields = (
            *(
                "site",
                "device",
                "index",
                "field",
                "inventory_value",
                "reported_value",
                "reported_by",
                "sentence",
            ),
            *("first_seen_at", "last_seen_at", "state", "state_at", "proposed_by", "proposed_at"),
            *("decided_by", "decided_at", "note", "approval_flags"),
        )
        read_only_fields = fields
        brief_fields = ("site", "device", "index", "field", "state")

    def get_sentence(self, drift: InventoryDrift) -> str:
        return sentences.contradiction(drift)


class DriftDecisionSerializer(BodySerializer):
    note = words_field(help_text="Why; required to reject and to dismiss")


class InventoryDriftViewSet(OperatedViewSet):
    queryset = queries.drifts()
    serializer_class = InventoryDriftSerializer
    filterset_class = InventoryDriftFilters
    http_method_names = ["get", "post", "head", "options"]
    writes: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    propose = endpoint(operations.propose, DriftDecisionSerializer)
    confirm = endpoint(operations.confirm, DriftDecisionSerializer)
    reject = endpoint(operations.reject, DriftDecisionSerializer)
    dismiss = endpoint(operations.dismiss, DriftDecisionSerializer)

    def get_permissions(self) -> list[Any]:
        # Nobody may add one; whoever corrects reads why.
        if self.action == "create":
            return [requires(operations.MAY_CORRECT[0])()]
        return super().get_permissions()

    @extend_schema(exclude=True)
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise MethodNotAllowed("POST", "Comparisons and runs record contradictions.")
