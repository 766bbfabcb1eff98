"""Endpoints of campaigns under `campaigns/`, and of their items under `campaign-items/`."""

from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.assessment.framework.serializers import CheckWordsField
from readiness.golive.campaigns import operations, queries
from readiness.golive.campaigns.queries import ItemRow
from readiness.golive.campaigns.tables import CampaignFilters, ItemFilters
from readiness.golive.models import Campaign, CampaignItem, Progress
from web import clock
from web.rest.errors import named_errors
from web.rest.fields import ChoiceValueField
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.workflows import NotInState
from web.workflows.endpoints import OperatedViewSet, author_of, endpoint, operated, words_field

_ENDED = ("state", "started_at", "ended_by", "ended_at", "end_note")
_MADE = ("framework_version", "repeats", "created_by", "created_at")
_DROPPED = ("added", "dropped_by", "dropped_at", "drop_reason")


class CampaignSerializer(ObjectSerializer):
    """The framework in force determines its items when it is created; `site` cannot be changed."""

    class Meta:
        model = Campaign
        fields = ("site", "name", "due_on", "counts_from", "note", *_ENDED, *_MADE)
        read_only_fields = (*_ENDED, *_MADE)
        brief_fields = ("site", "name", "state", "due_on")


class ItemSerializer(ObjectSerializer):
    """`progress` follows from the evidence as of now; for an ended campaign it is the progress at its end."""

    check = serializers.CharField(source="check_id", max_length=64)
    check_name = CheckWordsField("name")
    parts = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=50,
        help_text="Sub-measures; none: all that runs prove",
    )
    progress = ChoiceValueField(choices=Progress.choices, source="row.progress", read_only=True)
    progress_reason = serializers.CharField(source="row.reason", read_only=True)

    class Meta:
        model = CampaignItem
        fields = (
            *(
                "campaign",
                "check",
                "check_name",
                "parts",
                "progress",
                "progress_reason",
                "tool",
                "scope",
                "targets",
            ),
            *("load", "size_bytes", "repeats", "how", "assignee", "assigned_to", "due_on", *_DROPPED),
        )
        read_only_fields = ("campaign", *_DROPPED)
        brief_fields = ("campaign", "check", "tool", "progress")

    def to_representation(self, instance: Any) -> Any:
        instance.row = self._computed_row(instance)
        return super().to_representation(instance)

    def _computed_row(self, item: CampaignItem) -> ItemRow:
        """The rows of all objects in the answer are computed together when the first one is needed."""
        rows_by_item = cast(dict[str, dict[int, ItemRow]], self.context).setdefault("item_rows", {})
        if item.pk not in rows_by_item:
            instances = self.root.instance
            together = list(instances) if isinstance(instances, (list, tuple, QuerySet)) else [item]
            rows_by_item.update(queries.rows_of_items(together, now=clock.now()))
        return rows_by_item[item.pk]


class ItemChangeSerializer(ItemSerializer):
    """The person, the day and the method of an item. To prove something else, add another item."""

    class Meta:
        model = CampaignItem
        fields = ItemSerializer.Meta.fields
        brief_fields = ItemSerializer.Meta.brief_fields
        read_only_fields = (
            *ItemSerializer.Meta.read_only_fields,
            *("check", "parts", "tool", "scope", "targets", "load", "size_bytes", "repeats"),
        )

    check = serializers.CharField(source="check_id", read_only=True)
    parts = serializers.ListField(child=serializers.CharField(), read_only=True)


class CampaignNoteSerializer(BodySerializer):
    note = words_field()


class ReasonSerializer(BodySerializer):
    reason = serializers.CharField(max_length=500)


class CloneSerializer(BodySerializer):
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    due_on = serializers.DateField()
    counts_from = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Runs taken before this day do not count"
    )


class CampaignViewSet(OperatedViewSet):
    queryset = Campaign.objects.select_related(
        "site", "created_by", "ended_by", "framework_version", "repeats"
    ).defer("framework_version__definition")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilters

    writes = {"create": operations.create, "update": operations.change, "destroy": operations.delete}
    fixed = ("site",)

    start = endpoint(operations.start)
    finish = endpoint(operations.finish, CampaignNoteSerializer)
    cancel = endpoint(operations.cancel, CampaignNoteSerializer)

    clone = operated(
        operations.clone, CloneSerializer, "Plan the same items once more", operations.MAY_ADD, code=201
    )

    @extend_schema(
        methods=["GET"], responses=ItemSerializer(many=True), summary="The items with their progress"
    )
    @extend_schema(methods=["POST"], request=ItemSerializer, responses=ItemSerializer, summary="Add an item")
    @action(
        detail=True,
        methods=["get", "post"],
        pagination_class=None,
        filterset_class=None,
        permission_classes=[requires("golive.view_campaign", POST=operations.MAY_CHANGE)],
    )
    def items(self, request: Request, pk: str) -> Response:
        context = self.get_serializer_context()
        campaign = self.queryset.filter(pk=pk).first()
        if campaign is None:
            raise Http404
        if request.method == "GET":
            items = list(_items().filter(campaign=campaign))
            return Response(ItemSerializer(items, many=True, context=context).data)
        serializer = ItemSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic(), named_errors(NotInState):
            item = operations.add_item(campaign, **serializer.validated_data, **author_of(self.request))
        return Response(ItemSerializer(_items().get(pk=item.pk), context=context).data, status=201)


def _items() -> QuerySet[CampaignItem]:
    return CampaignItem.objects.select_related("campaign__site", "assignee", "dropped_by").order_by("id")


class ItemViewSet(OperatedViewSet):
    """Items of all campaigns. Add an item under its campaign; drop it instead of deleting it."""

    queryset = _items()
    filterset_class = ItemFilters
    http_method_names = ["get", "put", "patch", "post", "head", "options"]
    permission_classes = [
        requires(
            "golive.view_campaign", **dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), operations.MAY_CHANGE)
        )
    ]

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return (
            ItemChangeSerializer
            if self.request and self.request.method in ("PUT", "PATCH")
            else ItemSerializer
        )

    @extend_schema(exclude=True)
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise MethodNotAllowed("POST", "Items are added under their campaign: POST campaigns/{id}/items/.")

    writes = {"update": operations.change_item}
    workflow = operations.ITEMS
    drop = endpoint(operations.drop, ReasonSerializer)
    restore = endpoint(operations.restore)
