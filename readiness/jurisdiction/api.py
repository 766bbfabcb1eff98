"""Endpoints of rules and packs: read, drafts edited, files in and out, published; and what the rules say of a case."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import User
from readiness.jurisdiction import deciding, exporting, operations, queries
from readiness.jurisdiction.filters import DataOriginFilters, HeldBasisFilters, RuleFilters, RulePackFilters
from readiness.jurisdiction.models import DataOrigin, HeldBasis, Rule, RulePack
from readiness.jurisdiction.refusals import (
    MAY_EDIT,
    MAY_PUBLISH,
    MAY_SEE,
    NothingPublished,
    NotInForce,
    PackNotADraft,
    StalePackRevision,
)
from readiness.jurisdiction.serializers import (
    DataOriginSerializer,
    HeldBasisSerializer,
    RuleCaseSerializer,
    RuleDecisionSerializer,
    RulePackImportSerializer,
    RulePackPublishSerializer,
    RulePackSerializer,
    RuleSerializer,
    WholeRulePackSerializer,
)
from web import clock
from web.rest.errors import Conflict, translated
from web.rest.parsers import OrjsonParser
from web.rest.permissions import requires
from web.rest.router import Router
from web.rest.viewsets import ObjectViewSet
from web.versioned.core.documents import DocumentError

CAN_EDIT = requires(MAY_SEE, POST=MAY_EDIT, PUT=MAY_EDIT, PATCH=MAY_EDIT, DELETE=MAY_EDIT)


_FIELDS = {"id": "slug", "url": "source_url"}


@contextmanager
def named_errors(place: str = "") -> Iterator[None]:
    """Every refusal as its answer: 400 with the field, beside it the line; 409 for a draft that went on.

    `place` is the path of what was written, so that a field of one rule is named as the body names it.
    """
    try:
        yield
    except DocumentError as error:
        raise _refused(error, place) from error
    except (PackNotADraft, NotInForce, StalePackRevision, NothingPublished) as error:
        raise Conflict(str(error)) from error
    except DjangoValidationError as error:
        raise translated(error) from error


def _refused(error: DocumentError, place: str) -> exceptions.ValidationError:
    if place and error.path.startswith(f"{place}."):
        field = error.path.removeprefix(f"{place}.").removeprefix("citation.").split("[")[0]
        return exceptions.ValidationError({_FIELDS.get(field, field): [error.message]})
    refusal = exceptions.ValidationError()
    # Set afterwards: the constructor would make a text of the number.
    detail: Any = {"definition": [str(error)], "path": error.path, "reason": error.message}
    if error.line:
        detail |= {"line": error.line}
    refusal.detail = detail
    return refusal


class RulePackViewSet(ObjectViewSet):
    """Packs: one is in force, drafts are edited, withdrawn ones are kept as they were."""

    queryset = queries.packs()
    filterset_class = RulePackFilters
    serializer_class = RulePackSerializer

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return RulePackSerializer if self.action == "list" else WholeRulePackSerializer

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
        for name in ("version", "made_from"):
            if name in given and given[name] != getattr(serializer.instance, name):
                raise exceptions.ValidationError({name: ["It is fixed when the draft is made."]})
        with named_errors():
            serializer.instance = operations.edit(
                serializer.instance,
                lambda definition: given.get("definition", definition),
                revision=given.get("revision"),
                by=self._actor(),
                now=clock.now(),
            )

    def perform_destroy(self, instance: RulePack) -> None:
        with named_errors():
            operations.discard(instance, by=self._actor())

    @extend_schema(
        summary="The pack as a YAML file",
        responses={(200, "application/yaml"): OpenApiTypes.BINARY},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def export(self, request: Request, pk: str) -> HttpResponse:
        return exporting.exported(cast(RulePack, self.get_object()))

    @extend_schema(
        summary="Replace what a draft says by a file or a text: all of it, or nothing",
        request={
            "multipart/form-data": RulePackImportSerializer,
            "application/json": RulePackImportSerializer,
        },
        responses={
            200: WholeRulePackSerializer,
            400: OpenApiResponse(description="`definition`, and beside it `path`, `reason` and `line`"),
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
        asked = RulePackImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with named_errors():
            pack = exporting.imported(*asked.content())
        with transaction.atomic(), named_errors():
            draft = cast(RulePack, self._locked_one())
            operations.replace(
                draft,
                pack,
                revision=asked.validated_data.get("revision"),
                by=self._actor(),
                now=clock.now(),
            )
        return self._answer(self._again(draft))

    @extend_schema(
        summary="Put a draft in force; what was in force is withdrawn",
        request=RulePackPublishSerializer,
        responses=WholeRulePackSerializer,
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(MAY_PUBLISH)])
    def publish(self, request: Request, pk: str) -> Response:
        asked = RulePackPublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with transaction.atomic(), named_errors():
            pack = operations.publish(
                cast(RulePack, self.get_object()), **asked.validated_data, by=self._actor(), now=clock.now()
            )
        return self._answer(self._again(pack))

    @extend_schema(
        summary="Take the pack in force out, with none in its place",
        request=None,
        responses=WholeRulePackSerializer,
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(MAY_PUBLISH)])
    def withdraw(self, request: Request, pk: str) -> Response:
        with transaction.atomic(), named_errors():
            pack = operations.withdraw(cast(RulePack, self.get_object()), by=self._actor(), now=clock.now())
        return self._answer(self._again(pack))

    def _actor(self) -> User:
        return cast(User, self.request.user)


@extend_schema_view(
    list=extend_schema(summary="Rules of the pack in force; of others with `pack` or `version`")
)
class RuleViewSet(ObjectViewSet):
    """Rules. They are written in drafts; each write is a step of the draft and is checked with all of it."""

    queryset = queries.rules()
    filterset_class = RuleFilters
    serializer_class = RuleSerializer
    permission_classes = [CAN_EDIT]

    def get_queryset(self) -> QuerySet[Rule]:
        rules = cast(QuerySet[Rule], super().get_queryset())
        asked = self.request.query_params
        if self.action != "list" or any(name.split("__")[0] in _NAMES_A_PACK for name in asked):
            return rules
        return rules.filter(pack__status=RulePack.Status.PUBLISHED)

    def perform_create(self, serializer: Any) -> None:
        given = serializer.validated_data
        self._write(serializer, given["pack"], was="", slug=given["slug"])

    def perform_update(self, serializer: Any) -> None:
        was: Rule = serializer.instance
        given = serializer.validated_data
        if "pack" in given and given["pack"] != was.pack:
            raise exceptions.ValidationError({"pack": ["A rule stays in its pack."]})
        self._write(serializer, was.pack, was=was.slug, slug=given.get("slug", was.slug))

    def perform_destroy(self, instance: Rule) -> None:
        with named_errors():
            operations.edit(
                instance.pack,
                lambda definition: operations.without_rule(definition, instance.slug),
                revision=None,
                by=self._actor(),
                now=clock.now(),
            )

    def _write(self, serializer: Any, pack: RulePack, *, was: str, slug: str) -> None:
        item = serializer.as_item()
        with named_errors(f"rules[{slug}]"):
            operations.edit(
                pack,
                lambda definition: operations.with_rule(definition, item, was=was),
                revision=None,
                by=self._actor(),
                now=clock.now(),
            )
        serializer.instance = Rule.objects.get(pack=pack, slug=slug)

    @extend_schema(
        summary="What the rules say of a case; residency and sovereignty apart. Not legal advice",
        request=RuleCaseSerializer,
        responses={200: RuleDecisionSerializer, 409: OpenApiResponse(description="No pack is in force")},
        filters=False,
    )
    @action(
        detail=False,
        methods=["post"],
        permission_classes=[requires(MAY_SEE)],
        pagination_class=None,
        filter_backends=[],
    )
    def decide(self, request: Request) -> Response:
        asked = RuleCaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with named_errors():
            document = deciding.answered_case(**asked.asked(today=clock.now().date()))
        return Response(document)

    def _actor(self) -> User:
        return cast(User, self.request.user)


class DataOriginViewSet(ObjectViewSet):
    queryset = DataOrigin.objects.select_related("workload_class")
    serializer_class = DataOriginSerializer
    filterset_class = DataOriginFilters


class HeldBasisViewSet(ObjectViewSet):
    queryset = HeldBasis.objects.select_related("workload_class")
    serializer_class = HeldBasisSerializer
    filterset_class = HeldBasisFilters


_NAMES_A_PACK = {"pack", "pack_id", "version", "id", "created_by_request", "updated_by_request"}

router = Router()
router.register("rules", RuleViewSet)
router.register("rule-packs", RulePackViewSet)
router.register("data-origins", DataOriginViewSet)
router.register("held-bases", HeldBasisViewSet)
