"""Endpoints of rules and packs: read, edit drafts, import and export, publish, and decide a case."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from readiness.demand.jurisdiction import operations, queries
from readiness.demand.jurisdiction.core.sentences import NOTICE
from readiness.demand.jurisdiction.kinds import BASES, ORIGINS
from readiness.demand.jurisdiction.models import Rule, RulePack
from readiness.demand.jurisdiction.operations import MAY_SEE, VERSIONS
from readiness.demand.jurisdiction.serializers import (
    RuleCaseSerializer,
    RuleDecisionSerializer,
    RulePackImportSerializer,
    RulePackPublishSerializer,
    RulePackSerializer,
    RuleSerializer,
    WholeRulePackSerializer,
)
from readiness.demand.jurisdiction.tables import RuleFilters, RulePackFilters
from web import clock
from web.rest.permissions import requires
from web.rest.viewsets import ObjectViewSet, Router
from web.versioned.api import VersionViewSet, imports, named_errors
from web.versioned.core.documents import DocumentError

MAY_EDIT = VERSIONS.permission("change")
CAN_EDIT = requires(MAY_SEE, POST=MAY_EDIT, PUT=MAY_EDIT, PATCH=MAY_EDIT, DELETE=MAY_EDIT)
_COLUMN_OF = {"id": "slug", "url": "source_url"}
_NAMES_A_PACK = {"pack", "pack_id", "version", "id", "created_by_request", "updated_by_request"}


class RulePackViewSet(VersionViewSet):
    """Packs of rules: one is in force, drafts can be edited, withdrawn packs never change."""

    versions = VERSIONS
    queryset = RulePack.objects.select_people()
    filterset_class = RulePackFilters
    serializer_class = RulePackSerializer
    whole_serializer_class = WholeRulePackSerializer
    needs: ClassVar = VersionViewSet.needs | {"publish": "publish", "withdraw": "publish"}

    @imports(RulePackImportSerializer, WholeRulePackSerializer)
    def import_definition(self, request: Request, pk: str) -> Response:
        return self.replaced(request)

    @extend_schema(
        summary="Put a draft in force and withdraw the pack in force",
        request=RulePackPublishSerializer,
        responses=WholeRulePackSerializer,
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        body = RulePackPublishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._done(operations.publish, **body.validated_data)

    @extend_schema(
        summary="Withdraw the pack in force without a replacement",
        request=None,
        responses=WholeRulePackSerializer,
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        return self._done(operations.withdraw)

    def _done(self, operation: Callable[..., Any], **values: Any) -> Response:
        with transaction.atomic(), named_errors():
            pack = operation(self._locked_one(), **values, by=self.actor(), now=clock.now())
        return self._object_response(self._again(pack))


@extend_schema_view(
    list=extend_schema(summary="Rules of the pack in force; of others with `pack` or `version`")
)
class RuleViewSet(ObjectViewSet):
    """Rules. They are edited in drafts; each write is a step of the draft and is checked with the whole pack."""

    queryset = queries.rules()
    filterset_class = RuleFilters
    serializer_class = RuleSerializer
    permission_classes = [CAN_EDIT]

    def get_queryset(self) -> QuerySet[Rule]:
        rules = cast(QuerySet[Rule], super().get_queryset())
        parameters = self.request.query_params
        if self.action != "list" or any(name.split("__")[0] in _NAMES_A_PACK for name in parameters):
            return rules
        return rules.filter(pack__status=RulePack.Status.PUBLISHED)

    def perform_create(self, serializer: Any) -> None:
        values = serializer.validated_data
        self._write(serializer, values["pack"], was="", slug=values["slug"])

    def perform_update(self, serializer: Any) -> None:
        was: Rule = serializer.instance
        values = serializer.validated_data
        if "pack" in values and values["pack"] != was.pack:
            raise exceptions.ValidationError({"pack": ["A rule stays in its pack."]})
        self._write(serializer, was.pack, was=was.slug, slug=values.get("slug", was.slug))

    def perform_destroy(self, instance: Rule) -> None:
        self._edit(instance.pack, lambda definition: operations.remove_rule(definition, instance.slug))

    def _write(self, serializer: Any, pack: RulePack, *, was: str, slug: str) -> None:
        item, place = serializer.document_item(), f"rules[{slug}]."
        try:
            self._edit(pack, lambda definition: operations.replace_rule(definition, item, was=was))
        except exceptions.ValidationError as error:
            # Errors name the fields of the body.
            if not isinstance(cause := error.__cause__, DocumentError) or not cause.path.startswith(place):
                raise
            field = cause.path.removeprefix(place).removeprefix("citation.").partition("[")[0]
            raise exceptions.ValidationError({_COLUMN_OF.get(field, field): [cause.message]}) from cause
        serializer.instance = Rule.objects.get(pack=pack, slug=slug)

    def _edit(self, pack: RulePack, change: Callable[..., Any]) -> None:
        by = cast(User, self.request.user)
        with named_errors():
            operations.edit(pack, change, revision=None, by=by, now=clock.now())

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
        body = RuleCaseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with named_errors():
            pack, decision = queries.decision(
                **queries.case_of(body.validated_data, today=clock.now().date())
            )
        answer = {"pack": pack, "decision": decision, "notice": NOTICE}
        return Response(RuleDecisionSerializer(answer, context={"pack": queries.content_of(pack)}).data)


router = Router()
router.register("rules", RuleViewSet)
router.register("rule-packs", RulePackViewSet)
router.register("data-origins", ORIGINS.viewset)
router.register("held-bases", BASES.viewset)
