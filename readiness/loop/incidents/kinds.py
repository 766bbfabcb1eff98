"""The kinds of incidents and of escapes: lists, pages, forms and endpoints."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, prefetch_related_objects

from readiness.loop.actions.forms import ActionFields
from readiness.loop.incidents import api, following, forms, operations, queries
from readiness.loop.incidents.models import Incident, IncidentAction, IncidentEscape
from readiness.loop.incidents.panels import is_review_late
from web import clock
from web.kinds import Entry, Facts, Kind, Related
from web.kinds.columns import figure, hidden, plain, related
from web.kinds.declaring import declared
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.links import page_url
from web.rest.lookups import Flag
from web.tables import Column, Table

REVIEW_WORDS = {"required": "required", "skipped": "not needed", "done": "done"}
MAY_CHANGE = (operations.MAY_CHANGE,)


def _review(incident: Incident) -> str:
    if is_review_late(incident, clock.now()):
        return "overdue"
    return REVIEW_WORDS.get(incident.review_state, "")


def _review_tone(incident: Incident) -> str:
    return {"overdue": "bad", "required": "warn"}.get(_review(incident), "")


def _severity(incident: Incident) -> str:
    return incident.severity


def _domains(incident: Incident) -> str:
    return ", ".join(incident.domains).capitalize()


def _workloads(incident: Incident) -> str:
    return ", ".join(str(workload) for workload in incident.workloads.all())


def _is_unclosed(incident: Incident, _user: Any) -> bool:
    return incident.closed_at is None


def _may_close(incident: Any, _user: Any) -> bool:
    is_over = incident.state == Incident.State.OVER
    return is_over and incident.review_state != "required" and not incident.open_actions


def _prepared(rows: list[Any]) -> Sequence[Any]:
    """Read the workload classes of a page of incidents together."""
    prefetch_related_objects(rows, "workloads")
    return rows


def _unsettled(_key: str) -> Q:
    return Q(pk__in=IncidentAction.objects.filter(queries.unsettled()).order_by().values("incident"))


_FILTERS = filters_of(
    Incident,
    (
        *("site", "severity", "state", "domains", "review_state", "began_at", "ended_at", "review_due_on"),
        *("repeats", "cause", "lead", "opened_by"),
    ),
    search=("title", "summary", "cause", "site__name"),
    panel=("state", "severity", "site", "review_state", "repeat", "unsettled"),
    repeat=Flag(read=lambda _key: Q(repeats__isnull=False), label="Repeats another"),
    unsettled=Flag(read=_unsettled, label="Open actions"),
)


INCIDENT = Kind(
    model=Incident,
    rows=queries.incidents,
    prepare=_prepared,
    room=None,
    address="",
    title="Incidents",
    pages=("list", "detail"),
    icon="alert-circle",
    overview="readiness/incidents/incident.html",
    hint="What went wrong at sites, what was learned, and what should have caught it before",
    viewset=viewset_of(
        api.IncidentViewSet.queryset, api.IncidentSerializer, _FILTERS, api.IncidentViewSet
    ),
    facts=(
        Facts(
            "Incident",
            (
                *("state", "severity_words", "site", "domains", "began_at", "ended_at", "summary"),
                *("affected_kw", "affected_accelerators", "workloads", "repeats", "repeats_because"),
            ),
        ),
        Facts("Roles", ("lead", "communications", "scribe", "opened_by", "opened_at", "closed_at")),
    ),
    related=(
        Related(IncidentEscape, ("incident",), ("name", "kind", "why", "check_id"), fills="incident"),
    ),
    links=(("What should have caught them", "incident-escape-list", "filter"),),
    entries=(
        Entry(
            url_name="incident-add",
            permissions=(operations.MAY_OPEN,),
            heading="Open an incident",
            hint="Alerts of the same cause at the site join it while it is under way",
            form=forms.OpenIncidentForm,
            enter=operations.open_incident,
            done="The incident is opened.",
            after=lambda incident: page_url(incident) or "",
            fills=("alert", "site"),
            icon="alert-circle",
        ),
        step_entry("incident", "note", "Write to the timeline", forms.IncidentEntryForm, operations.add_entry,
                   "The timeline has a line more.", "message", permissions=MAY_CHANGE),
        step_entry("incident", "join", "Add an alert", forms.JoinAlertForm, operations.join_alert,
                   "The alert belongs to the incident.", "bell", permissions=MAY_CHANGE, fills=("alert",),
                   initial=lambda incident: {"site": incident.site_id}),
        step_entry("incident", "edit", "Change", forms.ChangeIncidentForm, operations.change_incident,
                   "The incident is changed.", "edit", permissions=MAY_CHANGE, initial=forms.initial_of_incident),
        step_entry("incident", "end", "It is over", forms.EndIncidentForm, operations.end_incident,
                   "The incident is over. Nothing joins it any more.", "circle-check", permissions=MAY_CHANGE,
                   submit="It is over",
                   hint="A rule says whether it must be reviewed. What comes later is another incident"),
        step_entry("incident", "review", "Write the review", forms.ReviewIncidentForm, operations.review_incident,
                   "The review is written.", "clipboard-check", permissions=(operations.MAY_REVIEW,),
                   initial=forms.initial_of_review,
                   hint="Blameless: it says what the system let happen, and names nobody"),
        step_entry("incident", "action", "Add an action", ActionFields, following.add_incident_action,
                   "The action is added.", "list-details", permissions=MAY_CHANGE, when=_is_unclosed),
        step_entry("incident", "close", "Close", forms.CloseIncidentForm, operations.close_incident,
                   "The incident is closed.", "check", permissions=MAY_CHANGE, when=_may_close, submit="Close",
                   hint="Its review is done or not needed, and the effect of each action was seen"),
    ),
    table=Table(
        id="incident-list",
        noun=("incident", "incidents"),
        label="Incidents",
        columns=(
            Column("title", "Incident", value="title", sort="title", locked=True, phone="title"),
            Column("state", "State", states="incident", sort="state", phone="status"),
            Column("severity", "Severity", text=_severity, sort="severity"),
            related("site", "Site"),
            Column("domains", "Domains", text=lambda row: _domains(row)),
            plain("began_at", "Began"),
            hidden(plain, "ended_at", "Over"),
            figure("affected_kw", "Affected", "kW"),
            Column("alert_count", "Alerts", numeric=True, sort="alert_count"),
            Column("review", "Review", value=_review, sort="review_state", tone=_review_tone),
            Column("open_actions", "Open actions", numeric=True, sort="open_actions",
                   hint="Not done, or done without anybody having seen the effect"),
            related("repeats", "Repeats", sort="repeats__began_at", phone="row"),
            Column("escape_count", "Escaped from", numeric=True, sort="escape_count", default=False,
                   hint="How many checks, drills, standards or alerts should have caught it"),
            Column("severity_words", "Severity in words", value=lambda row: row.get_severity_display(), default=False,
                   phone="full"),
            hidden(plain, "review_due_on", "Review due"),
            hidden(plain, "cause", "Root cause", phone="full"),
            hidden(plain, "summary", "What is known", phone="full"),
            hidden(figure, "affected_accelerators", "Affected accelerators"),
            Column("workloads", "Workload classes", value=_workloads, default=False, phone="full"),
            hidden(plain, "repeats_because", "Why a repeat"),
            Column("lead", "Lead", sort="lead__name", default=False),
            Column("communications", "Communications", sort="communications__name", default=False),
            Column("scribe", "Scribe", sort="scribe__name", default=False),
            Column("opened_by", "Opened by", sort="opened_by__username", default=False),
            hidden(plain, "opened_at", "Opened"),
            hidden(plain, "closed_at", "Closed"),
        ),
        filterset=_FILTERS,
        default_sort="-began_at",
        row_url=page_url,
        api="incidents-api-incident-list",
        empty={
            "title": "No incident yet",
            "text": "Open one from an alert, or by hand. Muster then shows whether the site learns from its incidents.",
            "icon": "alert-circle",
        },
    ),
)  # fmt: skip
ESCAPE = declared(
    IncidentEscape,
    ("incident", "kind", "name", "check_id", "why", "detail"),
    (
        Column("name", "What should have caught it", value="name", sort="name", locked=True, phone="title"),
        plain("kind", "Kind"),
        plain("why", "Why it did not", phone="status"),
        related("incident", "Incident", sort="incident__title"),
        Column("site", "Site", value="incident.site.name", sort="incident__site__name"),
        plain("check_id", "Check", code=True),
        Column("began_at", "Began", value="incident.began_at", sort="incident__began_at"),
    ),
    hidden=("detail",),
    room=("Incidents", "incident-list"),
    address="escapes",
    title="What should have caught them",
    icon="filter",
    brief=("name", "kind", "why"),
    search=("name", "detail", "incident__title"),
    panel=("kind", "why"),
    joins=("incident__site",),
    form=forms.EscapeForm,
    pages=("list", "add", "detail", "edit", "delete", "csv"),
    hint="Checks, thresholds, drills, standards and alerts that let incidents through, and why",
    above=lambda escape: [escape.incident],
    empty={
        "title": "Nothing is named yet",
        "text": "After an incident, name what should have caught it before, and why it did not.",
        "icon": "filter",
    },
)
KINDS = (INCIDENT, ESCAPE)
