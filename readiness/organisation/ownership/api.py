"""Endpoints of assignments, and of items that are not properly owned."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from readiness.organisation.ownership import deputies, gaps, leave_handovers, operations, reassigning, rules
from readiness.organisation.ownership.core.standing import TermStanding
from readiness.organisation.ownership.models import Assignment, HandoverStep, condition_in_force
from readiness.organisation.ownership.tables import presence_words
from readiness.organisation.people.models import Person, Team, has_left
from web import clock
from web.rest.errors import named_errors
from web.rest.fields import RelatedObjectField
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag
from web.rest.pagination import limit_of
from web.rest.permissions import requires
from web.rest.reports import endpoint as read_endpoint
from web.rest.reports import parameter
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import Router
from web.visibility import SEES_NAMES
from web.workflows import NotInState
from web.workflows.endpoints import OperatedViewSet, author_of, endpoint, operated, words_field


def _owner_left(_key: str) -> Q:
    now = clock.now()
    return condition_in_force(now) & has_left(now, person="accountable__")


def _unanswered(_key: str) -> Q:
    now = clock.now()
    return condition_in_force(now) & (has_left(now, person="accountable__") | Q(accountable__user=None))


def _away(_key: str) -> Q:
    now = clock.now()
    return condition_in_force(now) & Q(deputies.leave_exists("accountable", now))


def _overdue(_key: str) -> Q:
    now = clock.now()
    return condition_in_force(now) & Q(due_at__lte=now)


class AssignmentFilters(ObjectFilterSet):
    in_force = Flag(read=lambda _key: condition_in_force(clock.now()), label="In force")
    overdue = Flag(read=_overdue, label="Confirmation overdue")
    owner_left = Flag(read=_owner_left, label="Owner has left")
    unanswered = Flag(read=_unanswered, label="Owner cannot answer")
    owner_away = Flag(read=_away, label="Owner is on leave")

    class Meta:
        model = Assignment
        fields = [
            *("site", "item", "state", "accountable", "deputy", "team", "responsible", "proposed_by"),
            *("effective_at", "proposed_at", "answered_at", "confirmed_at", "due_at", "ended_at"),
        ]
        # No names: search results would reveal the owner to users who may not see names.
        search_fields = ["site__name", "site__slug", "team__name", "decision_rights", "escalation"]
        panel = ["state", "item", "site", "team", "in_force", "overdue", "unanswered", "owner_away"]


_DECIDED = (
    *(
        "state",
        "proposed_by",
        "proposed_at",
        "answered_by",
        "answered_at",
        "answered_as_deputy",
        "answer_note",
    ),
    *("confirmed_at", "due_at", "ended_at", "ended_by", "end_reason"),
)


class StepSerializer(serializers.ModelSerializer):
    class Meta:
        model = HandoverStep
        fields = ("id", "number", "text", "done_at")


class AssignmentSerializer(ObjectSerializer):
    """`is_in_force` and `standing` are as of now."""

    is_in_force = serializers.SerializerMethodField()
    standing = serializers.SerializerMethodField(help_text="The state, or what an accepted assignment lacks")
    steps = StepSerializer(many=True, read_only=True)
    effective_at = serializers.DateTimeField(required=False, help_text="As soon as accepted unless given")

    class Meta:
        model = Assignment
        fields = (
            *("site", "item", "accountable", "team", "deputy", "responsible"),
            *("decision_rights", "escalation"),
            *("effective_at", "is_in_force", "standing", "steps", *_DECIDED),
        )
        read_only_fields = _DECIDED
        brief_fields = ("site", "item", "team", "state", "due_at")

    def get_is_in_force(self, assignment: Assignment) -> bool:
        return assignment.is_in_force(clock.now())

    @extend_schema_field(serializers.ChoiceField([each.value for each in TermStanding]))
    def get_standing(self, assignment: Assignment) -> str:
        return assignment.standing_at(clock.now()).value


class AnswerNoteSerializer(BodySerializer):
    note = words_field(max_length=1000, help_text="Why; required to decline")


@extend_schema_serializer(component_name="End")
class EndAssignmentSerializer(BodySerializer):
    reason = serializers.CharField(max_length=1000)


class TickSerializer(BodySerializer):
    step = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    done = serializers.BooleanField()


class AmendSerializer(BodySerializer):
    deputy = RelatedObjectField(
        queryset=Person.objects.select_related("user"), required=False, allow_null=True
    )
    responsible = RelatedObjectField(queryset=Team.objects.all(), required=False, allow_null=True)
    escalation = serializers.CharField(required=False, allow_blank=True, max_length=1000)


class ReassignSerializer(BodySerializer):
    to = RelatedObjectField(queryset=Person.objects.select_related("user"))
    team = RelatedObjectField(queryset=Team.objects.all(), required=False, allow_null=True, default=None)
    dry_run = serializers.BooleanField(default=False, help_text="Only report what would be done")

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` cannot be a Python attribute.
        own = {"from": RelatedObjectField(queryset=Person.objects.select_related("user"))}
        return own | super().get_fields()


class ReassignedSideSerializer(serializers.Serializer):
    accountable = serializers.CharField(source="accountable.name")
    team = serializers.CharField(source="team.name")
    deputy = serializers.CharField(source="deputy.name", allow_null=True)
    state = serializers.CharField()


class ReassignedRowSerializer(serializers.Serializer):
    assignment = serializers.IntegerField(source="assignment.pk")
    site = serializers.CharField(source="assignment.site.slug")
    item = serializers.CharField(source="assignment.item")
    kind = serializers.CharField()
    before = ReassignedSideSerializer(source="assignment")
    after = ReassignedSideSerializer(source="*")
    problem = serializers.CharField()


class ReassignedSerializer(serializers.Serializer):
    dry_run = serializers.BooleanField()
    count = serializers.IntegerField()
    results = ReassignedRowSerializer(many=True)


def tick_line(assignment: Assignment, *, step: int, done: bool, by: User, now: datetime) -> None:
    line = assignment.steps.filter(pk=step).first()
    if line is None:
        raise ValidationError({"step": ["The checklist of this assignment has no such line."]})
    operations.set_step(line, done=done, by=by, now=now)


_may_reassign = [requires(rules.MAY_SEE, SEES_NAMES, rules.MAY_PROPOSE, rules.MAY_END)]


class AssignmentViewSet(OperatedViewSet):
    """Assignments are answered, confirmed and ended, but never changed or deleted."""

    queryset = Assignment.objects.select_related(
        *("site", "accountable__user", "deputy__user", "team", "responsible", "proposed_by"),
        *("answered_by", "ended_by"),
    ).prefetch_related("steps")
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilters
    http_method_names = ["get", "post", "head", "options"]
    ordering_fields = ("id", "site", "item", "state", "proposed_at", "effective_at", "due_at", "ended_at")
    workflow = operations.ASSIGNMENTS

    def perform_create(self, serializer: Any) -> None:
        with named_errors(NotInState):
            proposal = operations.Proposal(**serializer.validated_data)
            serializer.instance = operations.propose(proposal, **author_of(self.request))

    accept = endpoint(operations.accept, AnswerNoteSerializer)
    decline = endpoint(operations.decline, AnswerNoteSerializer)
    end = endpoint(operations.end, EndAssignmentSerializer)
    cover = endpoint(leave_handovers.cover, AnswerNoteSerializer)
    refuse = endpoint(leave_handovers.refuse, AnswerNoteSerializer)
    confirm = endpoint(operations.confirm)

    amend = operated(
        operations.amend,
        AmendSerializer,
        "Change who stands in, who does the work, or the way to call",
        *(rules.MAY_SEE, rules.MAY_PROPOSE),
    )
    tick = operated(
        tick_line,
        TickSerializer,
        "Tick a line of the hand-over checklist, or take the tick back",
        rules.MAY_SEE,
        name="tick",
    )

    @extend_schema(
        request=ReassignSerializer,
        responses=ReassignedSerializer,
        summary="Reassign everything that one person owns",
    )
    @action(detail=False, methods=["post"], permission_classes=_may_reassign)
    def reassign(self, request: Request) -> Response:
        """All items move or none. The other person is asked to accept; until then terms in force continue."""
        body = ReassignSerializer(data=request.data, context={"request": request})
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        source, target, team = fields["from"], fields["to"], fields["team"]
        now = clock.now()
        if fields["dry_run"]:
            with named_errors():
                reassigning.refuse_target(source, target, now)
            moves = reassigning.plan(source, target, team=team, now=now)
        else:
            with transaction.atomic(), named_errors():
                moves = reassigning.reassign(source=source, target=target, team=team, **author_of(request))
        moved = {"dry_run": fields["dry_run"], "count": len(moves), "results": moves}
        return Response(ReassignedSerializer(moved).data)


class OwnershipGapRowSerializer(serializers.Serializer):
    queue = serializers.ChoiceField(gaps.OwnershipQueue.values)
    site = serializers.CharField(source="site.slug")
    site_name = serializers.CharField(source="site.name")
    item = serializers.ChoiceField(Assignment.Item.values, source="cell.item")
    kw = serializers.FloatField(help_text="Deployed at the site")
    assignment = serializers.IntegerField(source="assignment.id", allow_null=True)
    accountable = serializers.CharField(source="assignment.person", allow_null=True)
    team = serializers.CharField(source="assignment.team", allow_null=True)
    reason = serializers.SerializerMethodField(help_text="Why the owner does not answer, if so")
    since = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)

    def get_reason(self, row: gaps.QueuedItem) -> str:
        return presence_words(row.assignment, names=self.context["names"])

    def to_representation(self, instance: gaps.QueuedItem) -> dict[str, Any]:
        row = super().to_representation(instance)
        return row if self.context["names"] else row | {"accountable": None}


class OwnershipGapsSerializer(serializers.Serializer):
    evaluated_at = serializers.DateTimeField()
    count = serializers.IntegerField()
    results = OwnershipGapRowSerializer(many=True)


_KNOWN = {"queue": tuple(gaps.OwnershipQueue.values), "item": tuple(Assignment.Item.values)}


def _chosen(request: Request, name: str, choices: tuple[str, ...]) -> set[str]:
    values = set(request.query_params.getlist(name))
    if unknown := sorted(values - set(choices)):
        raise ValidationError(
            {name: [f"No such choice: {', '.join(unknown)}. There are {', '.join(choices)}."]}
        )
    return values


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValidationError({"offset": ["A whole number is needed."]})
    return int(text)


@read_endpoint(
    "inventory.view_site",
    rules.MAY_SEE,
    parameters=[
        parameter("queue", "", enum=list(_KNOWN["queue"]), many=True),
        parameter("item", "", enum=list(_KNOWN["item"]), many=True),
        parameter("site", "Slug", many=True),
        parameter("limit", "", type=int),
        parameter("offset", "", type=int),
    ],
    answer=OwnershipGapsSerializer,
    operation_id="ownership_gaps",
    summary="Items that are not properly owned, with the capacity at stake",
)
def ownership_gaps(request: Request) -> dict[str, Any]:
    """Items that are not properly owned, the most capacity first. An item may be in several queues."""
    filters = {name: _chosen(request, name, choices) for name, choices in _KNOWN.items()}
    sites = set(request.query_params.getlist("site"))
    now = clock.now()
    queued = [
        gap
        for gap in gaps.fleet(now=now).gaps()
        if (not filters["queue"] or gap.queue in filters["queue"])
        and (not filters["item"] or gap.cell.item in filters["item"])
        and (not sites or gap.site.slug in sites)
    ]
    limit, offset = limit_of(request), _offset(request)
    answer = {"evaluated_at": now, "count": len(queued), "results": queued[offset : offset + limit]}
    return dict(OwnershipGapsSerializer(answer, context={"names": request.user.has_perm(SEES_NAMES)}).data)


router = Router()
router.register("assignments", AssignmentViewSet)
