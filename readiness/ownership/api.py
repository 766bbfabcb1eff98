"""Endpoints under /api/ownership/: assignments with their handshake, reassigning, and what is not owned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from readiness.ownership import gaps, operations, reassigning, rules
from readiness.ownership.filters import AssignmentFilters
from readiness.ownership.models import Assignment, HandoverStep
from readiness.people.models import Person, Team
from web import clock
from web.rest.errors import named_errors
from web.rest.fields import RelatedObjectField
from web.rest.filters import refuse_unknown
from web.rest.pagination import limit_of
from web.rest.permissions import requires
from web.rest.router import Router
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.visibility import SEES_NAMES

_DECIDED = (
    *("state", "proposed_by", "proposed_at", "answered_by", "answered_at", "answer_note"),
    *("confirmed_at", "due_at", "ended_at", "ended_by", "end_reason"),
)


class StepSerializer(serializers.ModelSerializer):
    class Meta:
        model = HandoverStep
        fields = ("id", "number", "text", "done_at")


class AssignmentSerializer(ObjectSerializer):
    """`is_in_force` is as of now."""

    is_in_force = serializers.SerializerMethodField()
    steps = StepSerializer(many=True, read_only=True)
    effective_at = serializers.DateTimeField(
        required=False, help_text="As soon as accepted, if none is given"
    )

    class Meta:
        model = Assignment
        fields = (
            *(
                "site",
                "item",
                "accountable",
                "team",
                "deputy",
                "responsible",
                "decision_rights",
                "escalation",
            ),
            *("effective_at", "is_in_force", "steps", *_DECIDED),
        )
        read_only_fields = _DECIDED
        brief_fields = ("site", "item", "team", "state", "due_at")

    @extend_schema_field(OpenApiTypes.BOOL)
    def get_is_in_force(self, assignment: Assignment) -> bool:
        return assignment.is_in_force(clock.now())


class AnswerNoteSerializer(serializers.Serializer):
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=1000, help_text="Why; required to decline"
    )


@extend_schema_serializer(component_name="End")
class EndAssignmentSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=1000)


class TickSerializer(serializers.Serializer):
    step = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    done = serializers.BooleanField()


class AmendSerializer(serializers.Serializer):
    deputy = RelatedObjectField(
        queryset=Person.objects.select_related("user"), required=False, allow_null=True
    )
    responsible = RelatedObjectField(queryset=Team.objects.all(), required=False, allow_null=True)
    escalation = serializers.CharField(required=False, allow_blank=True, max_length=1000)


class ReassignSerializer(serializers.Serializer):
    to = RelatedObjectField(queryset=Person.objects.select_related("user"))
    team = RelatedObjectField(queryset=Team.objects.all(), required=False, allow_null=True, default=None)
    dry_run = serializers.BooleanField(default=False, help_text="Say what would be done, and do nothing")

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no name for a Python attribute.
        own = {"from": RelatedObjectField(queryset=Person.objects.select_related("user"))}
        return own | super().get_fields()


_side = inline_serializer(
    "ReassignedSide",
    {
        "accountable": serializers.CharField(),
        "team": serializers.CharField(),
        "deputy": serializers.CharField(allow_null=True),
        "state": serializers.CharField(),
    },
)
_moved = inline_serializer(
    "Reassigned",
    {
        "dry_run": serializers.BooleanField(),
        "count": serializers.IntegerField(),
        "results": inline_serializer(
            "ReassignedRow",
            {
                "assignment": serializers.IntegerField(),
                "site": serializers.CharField(),
                "item": serializers.CharField(),
                "kind": serializers.CharField(),
                "before": _side,
                "after": _side,
                "problem": serializers.CharField(),
            },
            many=True,
        ),
    },
)


def _move_document(move: reassigning.Reassignment) -> dict[str, Any]:
    assignment = move.assignment
    after_state = assignment.state if move.kind == "deputy" else Assignment.State.PROPOSED.value
    return {
        "assignment": assignment.pk,
        "site": assignment.site.slug,
        "item": assignment.item,
        "kind": move.kind,
        "before": _one_side(assignment.accountable, assignment.team, assignment.deputy, assignment.state),
        "after": _one_side(move.accountable, move.team, move.deputy, after_state),
        "problem": move.problem,
    }


def _one_side(accountable: Person, team: Team, deputy: Person | None, state: str) -> dict[str, Any]:
    return {
        "accountable": accountable.name,
        "team": team.name,
        "deputy": deputy.name if deputy else None,
        "state": state,
    }


_may_see = [requires(rules.MAY_SEE)]
_may_reassign = [requires(rules.MAY_SEE, SEES_NAMES, rules.MAY_PROPOSE, rules.MAY_END)]


class AssignmentViewSet(ObjectViewSet):
    """None is changed or deleted: it is answered, confirmed and ended, and kept."""

    queryset = Assignment.objects.select_related(
        *("site", "accountable__user", "deputy__user", "team", "responsible", "proposed_by"),
        *("answered_by", "ended_by"),
    ).prefetch_related("steps")
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilters
    http_method_names = ["get", "post", "head", "options"]
    ordering_fields = ("id", "site", "item", "state", "proposed_at", "effective_at", "due_at", "ended_at")

    def perform_create(self, serializer: Any) -> None:
        with named_errors():
            proposal = operations.Proposal(**serializer.validated_data)
            serializer.instance = operations.propose(proposal, **self._by())

    @extend_schema(request=AnswerNoteSerializer, summary="The person named says yes")
    @action(detail=True, methods=["post"], permission_classes=_may_see)
    def accept(self, request: Request, pk: str) -> Response:
        return self._done(request, AnswerNoteSerializer, operations.accept)

    @extend_schema(request=AnswerNoteSerializer, summary="The person named says no, and why")
    @action(detail=True, methods=["post"], permission_classes=_may_see)
    def decline(self, request: Request, pk: str) -> Response:
        return self._done(request, AnswerNoteSerializer, operations.decline)

    @extend_schema(request=EndAssignmentSerializer, summary="End it now, or withdraw the proposal")
    @action(detail=True, methods=["post"], permission_classes=_may_see)
    def end(self, request: Request, pk: str) -> Response:
        return self._done(request, EndAssignmentSerializer, operations.end)

    @extend_schema(request=None, summary="The accountable person still answers for it")
    @action(detail=True, methods=["post"], permission_classes=_may_see)
    def confirm(self, request: Request, pk: str) -> Response:
        return self._done(request, None, operations.confirm)

    @extend_schema(
        request=AmendSerializer, summary="Change who stands in, who does the work, or the way to call"
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(rules.MAY_SEE, rules.MAY_PROPOSE)])
    def amend(self, request: Request, pk: str) -> Response:
        return self._done(request, AmendSerializer, operations.amend)

    @extend_schema(
        request=TickSerializer, summary="Tick a line of the hand-over checklist, or take the tick back"
    )
    @action(detail=True, methods=["post"], permission_classes=_may_see)
    def tick(self, request: Request, pk: str) -> Response:
        asked = _read(TickSerializer, request)
        with transaction.atomic(), named_errors(rules.WrongState):
            assignment = cast(Assignment, self._locked_one())
            step = assignment.steps.filter(pk=asked["step"]).first()
            if step is None:
                raise ValidationError({"step": ["This assignment has no such step."]})
            operations.set_step(step, done=asked["done"], **self._by())
        return self._answer(self._again(assignment))

    @extend_schema(
        request=ReassignSerializer, responses=_moved, summary="Give all of one person's to another"
    )
    @action(detail=False, methods=["post"], permission_classes=_may_reassign)
    def reassign(self, request: Request) -> Response:
        """All of it or nothing. The other is asked to accept; until then terms in force go on."""
        asked = _read(ReassignSerializer, request)
        source, target, team = asked["from"], asked["to"], asked["team"]
        now = clock.now()
        if asked["dry_run"]:
            with named_errors():
                reassigning.refuse_target(source, target, now)
            moves = reassigning.plan(source, target, team=team, now=now)
        else:
            with transaction.atomic(), named_errors():
                moves = reassigning.reassign(source=source, target=target, team=team, **self._by())
        results = [_move_document(move) for move in moves]
        return Response({"dry_run": asked["dry_run"], "count": len(results), "results": results})

    def _done(
        self, request: Request, reads: type[serializers.Serializer] | None, do: Callable[..., Assignment]
    ) -> Response:
        given = _read(reads, request) if reads else {}
        with transaction.atomic(), named_errors(rules.WrongState):
            # Locked, so that the ETag that was sent is that of what is decided on.
            assignment = self._locked_one()
            do(assignment, **given, **self._by())
        return self._answer(self._again(assignment))

    def _by(self) -> dict[str, Any]:
        return {"by": cast(User, self.request.user), "now": clock.now()}


def _read(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data, context={"request": request})
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


_gap = inline_serializer(
    "OwnershipGap",
    {
        "queue": serializers.ChoiceField([each.value for each in gaps.OwnershipQueue]),
        "site": serializers.CharField(),
        "site_name": serializers.CharField(),
        "item": serializers.ChoiceField(Assignment.Item.values),
        "kw": serializers.FloatField(help_text="Deployed at the site"),
        "assignment": serializers.IntegerField(allow_null=True),
        "accountable": serializers.CharField(allow_null=True),
        "team": serializers.CharField(allow_null=True),
        "since": serializers.DateTimeField(allow_null=True),
        "due_at": serializers.DateTimeField(allow_null=True),
    },
)


class GapsView(APIView):
    """Items that are not owned as they should be, the most capacity first. An item may be in several queues."""

    permission_classes = [requires("inventory.view_site", rules.MAY_SEE)]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "queue", OpenApiTypes.STR, enum=[each.value for each in gaps.OwnershipQueue], many=True
            ),
            OpenApiParameter("item", OpenApiTypes.STR, enum=Assignment.Item.values, many=True),
            OpenApiParameter("site", OpenApiTypes.STR, description="Slug", many=True),
            OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("offset", OpenApiTypes.INT),
        ],
        responses=inline_serializer(
            "OwnershipGaps",
            {
                "evaluated_at": serializers.DateTimeField(),
                "count": serializers.IntegerField(),
                "results": inline_serializer("OwnershipGapRow", dict(_gap.fields), many=True),
            },
        ),
        operation_id="ownership_gaps",
        summary="What is not owned as it should be, with the capacity at stake",
    )
    def get(self, request: Request) -> Response:
        refuse_unknown(request, {"queue", "item", "site"}, {"limit", "offset", "format"})
        wanted = {name: _chosen(request, name, known) for name, known in _KNOWN.items()}
        sites = set(request.query_params.getlist("site"))
        now = clock.now()
        queued = [
            gap
            for gap in gaps.fleet(now=now).gaps()
            if (not wanted["queue"] or gap.queue in wanted["queue"])
            and (not wanted["item"] or gap.cell.item in wanted["item"])
            and (not sites or gap.site.slug in sites)
        ]
        limit, offset = limit_of(request), _offset(request)
        names = request.user.has_perm(SEES_NAMES)
        rows = [_gap_row(gap, names=names) for gap in queued[offset : offset + limit]]
        return Response({"evaluated_at": now, "count": len(queued), "results": rows})


_KNOWN = {"queue": tuple(each.value for each in gaps.OwnershipQueue), "item": tuple(Assignment.Item.values)}


def _chosen(request: Request, name: str, known: tuple[str, ...]) -> set[str]:
    asked = set(request.query_params.getlist(name))
    if unknown := sorted(asked - set(known)):
        raise ValidationError(
            {name: [f"No such choice: {', '.join(unknown)}. There are {', '.join(known)}."]}
        )
    return asked


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValidationError({"offset": ["A whole number is needed."]})
    return int(text)


def _gap_row(gap: gaps.QueuedItem, *, names: bool) -> dict[str, Any]:
    about = gap.about
    return {
        "queue": gap.queue.value,
        "site": gap.site.slug,
        "site_name": gap.site.name,
        "item": gap.cell.item.value,
        "kw": gap.kw,
        "assignment": about.id if about else None,
        "accountable": about.person if about and names else None,
        "team": about.team if about else None,
        "since": gap.since,
        "due_at": gap.due_at,
    }


router = Router()
router.register("assignments", AssignmentViewSet)
