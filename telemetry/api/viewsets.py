"""Endpoints of sources, series and rejections."""

from typing import Any

from django.db import models
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from telemetry import filters, intake, operations
from telemetry.api import serializers
from telemetry.models import BatchDecision, InboxBatch, Rejection, Source, SourceFlip
from web import clock
from web.rest.bodiless import refuses_body
from web.rest.errors import named_errors
from web.rest.permissions import requires
from web.rest.viewsets import ObjectViewSet, ReadOnlyObjectViewSet

_may_change = [requires("telemetry.change_source")]


class SourceViewSet(ObjectViewSet):
    queryset = Source.objects.select_related("site", "status", "token", "owner").prefetch_related(
        "replicas", "unit_rules"
    )
    serializer_class = serializers.SourceSerializer
    filterset_class = filters.SourceFilters

    def get_serializer_class(self) -> type[serializers.SourceSerializer]:
        makes_token = self.action in {"create", "rotate_token"}
        return serializers.SourceWithTokenSerializer if makes_token else serializers.SourceSerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.tokens: dict[int, str] = {}

    def perform_create(self, serializer: Any) -> None:
        values = serializer.validated_data
        with named_errors():
            source, plain = operations.create_source(**values, by=self.request.user, now=clock.now())
        serializer.instance = source
        self.tokens[source.pk] = plain

    def perform_update(self, serializer: Any) -> None:
        changes = serializer.validated_data
        with named_errors():
            operations.update_source(
                serializer.instance, changes=changes, by=self.request.user, now=clock.now()
            )

    def perform_destroy(self, source: Source) -> None:
        operations.delete_source(source, by=self.request.user, now=clock.now())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], permission_classes=_may_change)
    @refuses_body
    def pause(self, request: Request, pk: str) -> Response:
        source = self.get_object()
        operations.pause_source(source, by=request.user, now=clock.now())
        return self._object_response(self._again(source))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], permission_classes=_may_change)
    @refuses_body
    def resume(self, request: Request, pk: str) -> Response:
        source = self.get_object()
        operations.resume_source(source, by=request.user, now=clock.now())
        return self._object_response(self._again(source))

    @extend_schema(request=None, summary="Make a new token; the old token stops working")
    @action(detail=True, methods=["post"], url_path="rotate-token", permission_classes=_may_change)
    @refuses_body
    def rotate_token(self, request: Request, pk: str) -> Response:
        source = self.get_object()
        self.tokens[source.pk] = operations.rotate_token(source, by=request.user, now=clock.now())
        return self._object_response(self._again(source))

    def _object_response(self, obj: models.Model, code: int = status.HTTP_200_OK) -> Response:
        response = super()._object_response(obj, code)
        if self.tokens:
            response["Cache-Control"] = "no-store"
        return response


class SeriesViewSet(ReadOnlyObjectViewSet):
    queryset = intake.join_mapping_rules(intake.series())
    serializer_class = serializers.SeriesSerializer
    filterset_class = filters.SeriesFilters


class RejectionViewSet(ReadOnlyObjectViewSet):
    queryset = Rejection.objects.select_related("source")
    serializer_class = serializers.RejectionSerializer
    filterset_class = filters.RejectionFilters


class InboxBatchViewSet(ReadOnlyObjectViewSet):
    """Batches that could not be stored and were set aside; waiting batches are not listed."""

    queryset = InboxBatch.objects.set_aside().select_related("source").defer("columns")
    serializer_class = serializers.InboxBatchSerializer
    filterset_class = filters.InboxBatchFilters

    @extend_schema(request=None, responses={204: None}, summary="Put all of them back into the queue")
    @action(detail=False, methods=["post"], url_path="retry-all", permission_classes=_may_change)
    @refuses_body
    def retry_all(self, request: Request) -> Response:
        operations.retry_all(by=request.user, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None}, summary="Put it back into the queue")
    @action(detail=True, methods=["post"], permission_classes=_may_change)
    @refuses_body
    def retry(self, request: Request, pk: str) -> Response:
        return self._decided(operations.retry_batch, request)

    @extend_schema(request=None, responses={204: None}, summary="Delete it with its samples, for good")
    @action(detail=True, methods=["post"], permission_classes=_may_change)
    @refuses_body
    def discard(self, request: Request, pk: str) -> Response:
        return self._decided(operations.discard_batch, request)

    def _decided(self, decide: Any, request: Request) -> Response:
        try:
            decide(self.get_object().pk, by=request.user, now=clock.now())
        except operations.NotSetAside as error:
            raise Http404 from error
        return Response(status=status.HTTP_204_NO_CONTENT)


class BatchDecisionViewSet(ReadOnlyObjectViewSet):
    queryset = BatchDecision.objects.select_related("source", "decided_by")
    serializer_class = serializers.BatchDecisionSerializer
    filterset_class = filters.BatchDecisionFilters


class SourceFlipViewSet(ReadOnlyObjectViewSet):
    queryset = SourceFlip.objects.select_related("source")
    serializer_class = serializers.SourceFlipSerializer
    filterset_class = filters.SourceFlipFilters
