"""Procedures, alert rules and drills: their lists, pages and forms."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from inventory.api import InventorySerializer
from readiness.people.kinds.checks import CheckedForm, CheckedSerializer, check_names
from readiness.people.kinds.tabs import tabs
from readiness.people.models import AlertRule, Drill, DrillAction, Exercise, Participant, Procedure
from readiness.people.operations.practice import enter_result
from readiness.people.practice_forms import DatedForm, ResultForm
from readiness.people.queries.practice import procedures
from web import clock
from web.kinds import Entry, Facts, Kind, Related
from web.kinds.columns import hidden, plain, related
from web.kinds.declaring import declared
from web.rest.lookups import Flag
from web.rest.viewsets import ObjectViewSet
from web.tables import Column
from web.visibility import SEES_NAMES

_declared = partial(declared, room=("People", "people"), tabs=tabs)


def _of_all(row: Any) -> str:
    return row.site.name if row.site else "All sites"


def _with_checks(rows: list[Procedure]) -> Sequence[Procedure]:
    names: Mapping[str, str] = check_names()
    for row in rows:
        row.served = ", ".join(names.get(check, check) for check in row.checks)  # type: ignore[attr-defined]
    return rows


def _overdue() -> Q:
    overdue = procedures(now=clock.now()).filter(is_overdue=True)  # type: ignore[misc]
    return Q(pk__in=overdue.order_by().values("pk"))


class ProcedureRows(ObjectViewSet):
    def get_queryset(self) -> QuerySet[Procedure]:
        return procedures(now=clock.now())


_SITE = Column("site", "Site", value=_of_all, sort="site__name")
PROCEDURES = _declared(
    Procedure,
    (
        *("title", "slug", "kind", "site", "version", "url", "owner", "scope", "risk", "check_points"),
        *("back_out", "approvals", "checks", "reviewed_at", "subject_changed_at", "review_days"),
    ),
    (
        *("title", "kind"),
        _SITE,
        "version",
        Column("checks", "Serves", value="served", phone="full"),
        plain("exercised_at", "Last exercised"),
        plain("reviewed_at", "Reviewed"),
        plain("due_at", "Review due"),
        Column(
            "standing",
            "Standing",
            value=lambda row: "overdue" if row.is_overdue else "current",
            sort="is_overdue",
            tone=lambda row: "bad" if row.is_overdue else "",
            phone="status",
        ),
        "owner",
        hidden(Column, "url", "Address", url="url"),
        hidden(Column, "scope", "Scope", phone="full"),
        hidden(Column, "approvals", "Approvals"),
        hidden(Column, "check_points", "Check points", phone="full"),
        hidden(Column, "back_out", "Back-out", phone="full"),
        hidden(plain, "subject_changed_at", "Subject changed"),
        hidden(plain, "review_days", "Review every", numeric=True, unit="d"),
    ),
    hidden=("risk", "slug"),
    brief=("title", "slug", "kind"),
    search=("title", "slug", "scope", "site__name"),
    panel=("site", "kind", "checks", "risk", "owner", "overdue"),
    filters={"overdue": Flag(read=lambda _key: _overdue(), label="Review overdue")},
    also=("due_at", "is_overdue", "exercised_at"),
    viewset=ProcedureRows,
    form=CheckedForm,
    serializer=CheckedSerializer,
    groups=(
        ("Procedure", ("title", "slug", "kind", "site", "version", "url", "owner", "checks")),
        ("How it is done", ("scope", "risk", "check_points", "back_out", "approvals")),
        ("Review", ("reviewed_at", "review_days", "subject_changed_at")),
    ),
    counted=lambda: procedures(now=clock.now()),
    prepare=_with_checks,
    hint="Runbooks, procedures and the documents that everybody must find",
    icon="book",
    facts=(
        Facts(
            "Procedure",
            (*("kind", "site", "version", "url", "owner", "checks", "scope", "risk", "approvals"), "slug"),
        ),
        Facts(
            "Practice",
            (
                *("standing", "reviewed_at", "due_at", "review_days", "subject_changed_at", "exercised_at"),
                *("check_points", "back_out"),
            ),
        ),
    ),
    related=(
        Related(AlertRule, ("runbook",), ("name", "site", "is_critical"), fills="runbook"),
        Related(Exercise, ("procedure",), ("drill", "held_at"), fills="procedure"),
    ),
    empty={
        "title": "No procedure yet",
        "text": "A procedure names what it is for, where to stop and look, and how to return.",
        "icon": "book",
    },
)
ALERT_RULES = _declared(
    AlertRule,
    ("name", "site", "is_critical", "runbook"),
    (
        "name",
        _SITE,
        "is_critical",
        related("runbook", "Runbook", sort="runbook__title"),
    ),
    pages=("list", "add", "detail", "edit", "delete", "csv"),
    brief=("name",),
    search=("name", "runbook__title", "site__name"),
    panel=("site", "is_critical", "runbook"),
    serializer=InventorySerializer,
    together=("site", "runbook"),
    hint="Alerts that page somebody, and the runbook each links to",
    icon="bell",
    empty={
        "title": "No alert rule yet",
        "text": "Enter the rules that page, or import them as CSV, and link each to its runbook.",
        "icon": "bell",
    },
)
DRILLS = _declared(
    Drill,
    ("name", "site", "kind", "scenario", "held_at", "result"),
    (
        *("name", "site", "kind"),
        plain("held_at", "Held"),
        plain(
            "result",
            "Result",
            phone="status",
            tone=lambda row: "bad" if row.result == Drill.Result.FAILED else "",
        ),
        hidden(Column, "scenario", "Scenario", phone="full"),
    ),
    brief=("name", "held_at"),
    search=("name", "scenario", "site__name"),
    panel=("site", "kind", "result"),
    form=DatedForm,
    default_sort="-held_at",
    hint="Drills and tabletop exercises, who took part, and with which result",
    icon="target-arrow",
    entries=(
        Entry(
            url_name="drill-result",
            address="result/",
            on_object=True,
            permissions=("people.change_drill",),
            heading="Enter the result",
            form=ResultForm,
            initial=lambda drill: {"held_at": drill.held_at},
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
    empty={
        "title": "No drill yet",
        "text": "A drill exercises procedures at a site. Record who took part, and its result.",
        "icon": "target-arrow",
    },
)
EXERCISES = _declared(
    Exercise,
    ("drill", "procedure"),
    (
        related("procedure", "Procedure", sort="procedure__title", locked=True, phone="title"),
        "drill",
        Column("held_at", "Held", value="drill.held_at", sort="drill__held_at"),
        related("site", "Site", through="drill", sort="drill__site__name"),
    ),
    brief=("drill", "procedure"),
    search=("drill__name", "procedure__title"),
    panel=("drill", "procedure"),
    joins=("drill__site", "procedure"),
    pages=("list", "add", "detail", "edit", "delete", "csv"),
    hint="Procedures that drills exercised",
    title="Exercised procedures",
    above=lambda exercise: [exercise.drill],
)
PARTICIPANTS = _declared(
    Participant,
    ("drill", "person", "domain"),
    (
        *("person", "domain", "drill"),
        Column("held_at", "Held", value="drill.held_at", sort="drill__held_at"),
    ),
    may=(SEES_NAMES,),
    brief=("drill", "person", "domain"),
    search=("drill__name", "person__name"),
    panel=("drill", "person", "domain"),
    hint="Who took part in drills, and for which domain",
    above=lambda participant: [participant.drill],
)
DRILL_ACTIONS = _declared(
    DrillAction,
    ("drill", "text", "team", "due_at", "done_at"),
    (
        plain("text", "Action", locked=True, phone="title"),
        *("team", "drill"),
        plain("due_at", "Due"),
        plain("done_at", "Done"),
        Column(
            "standing",
            "Standing",
            value=lambda row: "done" if row.done_at else "overdue" if row.due_at <= clock.now() else "open",
            tone=lambda row: "bad" if not row.done_at and row.due_at <= clock.now() else "",
            phone="status",
        ),
    ),
    brief=("text", "due_at"),
    search=("text", "drill__name", "team__name"),
    panel=("drill", "team"),
    form=DatedForm,
    hint="What is to be done after drills",
    above=lambda action: [action.drill],
)
KINDS: tuple[Kind, ...] = (PROCEDURES, ALERT_RULES, DRILLS, EXERCISES, PARTICIPANTS, DRILL_ACTIONS)
