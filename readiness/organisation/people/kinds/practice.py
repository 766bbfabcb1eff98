"""Procedures, alert rules and drills: their lists, pages and forms."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from rest_framework import serializers

from inventory.api import InventorySerializer
from readiness.organisation.people.check_names import check_names
from readiness.organisation.people.forms import ResultForm
from readiness.organisation.people.kinds.tabs import declared, standing_column
from readiness.organisation.people.models import (
    AlertRule,
    Drill,
    DrillAction,
    Exercise,
    Participant,
    Procedure,
)
from readiness.organisation.people.operations import enter_result
from readiness.organisation.people.queries.standing import procedures
from web import clock
from web.kinds import Entry, Facts, Kind, Related
from web.kinds.columns import figure, hidden, plain, related
from web.kinds.declaring import ObjectForm
from web.rest.lookups import Flag
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.tables import Column
from web.units import day
from web.visibility import SEES_NAMES


class CheckedForm(ObjectForm):
    checks = forms.MultipleChoiceField(
        label="Checks",
        choices=lambda: [(check, f"{check}: {name}") for check, name in check_names().items()],
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Checks of the framework that it serves.",
    )


class CheckedSerializer(ObjectSerializer):
    due_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it is to be reviewed next."
    )
    is_overdue = serializers.BooleanField(read_only=True)
    exercised_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When a drill last exercised it."
    )

    def validate_checks(self, checks: list[str]) -> list[str]:
        unknown = [check for check in checks if check not in check_names()]
        if unknown:
            raise serializers.ValidationError(f"The framework in force has no check {', '.join(unknown)}.")
        return list(dict.fromkeys(checks))


def _procedures() -> QuerySet[Procedure]:
    return procedures(now=clock.now())


def _name_checks(rows: list[Any]) -> Sequence[Any]:
    names = check_names()
    for row in rows:
        row.served = ", ".join(names.get(check, check) for check in row.checks)
    return rows


class ProcedureRows(ObjectViewSet):
    def get_queryset(self) -> QuerySet[Procedure]:
        return _procedures()


def _action_standing(action: DrillAction) -> str:
    return "done" if action.done_at else "overdue" if action.due_at <= clock.now() else "open"


_SITE = Column("site", "Site", lambda row: row.site.name if row.site else "All sites", sort="site__name")
# Files name a drill as it is imported.
_DRILL = related("drill", "Drill", export="drill.name")
_HELD = Column("held_at", "Held", "drill.held_at", sort="drill__held_at")
PROCEDURES = declared(
    Procedure,
    (
        *("title", "slug", "kind", "site", "version", "url", "owner", "scope", "risk", "check_points"),
        *("back_out", "approvals", "checks", "reviewed_at", "subject_changed_at", "review_days"),
    ),
    (
        *("title", "kind"),
        _SITE,
        "version",
        Column("checks", "Checks", value="served", phone="full"),
        plain("exercised_at", "Last exercised"),
        plain("reviewed_at", "Reviewed"),
        plain("due_at", "Review due"),
        standing_column(lambda row: "overdue" if row.is_overdue else "current", overdue="bad"),
        "owner",
        hidden(Column, "url", "Address", url="url"),
        figure("review_days", "Review every", "d", default=False),
    ),
    hidden=("risk", "slug", "scope", "approvals", "check_points", "back_out", "subject_changed_at"),
    brief=("title", "slug", "kind"),
    search=("title", "slug", "scope", "site__name"),
    panel=("site", "kind", "checks", "risk", "owner", "overdue"),
    filters={
        "overdue": Flag(
            read=lambda _key: Q(pk__in=_procedures().filter(is_overdue=True).order_by().values("pk")),  # type: ignore[misc]
            label="Review overdue",
        )
    },
    also=("due_at", "is_overdue", "exercised_at"),
    viewset=ProcedureRows,
    form=CheckedForm,
    serializer=CheckedSerializer,
    groups=(
        ("Procedure", ("title", "slug", "kind", "site", "version", "url", "owner", "checks")),
        ("How it is done", ("scope", "risk", "check_points", "back_out", "approvals")),
        ("Review", ("reviewed_at", "review_days", "subject_changed_at")),
    ),
    counted=_procedures,
    prepare=_name_checks,
    hint="Runbooks, procedures and the documents that everybody must find",
    icon="book",
    related=(
        Related(AlertRule, ("runbook",), ("name", "site", "is_critical"), fills="runbook"),
        Related(Exercise, ("procedure",), ("drill", "held_at"), fills="procedure"),
    ),
    empty="A procedure names what it is for, where to stop and look, and how to return.",
)
ALERT_RULES = declared(
    AlertRule,
    ("name", "site", "is_critical", "runbook"),
    ("name", _SITE, "is_critical", related("runbook", "Runbook", sort="runbook__title")),
    pages=("list", "add", "detail", "edit", "delete", "csv"),
    brief=("name",),
    search=("name", "runbook__title", "site__name"),
    panel=("site", "is_critical", "runbook"),
    serializer=InventorySerializer,
    together=("site", "runbook"),
    hint="Alerts that page somebody, and the runbook each links to",
    icon="bell",
    empty="Enter the rules that page, or import them as CSV, and link each to its runbook.",
)


def _entering(drill: Drill) -> str:
    return "Enter" if drill.result == Drill.Result.PLANNED else "Change"


def _result_of(drill: Drill) -> dict[str, Any]:
    title = f"{_entering(drill)} the result of {drill.name} at {drill.site}, {day(drill.held_at)}"
    return {"title": title, "held_at": drill.held_at, "result": drill.result}


DRILLS = declared(
    Drill,
    ("name", "site", "kind", "scenario", "held_at", "result"),
    (
        *("name", "site", "kind"),
        plain("held_at", "Held"),
        plain("result", "Result", phone="status", tone=lambda row: "bad" if row.result == "failed" else ""),
    ),
    hidden=("scenario",),
    brief=("name", "held_at"),
    search=("name", "scenario", "site__name"),
    panel=("site", "kind", "result"),
    default_sort="-held_at",
    hint="Drills and tabletop exercises, who took part, and with which result",
    icon="target-arrow",
    entries=(
        Entry(
            url_name="drill-result",
            on_object=True,
            permissions=("people.change_drill",),
            heading=lambda drill: f"{_entering(drill)} the result",
            form=ResultForm,
            template="people/step.html",
            initial=_result_of,
            enter=enter_result,
            done="The result is entered; the site is scored again.",
            icon="check",
        ),
    ),
    facts=(Facts("Drill", ("site", "kind", "held_at", "result", "scenario")),),
    related=(
        Related(Exercise, ("drill",), ("procedure",), fills="drill"),
        Related(Participant, ("drill",), ("person", "domain"), fills="drill"),
        Related(DrillAction, ("drill",), ("text", "team", "due_at", "standing"), fills="drill"),
    ),
    empty="A drill exercises procedures at a site. Record who took part, and its result.",
)
EXERCISES = declared(
    Exercise,
    ("drill", "procedure"),
    (
        related("procedure", "Procedure", sort="procedure__title", locked=True, phone="title"),
        _DRILL,
        _HELD,
        related("site", "Site", through="drill", sort="drill__site__name"),
    ),
    search=("drill__name", "procedure__title"),
    panel=("drill", "procedure"),
    joins=("drill__site", "procedure"),
    pages=("list", "add", "detail", "edit", "delete", "csv"),
    hint="Procedures that drills exercised",
    above=lambda exercise: [exercise.drill],
)
PARTICIPANTS = declared(
    Participant,
    ("drill", "person", "domain"),
    ("person", "domain", _DRILL, _HELD),
    may=(SEES_NAMES,),
    brief=("drill", "person", "domain"),
    search=("drill__name", "person__name"),
    panel=("drill", "person", "domain"),
    hint="Who took part in drills, and for which domain",
    above=lambda participant: [participant.drill],
)
DRILL_ACTIONS = declared(
    DrillAction,
    ("drill", "text", "team", "due_at", "done_at"),
    (
        *("text", "team", _DRILL),
        plain("due_at", "Due"),
        plain("done_at", "Done"),
        standing_column(_action_standing, overdue="bad"),
    ),
    brief=("text", "due_at"),
    search=("text", "drill__name", "team__name"),
    panel=("drill", "team"),
    hint="What is to be done after drills",
    above=lambda action: [action.drill],
)
KINDS: tuple[Kind, ...] = (PROCEDURES, ALERT_RULES, DRILLS, EXERCISES, PARTICIPANTS, DRILL_ACTIONS)
