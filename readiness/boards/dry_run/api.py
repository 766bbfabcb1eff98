"""Endpoints of versions of the framework that evaluate sites: dry-run, publish, roll back."""

from typing import Any, cast

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.api import FrameworkVersionViewSet, WholeFrameworkVersionSerializer
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.queries import MAY_PUBLISH, MAY_SEE
from readiness.boards.dry_run import operations
from readiness.boards.dry_run.queries import standing_of
from readiness.boards.models import DryRun
from web import clock
from web.rest.errors import Conflict, PreconditionFailed
from web.rest.fields import UsernameField
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ChoiceValueField
from web.versioned.api import named_errors
from web.versioned.versions import StaleContent


class DryRunSerializer(serializers.ModelSerializer):
    """`result` holds the sites whose outcome changes (verdict first), the checks responsible with their thresholds on
    both sides, and the totals by verdict and check state. `against` says why the dry-run does not cover the present
    content.
    """

    serializer_choice_field = ChoiceValueField
    version = serializers.CharField(source="version.version", read_only=True)
    in_force = serializers.CharField(source="in_force.version", read_only=True)
    requested_by = UsernameField()
    against = serializers.ListField(child=serializers.CharField(), read_only=True)
    moved = serializers.CharField(read_only=True, help_text="Whether sites moved since")

    class Meta:
        model = DryRun
        fields = (
            *("id", "version", "revision", "digest", "in_force", "state", "requested_by", "requested_at"),
            *("evaluated_at", "sites_total", "sites_done", "finished_at", "problem", "against", "moved"),
            "result",
        )
        read_only_fields = fields


class PublishSerializer(BodySerializer):
    digest = serializers.CharField(
        max_length=64,
        required=False,
        help_text="Revision that was decided on; the present one unless given",
    )
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    override_reason = serializers.CharField(
        max_length=2000,
        required=False,
        allow_blank=True,
        default="",
        help_text="Reason; required without a dry-run of exactly this content, and if you edited the draft",
    )


class RollBackSerializer(BodySerializer):
    note = serializers.CharField(max_length=2000, help_text="Why")
    version = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)


class FrameworkViewSet(FrameworkVersionViewSet):
    @extend_schema(summary="The latest dry-run of a version", responses=DryRunSerializer, filters=False)
    @action(
        detail=True,
        methods=["get"],
        url_path="dry-run",
        pagination_class=None,
        permission_classes=[requires(MAY_SEE, POST=operations.MAY_TRY)],
    )
    def dry_run(self, request: Request, pk: str) -> Response:
        version = cast(FrameworkVersion, self.get_object())
        return Response(self._newest(version))

    @extend_schema(
        summary="Try a version on every site",
        request=None,
        responses={201: DryRunSerializer, 202: DryRunSerializer},
    )
    @dry_run.mapping.post
    def start_dry_run(self, request: Request, pk: str) -> Response:
        version = cast(FrameworkVersion, self.get_object())
        try:
            run = operations.start(version, by=self.actor(), now=clock.now())
        except operations.NothingToCompare as error:
            raise Conflict(str(error)) from error
        code = status.HTTP_202_ACCEPTED if run.is_open else status.HTTP_201_CREATED
        return Response(self._newest(version), status=code)

    @extend_schema(
        summary="Put a draft in force",
        request=PublishSerializer,
        responses={200: WholeFrameworkVersionSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(MAY_PUBLISH)])
    def publish(self, request: Request, pk: str) -> Response:
        serializer = PublishSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        arguments = dict(serializer.validated_data)
        with transaction.atomic(), named_errors():
            draft = cast(FrameworkVersion, self._locked_one())
            try:
                operations.publish(
                    draft, **({"digest": draft.digest} | arguments), by=self.actor(), now=clock.now()
                )
            except StaleContent as error:
                raise PreconditionFailed(str(error)) from error
        return self._object_response(self._again(draft))

    @extend_schema(
        summary="Put the content of an earlier version in force again",
        request=RollBackSerializer,
        responses={201: WholeFrameworkVersionSerializer},
    )
    @action(detail=True, methods=["post"], url_path="roll-back", permission_classes=[requires(MAY_PUBLISH)])
    def roll_back(self, request: Request, pk: str) -> Response:
        serializer = RollBackSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with named_errors():
            version = framework_operations.roll_back(
                cast(FrameworkVersion, self.get_object()),
                **serializer.validated_data,
                by=self.actor(),
                now=clock.now(),
            )
        return self._object_response(self._again(version), status.HTTP_201_CREATED)

    def _newest(self, version: FrameworkVersion) -> dict[str, Any]:
        standing = standing_of(version, framework_queries.current()[0], now=clock.now())
        if standing.run is None:
            raise exceptions.NotFound(f"There is no dry-run of {version.version}.")
        # These are not columns: they depend on the clock and on the present data.
        standing.run.against, standing.run.moved = list(standing.against), standing.moved  # type: ignore[attr-defined]
        return dict(DryRunSerializer(standing.run).data)
