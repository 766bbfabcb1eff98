"""The kind of heartbeats."""

from django.urls import reverse

from readiness.loop.alerts.heartbeat import operations as heartbeats
from readiness.loop.alerts.heartbeat.advance import obstacles
from readiness.loop.alerts.heartbeat.api import HeartbeatTargetSerializer, HeartbeatTargetViewSet
from readiness.loop.alerts.heartbeat.forms import HeartbeatForm, initial_of_heartbeat
from readiness.loop.alerts.inbound.forms import ConfirmStepForm
from readiness.loop.alerts.inbound.tabs import tabs
from readiness.loop.alerts.models import HeartbeatTarget
from web import clock
from web.kinds import Entry, Kind
from web.kinds.columns import plain
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.tables import Column, Table

_heartbeats = HeartbeatTarget.objects.all()
_HEARTBEAT_FILTERS = filters_of(
    HeartbeatTarget,
    ("name", "kind", "is_enabled", "tried_at", "taken_at"),
    search=("name",),
    panel=("kind", "is_enabled"),
)


def _heartbeat_hint() -> str:
    reasons = obstacles(now=clock.now())
    if not reasons:
        return "Muster calls each address every minute, as long as alerts can be raised and sent"
    return f"No heartbeat is sent now: {' '.join(reasons)}"


HEARTBEAT_TARGET = Kind(
    model=HeartbeatTarget,
    rows=_heartbeats.all,
    room=("Alerts from outside", "inbound-alert-list"),
    tabs=tabs,
    icon="heart-rate-monitor",
    hint=_heartbeat_hint,
    address="heartbeats",
    pages=("list", "detail"),
    viewset=viewset_of(_heartbeats, HeartbeatTargetSerializer, _HEARTBEAT_FILTERS, HeartbeatTargetViewSet),
    entries=(
        Entry(
            url_name="heartbeat-target-add",
            address="add/",
            permissions=("alerts.add_heartbeattarget",),
            heading="Add a heartbeat",
            form=HeartbeatForm,
            enter=heartbeats.create_heartbeat,
            done="The heartbeat is added. The first is sent within a minute.",
        ),
        step_entry("heartbeat-target", "edit", "Change", HeartbeatForm, heartbeats.update_heartbeat,
                   "The heartbeat is changed.", "edit", permissions=("alerts.change_heartbeattarget",),
                   initial=initial_of_heartbeat),
        step_entry("heartbeat-target", "delete", "Delete", ConfirmStepForm, heartbeats.delete_heartbeat,
                   "The heartbeat is deleted.", "trash", permissions=("alerts.delete_heartbeattarget",),
                   submit="Delete", after=lambda nothing: reverse("heartbeat-target-list"),
                   hint="Muster stops calling the address. Whoever expects the call will tell that Muster is gone."),
    ),
    table=Table(
        id="heartbeat-target-list",
        noun=("heartbeat", "heartbeats"),
        label="Heartbeats",
        columns=(
            Column("name", "Heartbeat", value="name", sort="name", locked=True, phone="title"),
            plain("kind", "Kind"),
            plain("origin", "Address"),
            Column("state", "State", value=lambda row: row.state, phone="status",
                   tone=lambda row: "bad" if row.state == "refused" else ""),
            plain("taken_at", "Last taken"),
            plain("tried_at", "Last tried"),
            plain("answer", "Last answer", phone="full"),
        ),
        filterset=_HEARTBEAT_FILTERS,
        default_sort="name",
        row_url=lambda row: reverse("heartbeat-target-detail", args=[row.pk]),
        api="alerts-api-heartbeat-target-list",
        empty={"title": "No heartbeats yet",
               "text": "Add the address of an outside service that tells you when Muster no longer calls.",
               "icon": "heart-rate-monitor"},
    ),
)  # fmt: skip
