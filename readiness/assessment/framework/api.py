"""Endpoints of framework versions. Dry-runs and publishing are in readiness/boards/dry_run, under the same address."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.assessment.framework import queries
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.queries import VERSIONS
from readiness.assessment.framework.tables import FrameworkVersionFilters
from web.rest.fields import LARGEST_ID, RelatedObjectField
from web.rest.shapes import filled
from web.versioned import api
from web.workflows.approvals import FlagsField

_TOLD = (*api.TOLD, "rolls_back_to", "changes", "note", "override_reason", "approval_flags")


class FrameworkVersionSerializer(api.VersionSerializer):
    """A draft's `definition` is writable; `version` and `made_from` only when it is created. Send the `revision` that
    you read: if it has changed, the answer is 409. `changes` describe in words what differs from `made_from`."""

    approval_flags = FlagsField()
    made_from = RelatedObjectField(
        queryset=FrameworkVersion.objects.defer("definition"),
        required=False,
        allow_null=True,
        help_text="Version to start from; the version in force unless given",
    )

    class Meta:
        model = FrameworkVersion
        fields: tuple[str, ...] = (*api.FIELDS, *_TOLD)
        read_only_fields = _TOLD
        brief_fields = ("version", "status")


class WholeFrameworkVersionSerializer(FrameworkVersionSerializer):
    definition = api.DocumentField(VERSIONS, required=False)

    class Meta(FrameworkVersionSerializer.Meta):
        fields = (*FrameworkVersionSerializer.Meta.fields, "definition")


@dataclass(frozen=True, slots=True)
class VersionChange:
    where: Annotated[str, "check, check / sub-measure, pillar, source; empty for the whole"]
    field: str
    before: str
    after: str
    text: Annotated[str, "The whole change in one line"]


@dataclass(frozen=True, slots=True)
class VersionDifference:
    before: Annotated[str, "Name of the version that is compared"]
    after: Annotated[str, "Name of that in `to`"]
    changes: list[VersionChange]


class FrameworkVersionViewSet(api.VersionViewSet):
    """Versions of the framework: one is in force, drafts can be edited, retired versions never change."""

    versions = VERSIONS
    queryset = queries.versions()
    filterset_class = FrameworkVersionFilters
    serializer_class = FrameworkVersionSerializer
    whole_serializer_class = WholeFrameworkVersionSerializer

    @api.imports(api.ImportSerializer, WholeFrameworkVersionSerializer)
    def import_definition(self, request: Request, pk: str) -> Response:
        return self.replaced(request)

    @extend_schema(
        summary="Differences from another version",
        parameters=[OpenApiParameter("to", int, required=True, description="Id of the other version")],
        responses={200: VersionDifference},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def diff(self, request: Request, pk: str) -> Response:
        before, after = cast(Any, self.get_object()), self._other(request)
        changes = [filled(VersionChange, change) for change in queries.difference(before, after)]
        return Response(VersionDifference(before.version, after.version, changes))

    def _other(self, request: Request) -> FrameworkVersion:
        id_text = request.query_params.get("to", "")
        number = int(id_text[:20]) if id_text.isascii() and id_text.isdecimal() else 0
        version = FrameworkVersion.objects.filter(pk=number).first() if number <= LARGEST_ID else None
        if version is None:
            raise exceptions.ValidationError({"to": [f"There is no version {id_text[:20]!r}."]})
        return version
