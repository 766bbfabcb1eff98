"""Endpoints of portfolios under `portfolios/`: request, watch the progress, cancel."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import operations, result
from readiness.tradeoffs.portfolios.params import PortfolioQuestionSerializer
from readiness.tradeoffs.portfolios.tables import PortfolioFilters
from web import clock
from web.rest.errors import named_errors
from web.rest.permissions import requires
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet, Router


class PortfolioSerializer(ObjectSerializer):
    """`points_done` of `points_total` is the progress. Only the answer for one run has the result."""

    class Meta:
        model = PortfolioRun
        fields: tuple[str, ...] = (
            *("state", "asked_by", "asked_at", "inputs", "workloads_total", "points_total", "points_done"),
            *("started_at", "cancel_asked_by", "cancel_asked_at", "finished_at", "problem"),
        )
        read_only_fields: tuple[str, ...] = fields
        brief_fields = ("state", "points_done", "points_total")


class WholePortfolioSerializer(PortfolioSerializer):
    """`result.points` is the front: weights, plan, totals, proven gap, left-out workloads with reasons, use of sites.
    `result.moves` describes each move, by workload and by its new site.
    """

    class Meta(PortfolioSerializer.Meta):
        fields = (*PortfolioSerializer.Meta.fields, "result")
        read_only_fields = fields


class PortfolioViewSet(ReadOnlyObjectViewSet):
    queryset = result.whole_runs()
    serializer_class = WholePortfolioSerializer
    filterset_class = PortfolioFilters
    ordering_fields = ("id", "state", "asked_at", "finished_at", "points_total", "workloads_total")
    http_method_names = ["get", "post", "head", "options"]
    permission_classes = [requires(operations.MAY_SEE, POST=operations.MAY_ASK)]

    def get_queryset(self) -> QuerySet[PortfolioRun]:
        runs = cast("QuerySet[PortfolioRun]", super().get_queryset())
        return runs.defer("result") if self.action == "list" else runs

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return PortfolioSerializer if self.action == "list" else WholePortfolioSerializer

    @extend_schema(
        request=PortfolioQuestionSerializer,
        responses={202: WholePortfolioSerializer},
        summary="Place all workloads at once; `Location` is the address of the run's progress",
    )
    def create(self, request: Request) -> Response:
        run = operations.ask(cast(Any, request.data), by=self._reader(), now=clock.now())
        answer = self._told(run, status.HTTP_202_ACCEPTED)
        answer["Location"] = answer.data["url"]
        return answer

    @extend_schema(request=None, responses=WholePortfolioSerializer, summary="Cancel a run")
    @action(detail=True, methods=["post"], permission_classes=[requires(operations.MAY_CANCEL)])
    def cancel(self, request: Request, pk: str) -> Response:
        with named_errors(operations.AlreadyEnded):
            response = operations.cancel(
                cast(PortfolioRun, self.get_object()), by=self._reader(), now=clock.now()
            )
        return self._told(response)

    def _told(self, run: PortfolioRun, code: int = status.HTTP_200_OK) -> Response:
        return self._object_response(result.whole_runs().get(pk=run.pk), code)

    def _reader(self) -> User:
        return cast(User, self.request.user)


router: Any = Router()
router.register("portfolios", PortfolioViewSet)
