"""Endpoints of versions: drafts are created, edited, imported and discarded; each version can be exported."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast

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

from accounts.models import User
from web import clock
from web.rest.errors import Conflict, PayloadTooLarge, translated
from web.rest.parsers import OrjsonParser
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.versioned.core.documents import DocumentError, written
from web.versioned.core.files import texts_of
from web.versioned.versions import NeedsReason, VersionConflict, Versioned, exported
from web.yaml_documents import MOST_BYTES

FIELDS = ("version", "made_from", "revision")
TOLD = (
    *("title", "status", "digest"),
    *("created_at", "created_by", "edited_at", "edited_by", "published_at", "published_by"),
)


class DocumentField(serializers.JSONField):
    def __init__(self, versions: Versioned[Any, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.versions = versions

    def get_attribute(self, instance: Any) -> Any:
        return written(self.versions.content(instance))

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Expected a mapping.")
        return super().to_internal_value(data)


class VersionSerializer(ObjectSerializer):
    """A draft's `definition` is writable; `version` and `made_from` only when it is created. Send the `revision` that
    you read: if it has changed, the answer is 409."""

    version = serializers.CharField(
        max_length=50, required=False, help_text="Name of the version; the next number unless given"
    )
    revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class ImportSerializer(BodySerializer):
    """Send either `file` or `text`."""

    file = serializers.FileField(
        required=False,
        allow_empty_file=True,
        max_length=200,
        help_text="YAML, or a zip such as an export; 1 MiB at most",
    )
    text = serializers.CharField(required=False, trim_whitespace=False)
    revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("file" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"file": ["Send either a file or text."]})
        return attrs

    def texts(self) -> dict[str, str]:
        data = self.validated_data
        size = len(data["text"].encode()) if "text" in data else data["file"].size
        if size > MOST_BYTES:
            raise PayloadTooLarge(f"A document has {MOST_BYTES} bytes at most.")
        if "text" in data:
            return {"definition.yaml": data["text"]}
        return texts_of(data["file"].name, data["file"].read())


@contextmanager
def named_errors() -> Iterator[None]:
    """Refusals as responses: 400 with the field, and with file and line; 409 for a draft that has changed."""
    try:
        yield
    except DocumentError as error:
        refusal = exceptions.ValidationError()
        # Set afterwards, because the constructor would convert the number to text.
        detail: Any = {
            "definition": [*map(str, (error, *error.others))],
            "path": error.path,
            "reason": error.message,
        }
        if error.file:
            detail |= {"file": error.file, "line": error.line or None}
        refusal.detail = detail
        raise refusal from error
    except NeedsReason as error:
        raise exceptions.ValidationError({"override_reason": error.why}) from error
    except VersionConflict as error:
        raise Conflict(str(error)) from error
    except DjangoValidationError as error:
        raise translated(error) from error


class VersionViewSet(ObjectViewSet):
    """Give `versions`, `serializer_class` for the list and `whole_serializer_class` for one version."""

    versions: ClassVar[Versioned[Any, Any]]
    whole_serializer_class: ClassVar[type[VersionSerializer]]
    needs: ClassVar[dict[str, str]] = {"import_definition": "change"}
    """The permission of an action, if it is not that of the method."""

    def get_permissions(self) -> Any:
        if self.action in self.needs:
            return [requires(self.versions.permission(self.needs[self.action]))()]
        return super().get_permissions()

    def get_serializer_class(self) -> Any:
        return self.serializer_class if self.action == "list" else self.whole_serializer_class

    def get_queryset(self) -> QuerySet:
        rows = super().get_queryset()
        return rows if self.action == "list" else rows.defer(None)

    def perform_create(self, serializer: Any) -> None:
        data = serializer.validated_data
        with named_errors():
            serializer.instance = self.versions.make_draft(
                made_from=data.get("made_from") or self.versions.current()[0],
                version=data.get("version", ""),
                definition=data.get("definition"),
                by=self.actor(),
                now=clock.now(),
            )

    def perform_update(self, serializer: Any) -> None:
        data = serializer.validated_data
        for name in ("version", "made_from"):
            if name in data and data[name] != getattr(serializer.instance, name):
                raise exceptions.ValidationError(
                    {name: ["This field is set when the draft is made and cannot be changed."]}
                )
        with named_errors():
            serializer.instance = self.versions.edit(
                serializer.instance,
                lambda definition: data.get("definition", definition),
                revision=data.get("revision"),
                by=self.actor(),
                now=clock.now(),
            )

    def perform_destroy(self, instance: Any) -> None:
        with named_errors():
            self.versions.discard(instance, by=self.actor())

    @extend_schema(
        summary="The document as a file",
        parameters=[
            OpenApiParameter(
                "form",
                str,
                enum=["yaml", "zip"],
                description="One YAML document (default), or a zip of files",
            )
        ],
        responses={
            (200, "application/yaml"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
        },
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def export(self, request: Request, pk: str) -> HttpResponse:
        form = request.query_params.get("form", "yaml")
        if form not in ("yaml", "zip"):
            raise exceptions.ValidationError({"form": ["yaml or zip"]})
        return exported(self.versions, cast(Any, self.get_object()), form)

    def replaced(self, request: Request) -> Response:
        serializer = ImportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with named_errors():
            document = self.versions.load(serializer.texts())
        with transaction.atomic(), named_errors():
            draft = cast(Any, self._locked_one())
            revision = serializer.validated_data.get("revision")
            self.versions.replace(draft, document, revision=revision, by=self.actor(), now=clock.now())
        return self._object_response(self._again(draft))

    def actor(self) -> User:
        return cast(User, self.request.user)


def imports(request: type[ImportSerializer], answer: type[VersionSerializer]) -> Any:
    described = extend_schema(
        summary="Replace the whole content of a draft with a file or a text",
        request={"multipart/form-data": request, "application/json": request},
        responses={
            200: answer,
            400: OpenApiResponse(
                description="`definition`, and beside it `path`, `reason`, `file` and `line`"
            ),
        },
    )
    routed = action(
        detail=True, methods=["post"], url_path="import", parser_classes=[MultiPartParser, OrjsonParser]
    )
    return lambda view: described(routed(view))
