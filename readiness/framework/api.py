"""Versions of the framework: a list without the definitions, each one whole, and drafts that are made, edited and
thrown away. Dry-runs and publishing are in readiness/boards/dry_run, under the same address.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import User
from readiness.framework import operations, queries
from readiness.framework.core.document import load_files
from readiness.framework.exporting import exported
from readiness.framework.filters import FrameworkVersionFilters
from readiness.framework.models import FrameworkVersion
from readiness.framework.refusals import MAY_EDIT, NeedsReason, NotADraft, StaleRevision
from web import clock
from web.rest.errors import Conflict, PayloadTooLarge, translated
from web.rest.fields import RelatedObjectField
from web.rest.parsers import OrjsonParser
from web.rest.permissions import requires
from web.rest.references import LARGEST_ID
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.versioned.core.documents import DocumentError
from web.versioned.core.files import texts_of
from web.yaml_documents import MOST_BYTES

_TOLD = (
    *("title", "status", "digest", "rolls_back_to", "changes"),
    *("created_at", "created_by", "edited_at", "edited_by", "published_at", "published_by"),
    *("note", "override_reason"),
)


class DefinitionField(serializers.JSONField):
    """The whole definition as a mapping."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Expected a mapping.")
        return super().to_internal_value(data)


class FrameworkVersionSerializer(ObjectSerializer):
    """A draft's `definition` can be written; `version` and `made_from` when it is made. `revision` is what was read:
    another one by now is answered with 409. `changes` say in words what differs from `made_from`.
    """

    version = serializers.CharField(
        max_length=50, required=False, help_text="The next number of muster-N, if none"
    )
    made_from = RelatedObjectField(
        queryset=FrameworkVersion.objects.defer("definition"),
        required=False,
        allow_null=True,
        help_text="What the draft begins as; the version in force, if none",
    )
    revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    class Meta:
        model = FrameworkVersion
        fields: tuple[str, ...] = ("version", "made_from", "revision", *_TOLD)
        read_only_fields = _TOLD
        brief_fields = ("version", "status")


class WholeFrameworkVersionSerializer(FrameworkVersionSerializer):
    definition = DefinitionField(required=False)

    class Meta(FrameworkVersionSerializer.Meta):
        fields = (*FrameworkVersionSerializer.Meta.fields, "definition")


class ChangeSerializer(serializers.Serializer):
    where = serializers.CharField(help_text="check, check / sub-measure, pillar, source; empty for the whole")
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    text = serializers.CharField(help_text="All of it in a line")


class DifferenceSerializer(serializers.Serializer):
    before = serializers.CharField(help_text="Name of the version that is compared")
    after = serializers.CharField(help_text="Name of that in `to`")
    changes = ChangeSerializer(many=True)


class ImportSerializer(serializers.Serializer):
    """One of `file` and `text`."""

    file = serializers.FileField(
        required=False,
        allow_empty_file=True,
        max_length=200,
        help_text="YAML, or a zip of index.yaml and the files it lists; 1 MiB at most",
    )
    text = serializers.CharField(required=False, trim_whitespace=False)
    revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("file" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"file": ["Send either a file or text."]})
        return attrs

    def texts(self) -> dict[str, str]:
        given = self.validated_data
        size = len(given["text"].encode()) if "text" in given else given["file"].size
        if size > MOST_BYTES:
            raise PayloadTooLarge(f"A definition has {MOST_BYTES} bytes at most.")
        if "text" in given:
            return {"definition.yaml": given["text"]}
        return texts_of(given["file"].name, given["file"].read())


@contextmanager
def named_errors() -> Iterator[None]:
    """Every refusal as its answer: 400 with the field, beside it file and line; 409 for a draft that went on."""
    try:
        yield
    except DocumentError as error:
        refusal = exceptions.ValidationError()
        # Set afterwards: the constructor would make a text of the number.
        detail: Any = {"definition": [str(error)], "path": error.path, "reason": error.message}
        if error.file:
            detail |= {"file": error.file, "line": error.line or None}
        refusal.detail = detail
        raise refusal from error
    except NeedsReason as error:
        raise exceptions.ValidationError({"override_reason": error.why}) from error
    except (NotADraft, StaleRevision) as error:
        raise Conflict(str(error)) from error
    except DjangoValidationError as error:
        raise translated(error) from error


