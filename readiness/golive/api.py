"""Endpoints of this room."""

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.views import APIView

from readiness.assessment.framework.serializers import CheckWordsField
from readiness.golive.campaigns.api import CampaignViewSet, ItemViewSet
from readiness.golive.models import WorkItem
from readiness.golive.reviews.api import ActionViewSet, ApproverViewSet, ReviewViewSet
from readiness.golive.worklist import operations
from readiness.golive.worklist.queries import WorkItemStanding, annotate_standing
from readiness.golive.worklist.tables import WorkItemFilters
from web.rest.fields import ChoiceValueField
from web.rest.permissions import Permission
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import Router
from web.workflows.endpoints import OperatedViewSet


class WorkItemSerializer(ObjectSerializer):
    """`state` is the status, or `resolved` if the check of a live item is met; `check_state` is the evaluated state.

    `site` and `check` cannot be changed.
    """

    check = serializers.CharField(source="check_id", max_length=64)
    check_name = CheckWordsField("name")
    state = ChoiceValueField(choices=WorkItemStanding.choices, source="standing", read_only=True)
    check_state = serializers.CharField(read_only=True, allow_null=True)
    check_reason = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = WorkItem
        fields = (
            *(
                "site",
                "check",
                "check_name",
                "status",
                "state",
                "check_state",
                "check_reason",
                "owner",
                "owner_name",
            ),
            *("due_on", "note", "cost", "currency", "created_by", "created_at", "closed_at"),
        )
        read_only_fields = ("created_by", "created_at", "closed_at")
        brief_fields = ("site", "check", "status", "due_on")


class MayWrite(Permission):
    """Users who may only do the work may change some fields; the operation decides which."""

    def needed(self, request: HttpRequest, view: APIView) -> list[str]:
        by_method = {"POST": operations.MAY_ADD, "DELETE": operations.MAY_REMOVE}
        if request.method in ("PUT", "PATCH"):
            return [] if request.user.has_perm(operations.MAY_PROGRESS) else [operations.MAY_CHANGE]
        return [by_method.get(str(request.method), "golive.view_workitem")]


class WorkItemViewSet(OperatedViewSet):
    queryset = WorkItem.objects.select_related("site", "owner", "created_by")
    serializer_class = WorkItemSerializer
    filterset_class = WorkItemFilters
    permission_classes = [MayWrite]
    ordering_fields = ("id", "site", "check_id", "status", "due_on", "created_at", "closed_at")

    def get_queryset(self) -> QuerySet[WorkItem]:
        return annotate_standing(super().get_queryset())

    writes = {"create": operations.add, "update": operations.change, "destroy": operations.remove}
    fixed = ("site", "check_id")


router = Router()
router.register("worklist", WorkItemViewSet)
router.register("campaigns", CampaignViewSet)
router.register("campaign-items", ItemViewSet)
router.register("reviews", ReviewViewSet)
router.register("review-actions", ActionViewSet)
router.register("review-approvers", ApproverViewSet)
