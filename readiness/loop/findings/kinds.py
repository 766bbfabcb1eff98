"""Findings: list, page, forms and endpoint."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework import serializers

from inventory.models import Device
from readiness.assessment.framework import queries as framework_queries
from readiness.demand.workloads.models import Placement
from readiness.loop.actions.forms import ActionEvidenceForm, ActionFields
from readiness.loop.actions.kinds import SITE, name_checks
from readiness.loop.findings import operations, queries
from readiness.loop.findings.core.seen import seen_from
from readiness.loop.findings.forms import (
    AcceptForm,
    CommentTextForm,
    DeferForm,
    RaiseForm,
    RejectForm,
    ReopenFindingForm,
    TakeUpForm,
)
from readiness.loop.findings.models import UNSETTLED, WAITING, Finding, FindingEvent, waits_for_answer
from readiness.tradeoffs.models import Decision
from web import clock, links
from web.kinds import Entry, Kind
from web.kinds.columns import hidden, plain, related
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.rest.fields import ChoiceValueField, RelatedObjectField
from web.rest.lookups import Flag
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.tables import Column, Table
from web.units import day
from web.visibility import reader
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field

_SET = (
    "title",
    "text",
    "site",
    "route",
    "subject_kind",
    "subject_key",
    "seen",
    "closing",
    "check_id",
    "decision",
)
_FOLLOWS = (
    *("state", "evidence", "raised_by", "raised_at", "due_on", "first_answered_at", "answered_by"),
    *("answered_at", "reason", "deferred_until", "closed_at", "closed_because", "reopened_at"),
)


def closing_words(finding: Any) -> str:
    """Words for the event that closes a finding."""
    if finding.closing == Finding.Closing.CHECK:
        return f"{finding.check_name} passes"
    if finding.closing == Finding.Closing.DECISION and finding.decision_id:
        return f"the figure of decision {finding.decision_id} comes in"
    return "evidence is attached"


def _is_waiting(finding: Finding) -> bool:
    if finding.state == Finding.State.DEFERRED:
        return finding.deferred_until is not None and finding.deferred_until <= clock.now().date()
    return finding.state in WAITING


def due_words(finding: Finding) -> str:
    if finding.state == Finding.State.DEFERRED and finding.deferred_until is not None:
        return f"deferred until {day(finding.deferred_until)}"
    return day(finding.due_on) if _is_waiting(finding) else "answered"


def _due_tone(finding: Finding) -> str:
    return "bad" if _is_waiting(finding) and finding.due_on < clock.now().date() else ""


FILTERS = filters_of(
    Finding,
    (
        *(
            "title",
            "site",
            "route",
            "subject_kind",
            "subject_key",
            "closing",
            "check_id",
            "decision",
            "state",
        ),
        *("raised_by", "raised_at", "due_on", "answered_by", "answered_at", "deferred_until", "closed_at"),
        "reopened_at",
    ),
    search=("title", "text", "reason", "site__name", "subject_key", "check_id"),
    panel=("mine", "waiting", "late", "open", "state", "route", "site", "subject_kind", "closing"),
    mine=Flag(read=lambda _key: operations.answerable(reader(), clock.now()), label="Waits for my answer"),
    waiting=Flag(read=lambda _key: waits_for_answer(clock.now()), label="Waits for an answer"),
    late=Flag(
        read=lambda _key: waits_for_answer(clock.now()) & Q(due_on__lt=clock.now().date()),
        label="Answer overdue",
    ),
    open=Flag(read=lambda _key: Q(state__in=UNSETTLED), label="Neither closed nor rejected"),
)


class FindingEventSerializer(serializers.Serializer):
    kind = ChoiceValueField(choices=FindingEvent.Kind.choices)
    at = serializers.DateTimeField()
    by = RelatedObjectField(read_only=True, allow_null=True, help_text="Null where Muster did it")
    text = serializers.CharField()


class FindingSerializer(ObjectSerializer):
    seen = serializers.JSONField(
        required=False, help_text="What was seen: title, address, value, unit, at; it stays as it was"
    )

    class Meta:
        model = Finding
        fields = (*_SET, *_FOLLOWS)
        read_only_fields = _FOLLOWS
        brief_fields = ("title", "site", "route", "state")


class WholeFindingSerializer(FindingSerializer):
    events = FindingEventSerializer(many=True, read_only=True)

    class Meta:
        model = Finding
        fields = (*_SET, *_FOLLOWS, "events")
        read_only_fields = (*_FOLLOWS, "events")
        brief_fields = ("title", "site", "route", "state")


class AnswerReasonSerializer(BodySerializer):
    reason = words_field()


class DeferSerializer(BodySerializer):
    until = serializers.DateField()
    reason = words_field()


class ThreadSerializer(BodySerializer):
    text = words_field()


class FindingEvidenceSerializer(BodySerializer):
    evidence = words_field(max_length=500)


class TakeUpSerializer(BodySerializer):
    decision = RelatedObjectField(queryset=Decision.objects.all())


class FindingRows(OperatedViewSet):
    http_method_names = ["get", "post", "head", "options"]
    writes: ClassVar = {"create": operations.raise_finding}
    accept = endpoint(operations.accept, AnswerReasonSerializer)
    reject = endpoint(operations.reject, AnswerReasonSerializer)
    defer = endpoint(operations.defer, DeferSerializer)
    comment = endpoint(operations.comment, ThreadSerializer)
    take_up = endpoint(operations.take_up, TakeUpSerializer)
    attach_finding_evidence = endpoint(operations.attach_finding_evidence, FindingEvidenceSerializer)
    reopen = endpoint(operations.reopen, AnswerReasonSerializer)

    def get_queryset(self) -> Any:
        return queries.findings() if self.action == "list" else queries.add_thread(queries.findings())

    def get_serializer_class(self) -> Any:
        return FindingSerializer if self.action in ("list", "create") else WholeFindingSerializer


def _may_add_action(finding: Finding, user: Any) -> bool:
    return finding.state in UNSETTLED and user.has_perm("actions.add_action")


_ANYBODY = (operations.MAY_RAISE,)
ENTRIES = (
    Entry(
        url_name="finding-add",
        permissions=(operations.MAY_RAISE,),
        heading="Raise a finding",
        hint="What you saw goes to whoever can change it, and comes back with an answer",
        form=RaiseForm,
        template="readiness/findings/raise.html",
        enter=operations.raise_finding,
        done="The finding is raised.",
        after=lambda finding: links.page_url(finding) or "",
        fills=("subject_kind", "subject_key", "site", "seen", "title", "check_id", "route", "closing", "decision"),
        icon="flag",
    ),
    step_entry("finding", "accept", "Accept", AcceptForm, operations.accept, "The finding is accepted.", "check",
               permissions=_ANYBODY),
    step_entry("finding", "defer", "Defer", DeferForm, operations.defer, "The finding is deferred.", "clock-pause",
               permissions=_ANYBODY),
    step_entry("finding", "reject", "Reject", RejectForm, operations.reject, "The finding is rejected.", "x",
               permissions=_ANYBODY),
    step_entry("finding", "add-action", "Add an action", ActionFields, operations.add_finding_action,
               "The action is added.", "plus", permissions=("actions.add_action",), address="actions/add/",
               initial=lambda finding: {"check_id": finding.check_id}, when=_may_add_action),
    step_entry("finding", "take-up", "Name the decision", TakeUpForm, operations.take_up, "The decision is named.",
               "scale", permissions=_ANYBODY),
    step_entry("finding", "evidence", "Attach evidence", ActionEvidenceForm, operations.attach_finding_evidence,
               "The evidence is attached.", "link", permissions=_ANYBODY),
    step_entry("finding", "comment", "Comment", CommentTextForm, operations.comment, "Your comment is there.",
               "message", permissions=_ANYBODY),
    step_entry("finding", "reopen", "Open again", ReopenFindingForm, operations.reopen, "The finding is open again.",
               "refresh", permissions=_ANYBODY),
)  # fmt: skip


def _subject_url(finding: Finding) -> str:
    """The page of what it is about, where its kind and key tell that and it is still there."""
    key, slug = finding.subject_key, finding.site.slug if finding.site else ""
    rows: QuerySet[Any]
    match finding.subject_kind:
        case Finding.Subject.CHECK:
            if key not in framework_queries.current()[1].checks_by_id:
                return ""
            return links.link("site-check", slug, key) if slug else links.link("check", key)
        case Finding.Subject.INCIDENT:
            return links.link("incident-detail", key) if key.isdecimal() else ""
        case Finding.Subject.DECISION:
            rows, page = Decision.objects.all(), "decision"
        case Finding.Subject.DEVICE:
            rows, page = Device.objects.all(), "device-detail"
        case Finding.Subject.PLACEMENT:
            rows, page = Placement.objects.all(), "placement-detail"
        case _:
            return ""
    return links.link(page, key) if key.isdecimal() and rows.filter(pk=key).exists() else ""


def _page(finding: Finding, user: Any) -> dict[str, Any]:
    name_checks([finding])
    return {
        "finding": finding,
        "seen": seen_from(finding.seen),
        "subject_url": _subject_url(finding),
        "closing_words": closing_words(finding),
        "is_waiting": _is_waiting(finding),
        "is_late": bool(_due_tone(finding)),
        "events": finding.events.select_related("by").order_by("at", "pk"),
        "actions": (
            finding.actions.select_related("owner__user", "team", "site").order_by("pk")
            if user.has_perm("actions.view_action")
            else ()
        ),
    }


FINDING = Kind(
    model=Finding,
    rows=queries.findings,
    prepare=name_checks,
    room=None,
    address="",
    pages=("list", "detail", "csv"),
    icon="flag",
    hint="What operations and planning tell each other, and the answers",
    viewset=viewset_of(queries.findings(), FindingSerializer, FILTERS, FindingRows),
    template="readiness/findings/finding.html",
    context=_page,
    entries=ENTRIES,
    table=Table(
        id="finding-list",
        noun=("finding", "findings"),
        label="Findings",
        columns=(
            plain("title", "Finding", locked=True, phone="title", url=links.page_url),
            Column("state", "State", states="finding", sort="state", phone="status"),
            SITE,
            plain("route", "Route"),
            hidden(plain, "subject_kind", "About"),
            Column("closing", "Closes when", closing_words, phone="full", export="closing"),
            plain("raised_at", "Raised"),
            Column("due_on", "Answer due", text=due_words, tone=_due_tone, sort="due_on"),
            Column("raised_by", "Raised by", sort="raised_by__username", default=False),
            Column("answered_by", "Answered by", sort="answered_by__username", default=False),
            plain("answered_at", "Answered", default=False),
            plain("reason", "Reason", default=False, phone="full"),
            plain("subject_key", "Key", default=False),
            plain("check_id", "Check", default=False),
            related("decision", "Decision", sort="decision_id", default=False, export="decision_id"),
            plain("text", "Description", default=False, phone="full"),
            plain("closed_at", "Closed", default=False),
            plain("reopened_at", "Opened again", default=False),
        ),
        filterset=FILTERS,
        row_url=links.page_url,
        api="findings-api-finding-list",
        default_sort="-raised_at",
        empty={
            "title": "No finding yet",
            "text": "A finding says what operations or planning saw, and who is to answer. Raise one from a chart, a "
            "check, a device, a problem or a decision.",
            "icon": "flag",
        },
    ),
)  # fmt: skip