class FrameworkVersionViewSet(ObjectViewSet):
    queryset = queries.versions()
    filterset_class = FrameworkVersionFilters
    serializer_class = FrameworkVersionSerializer

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return FrameworkVersionSerializer if self.action == "list" else WholeFrameworkVersionSerializer

    def get_queryset(self) -> QuerySet[FrameworkVersion]:
        versions = cast(QuerySet[FrameworkVersion], super().get_queryset())
        return versions if self.action == "list" else versions.defer(None)

    def perform_create(self, serializer: Any) -> None:
        given = serializer.validated_data
        with named_errors():
            serializer.instance = operations.make_draft(
                made_from=given.get("made_from") or queries.current()[0],
                version=given.get("version", ""),
                definition=given.get("definition"),
                by=self._actor(),
                now=clock.now(),
            )

    def perform_update(self, serializer: Any) -> None:
        given = serializer.validated_data
        self._refuse_fixed(serializer.instance, given)
        with named_errors():
            serializer.instance = operations.edit(
                serializer.instance,
                lambda definition: given.get("definition", definition),
                revision=given.get("revision"),
                by=self._actor(),
                now=clock.now(),
            )

    def perform_destroy(self, instance: FrameworkVersion) -> None:
        with named_errors():
            operations.discard(instance, by=self._actor())

    @extend_schema(
        summary="The definition as a file",
        parameters=[
            OpenApiParameter(
                "form",
                str,
                enum=["yaml", "zip"],
                description="One YAML document (default), or a zip of files",
            )
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def export(self, request: Request, pk: str) -> HttpResponse:
        form = request.query_params.get("form", "yaml")
        if form not in ("yaml", "zip"):
            raise exceptions.ValidationError({"form": ["yaml or zip"]})
        return exported(cast(FrameworkVersion, self.get_object()), form)

    @extend_schema(
        summary="Replace what a draft says by a file or a text",
        request={"multipart/form-data": ImportSerializer, "application/json": ImportSerializer},
        responses={
            200: WholeFrameworkVersionSerializer,
            400: OpenApiResponse(description="`definition`, and beside it `path`, `file` and `line`"),
        },
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="import",
        permission_classes=[requires(MAY_EDIT)],
        parser_classes=[MultiPartParser, OrjsonParser],
    )
    def import_definition(self, request: Request, pk: str) -> Response:
        asked = ImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with named_errors():
            framework = load_files(asked.texts())
        with transaction.atomic(), named_errors():
            draft = cast(FrameworkVersion, self._locked_one())
            operations.replace(
                draft,
                framework,
                revision=asked.validated_data.get("revision"),
                by=self._actor(),
                now=clock.now(),
            )
        return self._answer(self._again(draft))

    @extend_schema(
        summary="What another version says otherwise",
        parameters=[OpenApiParameter("to", int, required=True, description="Id of the other version")],
        responses=DifferenceSerializer,
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def diff(self, request: Request, pk: str) -> Response:
        before, after = cast(FrameworkVersion, self.get_object()), self._other(request)
        changes = [{**asdict(change), "text": change.text} for change in queries.difference(before, after)]
        return Response({"before": before.version, "after": after.version, "changes": changes})

    def _other(self, request: Request) -> FrameworkVersion:
        asked = request.query_params.get("to", "")
        number = int(asked[:20]) if asked.isascii() and asked.isdecimal() else 0
        version = FrameworkVersion.objects.filter(pk=number).first() if number <= LARGEST_ID else None
        if version is None:
            raise exceptions.ValidationError({"to": [f"There is no version {asked[:20]!r}."]})
        return version

    def _refuse_fixed(self, draft: FrameworkVersion, given: Mapping[str, Any]) -> None:
        for name, present in (("version", draft.version), ("made_from", draft.made_from)):
            if name in given and given[name] != present:
                raise exceptions.ValidationError({name: ["It is fixed when the draft is made."]})

    def _actor(self) -> User:
        return cast(User, self.request.user)
