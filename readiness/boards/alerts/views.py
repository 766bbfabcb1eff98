"""The life of one alert, and what a reader does about it: from its page, from a problem, from a message."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from readiness.boards.alerts.answering import answering_for
from readiness.boards.alerts.carriers import SEES_ALERTS, carrier_now
from readiness.boards.alerts.forms import (
    AcknowledgeForm,
    AssigneeForm,
    CommentForm,
    EndAlertForm,
    IncidentForm,
)
from readiness.boards.alerts.handling import handling_of
from readiness.boards.alerts.told import next_level, told_of
from readiness.loop.alerts.core.kinds import AlertSeverity
from readiness.loop.alerts.life import operations
from readiness.loop.alerts.life.operations import MAY_HANDLE
from readiness.loop.alerts.life.queries import alerts
from readiness.loop.alerts.models import Alert
from readiness.loop.incidents.models import Incident
from readiness.loop.incidents.operations import MAY_OPEN
from readiness.loop.incidents.operations import MAY_SEE as SEES_INCIDENTS
from web.clock import now
from web.forms import RefusedForm
from web.links import crumbs
from web.permissions import reads, require
from web.scopes import may_write
from web.workflows.pages import form_page, reader

SEE = ("inventory.view_site", SEES_ALERTS)
MOST_CHILDREN = 20


def _alert(pk: int) -> Alert:
    return get_object_or_404(alerts(), pk=pk)


@reads(*SEE)
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    at, shown_alert = now(), _alert(pk)
    told = told_of(shown_alert)
    children = shown_alert.children.open().select_related("site")[: MOST_CHILDREN + 1]
    context = {
        "alert": shown_alert,
        "carrier": carrier_now(shown_alert, told),
        "told": told,
        "next_level": next_level(shown_alert, now=at),
        "answering": answering_for(shown_alert, user=request.user, now=at),
        "events": shown_alert.events.select_related("by", "whom").order_by("at", "pk"),
        "children": children[:MOST_CHILDREN],
        "has_more": len(children) > MOST_CHILDREN,
        "handling": handling_of(shown_alert, request.user, back=request.path),
        **_incident_of(shown_alert, request.user),
        "breadcrumbs": crumbs("Alert", ("Alerts", "alerts")),
    }
    return render(request, "readiness/alerts/alert.html", context)


def _incident_of(alert: Alert, user: Any) -> dict[str, Any]:
    """The incident that the alert belongs to, as far as the reader sees it, and whether one may be opened from it."""
    incident = None
    if user.has_perm(SEES_INCIDENTS):
        incident = Incident.objects.filter(joined_alerts__alert=alert).first()
    may_open = incident is None and alert.site is not None and user.has_perm(MAY_OPEN) and may_write(alert)
    return {"incident": incident, "may_open_incident": may_open}


def _handles(
    heading: str, result: str, form_of: Callable[[HttpRequest, Alert], RefusedForm], act: Callable[..., Any]
) -> Callable[..., HttpResponseBase]:
    """A page with the form of a step: the dialogs post to it, and without scripts it is the way."""

    @require(*SEE, MAY_HANDLE)
    @never_cache
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        handled_alert = _alert(pk)
        form = form_of(request, handled_alert)
        page = reverse("alert", args=[pk])
        return form_page(
            request,
            form,
            lambda: act(handled_alert, form, by=reader(request), now=now()),
            heading=heading,
            done=result,
            back=_back(request, page),
            breadcrumbs=crumbs(heading, ("Alerts", "alerts"), (str(handled_alert), page)),
        )

    return view


def _back(request: HttpRequest, page: str) -> str:
    address = request.POST.get("back", "")
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours else page


acknowledge = _handles(
    "Acknowledge",
    "Acknowledged.",
    lambda request, alert: AcknowledgeForm(request.POST or None, severity=AlertSeverity(alert.severity)),
    lambda alert, form, now, by: operations.acknowledge(alert, by=by, now=now, **form.values(now)),
)
assign = _handles(
    "Assign",
    "Assigned.",
    lambda request, alert: AssigneeForm(request.POST or None, initial={"to": alert.assigned_to_id}),
    lambda alert, form, now, by: operations.assign(alert, by=by, now=now, **form.arguments()),
)
comment = _handles(
    "Comment",
    "Your comment is there.",
    lambda request, alert: CommentForm(request.POST or None),
    lambda alert, form, now, by: operations.comment(alert, by=by, now=now, **form.arguments()),
)
link_incident = _handles(
    "Link to an incident",
    "Saved.",
    lambda request, alert: IncidentForm(request.POST or None, initial={"url": alert.incident_url}),
    lambda alert, form, now, by: operations.link_incident(alert, by=by, now=now, **form.arguments()),
)
end = _handles(
    "End the alert",
    "The alert has ended.",
    lambda request, alert: EndAlertForm(request.POST or None),
    lambda alert, form, now, by: operations.end(alert, by=by, now=now, **form.arguments()),
)
