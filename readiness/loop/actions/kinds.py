"""Actions: list, page, forms and endpoint."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Q
from rest_framework import serializers

from readiness.assessment.framework import queries as framework_queries
from readiness.loop.actions import operations, queries
from readiness.loop.actions.forms import (
    ActionEvidenceForm,
    ActionFields,
    DropForm,
    FinishForm,
    PlannedActionForm,
    ReopenForm,
    action_initial,
)
from readiness.loop.actions.models import Action
from web import clock, links
from web.kinds import Entry, Facts, Kind
from web.kinds.columns import plain, related
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.rest.lookups import Flag
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.tables import Column, Table
from web.units import day, how_many
from web.visibility import reader
from web.workflows.endpoints import OperatedViewSet, endpoint, words_field

_SET = ("title", "site", "owner", "team", "due_on", "effect", "check_id", "effect_reason", "note")
_FOLLOWS = ("state", "evidence", "observed_at", "added_by", "added_at", "ended_by", "ended_at", "end_note")


def due_words(action: Action) -> str:
    if action.due_on is None:
        return "no date"
    if not action.is_open:
        return day(action.due_on)
    days_left = (action.due_on - clock.now().date()).days
    days = how_many(abs(days_left), "day", "days")
    return "today" if days_left == 0 else f"{days} overdue" if days_left < 0 else f"in {days}"


def name_checks(rows: list[Any]) -> Sequence[Any]:
    """Add `check_name` to actions or findings: that of the framework in force, or the id of a check that it has no
    more. One statement for all."""
    checks = framework_queries.current()[1].checks_by_id if any(row.check_id for row in rows) else {}
    for row in rows:
        row.check_name = checks[row.check_id].name if row.check_id in checks else row.check_id
    return rows


def effect_words(action: Any) -> str:
    """Words for the effect that must be seen, and whether it was."""
    if action.effect == Action.Effect.NONE:
        return f"nothing to see: {action.effect_reason}"
    promised = "evidence" if action.effect == Action.Effect.EVIDENCE else f"{action.check_name} passes"
    return f"{promised}: {'not seen yet' if action.observed_at is None else 'seen'}"


def _tone(action: Action) -> str:
    return "bad" if action.is_overdue(clock.now().date()) else ""


def _effect_tone(action: Action) -> str:
    is_unseen = action.state == Action.State.DONE and action.observed_at is None
    return "warn" if is_unseen else ""


STATE = Column("state", "State", states="action", sort="state", phone="status")
DUE = Column("due_on", "Due", text=due_words, tone=_tone, sort="due_on")
EFFECT = Column("effect", "Effect", effect_words, tone=_effect_tone, phone="full", export="effect")
OWNER = related("owner", "Owner", tone=lambda row: "" if row.owner_id or row.team_id else "warn")
SITE = Column(
    "site",
    "Site",
    lambda row: row.site.name if row.site else "the fleet",
    url=lambda row: links.page_url(row.site) or "" if row.site else "",
    sort="site__name",
    export="site.slug",
)
FILTERS = filters_of(
    Action,
    (*_SET, "state", "observed_at", "added_by", "added_at", "ended_at"),
    search=("title", "note", "site__name", "owner__name", "team__name"),
    panel=("mine", "state", "overdue", "unseen", "site", "team", "owner"),
    mine=Flag(read=lambda _key: queries.owned_by(reader()), label="My actions"),
    overdue=Flag(
        read=lambda _key: Q(state=Action.State.OPEN, due_on__lt=clock.now().date()), label="Overdue"
    ),
    unseen=Flag(
        read=lambda _key: Q(state=Action.State.DONE, observed_at=None), label="Done, effect not seen yet"
    ),
)


class LoopActionSerializer(ObjectSerializer):
    class Meta:
        model = Action
        fields = (*_SET, *_FOLLOWS)
        read_only_fields = _FOLLOWS
        brief_fields = ("title", "site", "state", "due_on")


class NoteSerializer(BodySerializer):
    note = words_field(max_length=500)


class EvidenceTextSerializer(BodySerializer):
    evidence = serializers.CharField(max_length=500)


class ActionRows(OperatedViewSet):
    http_method_names = ["get", "post", "put", "patch", "head", "options"]
    writes: ClassVar = {"create": operations.add_action, "update": operations.change_action}
    fixed: ClassVar = ("site",)
    finish_action = endpoint(operations.finish_action, NoteSerializer)
    drop_action = endpoint(operations.drop_action, NoteSerializer)
    reopen_action = endpoint(operations.reopen_action)
    attach_evidence = endpoint(operations.attach_evidence, EvidenceTextSerializer)


_CHANGE = (operations.MAY_CHANGE,)


def _is_open(action: Action, _user: Any) -> bool:
    return action.is_open


def _wants_evidence(action: Action, _user: Any) -> bool:
    return action.effect == Action.Effect.EVIDENCE and action.state != Action.State.DROPPED


ENTRIES = (
    Entry(
        url_name="action-add",
        permissions=(operations.MAY_ADD,),
        heading="Add an action",
        form=PlannedActionForm,
        enter=operations.add_action,
        done="The action is added.",
        after=lambda action: links.page_url(action) or "",
        fills=("title", "site", "check_id", "effect"),
    ),
    step_entry("action", "finish", "Finish", FinishForm, operations.finish_action, "The action is done.", "check",
               permissions=_CHANGE),
    step_entry("action", "evidence", "Attach evidence", ActionEvidenceForm, operations.attach_evidence,
               "The evidence is attached.", "link", permissions=_CHANGE, when=_wants_evidence),
    step_entry("action", "edit", "Change", ActionFields, operations.change_action, "The action is saved.", "edit",
               permissions=_CHANGE, when=_is_open, initial=action_initial),
    step_entry("action", "drop", "Drop", DropForm, operations.drop_action, "The action is dropped.", "ban",
               permissions=_CHANGE),
    step_entry("action", "reopen", "Open again", ReopenForm, operations.reopen_action, "The action is open again.",
               "refresh", permissions=_CHANGE, template="people/step.html",
               initial=lambda action: {"title": f"Open “{action}” again", "times": ""}),
)  # fmt: skip
ACTION = Kind(
    model=Action,
    rows=queries.actions,
    prepare=name_checks,
    room=None,
    address="",
    pages=("list", "detail", "csv"),
    icon="list-details",
    hint="Who does what by when, and the effect that must be seen afterwards",
    viewset=viewset_of(queries.actions(), LoopActionSerializer, FILTERS, ActionRows),
    facts=(
        Facts("Facts", ("state", "site", "owner", "team", "due_on", "note", "added_by", "added_at")),
        Facts("Effect", ("effect", "evidence", "observed_at", "ended_at", "ended_by", "end_note")),
    ),
    entries=ENTRIES,
    table=Table(
        id="action-list",
        noun=("action", "actions"),
        label="Actions",
        columns=(
            plain("title", "Action", locked=True, phone="title", url=links.page_url),
            STATE,
            SITE,
            OWNER,
            related("team", "Team"),
            DUE,
            EFFECT,
            plain("check_id", "Check", default=False, code=True),
            plain("effect_reason", "Reason for no effect", default=False),
            plain("note", "Note", default=False),
            plain("evidence", "Evidence", default=False),
            plain("observed_at", "Effect seen", default=False),
            plain("added_at", "Added", default=False),
            Column("added_by", "Added by", sort="added_by__username", default=False),
            plain("ended_at", "Ended", default=False),
            Column("ended_by", "Ended by", sort="ended_by__username", default=False),
            plain("end_note", "What was said", default=False),
        ),
        filterset=FILTERS,
        row_url=links.page_url,
        api="actions-api-action-list",
        default_sort="due_on",
        empty={
            "title": "No action yet",
            "text": "An action says who does what by when, and which effect must be seen. Findings and incidents lead "
            "to actions.",
            "icon": "list-details",
        },
    ),
)  # fmt: skip
KINDS = (ACTION,)
