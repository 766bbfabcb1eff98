"""The kinds of other systems: alerts that they tell of, senders, and mapping rules."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from readiness.loop.alerts.inbound import api, senders
from readiness.loop.alerts.inbound.forms import AlertSenderForm, ConfirmStepForm, initial_of_sender
from readiness.loop.alerts.inbound.tabs import tabs
from readiness.loop.alerts.inbound.taking import end_by_hand
from readiness.loop.alerts.inbound.views import token_page
from readiness.loop.alerts.models import AlertSender, InboundAlert, InboundRule
from web.kinds import Entry, Kind
from web.kinds.columns import field_column, figure, hidden, plain, related
from web.kinds.declaring import declared
from web.kinds.rest import filters_of, viewset_of
from web.tables import Column, Table

ROOM = ("Alerts from outside", "inbound-alert-list")
_TONES: Mapping[str, str] = {"not mapped": "bad", "raised": "warn", "late": "warn"}


def labels_text(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))


_alerts = InboundAlert.objects.annotate_state_rank().select_related("sender", "site", "rule")
_ALERT_FILTERS = filters_of(
    InboundAlert,
    ("sender", "site", "rule", "is_open", "is_ignored", "starts_at", "heard_at", "missing_since", "late_at"),
    search=("title", "reason", "sender__name", "site__name", "fingerprint"),
    panel=("sender", "site", "is_open", "is_ignored"),
)
INBOUND_ALERT = Kind(
    model=InboundAlert,
    rows=_alerts.all,
    room=None,
    title="Alerts from outside",
    tabs=tabs,
    icon="bell",
    hint="Alerts of Alertmanager, Grafana and PagerDuty, and what Muster does with each",
    address="",
    pages=("list", "detail"),
    search_order=None,
    viewset=viewset_of(_alerts, api.InboundAlertSerializer, _ALERT_FILTERS, api.InboundAlertViewSet),
    entries=(
        Entry(
            url_name="inbound-alert-end",
            address="end/",
            on_object=True,
            permissions=("alerts.end_inboundalert",),
            heading="End it here",
            hint="Ends it as if its sender had told its end. If the sender goes on telling of it, it comes back.",
            submit="End it",
            form=ConfirmStepForm,
            enter=end_by_hand,
            when=lambda alert, user: alert.is_open,
            done="The alert has ended. If its sender goes on telling of it, it comes back.",
            icon="circle-check",
        ),
    ),
    table=Table(
        id="inbound-alert-list",
        noun=("alert of another system", "alerts of other systems"),
        label="Alerts of other systems",
        columns=(
            Column("title", "Alert", value="title", sort="title", locked=True, phone="title"),
            Column("state", "State", tone=lambda row: _TONES.get(row.state, ""), sort="state_rank", phone="status"),
            related("sender", "Sender"),
            related("site", "Site"),
            related("rule", "Rule", text=lambda row: row.rule or "the usual labels"),
            plain("reason", "Why nothing is raised", phone="full"),
            plain("heard_at", "Last heard"),
            plain("starts_at", "Began"),
            plain("missing_since", "Not listed since",
                  hint="It is silenced there, or the message of its end was lost"),
            hidden(Column, "labels", "Labels", value=lambda row: labels_text(row.labels), code=True, phone="full"),
            hidden(plain, "late_at", "Late since", hint="It is over, and messages of it still come"),
            hidden(plain, "detail", "Detail", phone="full"),
            hidden(plain, "url", "Page in the other system", url=lambda row: row.url, phone="full"),
            hidden(plain, "fingerprint", "Fingerprint", code=True),
        ),
        filterset=_ALERT_FILTERS,
        default_sort="state",
        row_url=lambda row: reverse("inbound-alert-detail", args=[row.pk]),
        api="alerts-api-inbound-alert-list",
        empty={"title": "No alerts yet", "icon": "bell", "page": "alert-sender-list", "action_label": "Senders",
               "text": "Alerts of other systems appear here. Add a sender, and have it send its webhooks to Muster."},
    ),
)  # fmt: skip


def _new_sender(request: HttpRequest, nothing: None, entered: tuple[AlertSender, str]) -> HttpResponse:
    return token_page(request, *entered, heading=f"Connect {entered[0]}")


def _new_token(request: HttpRequest, sender: AlertSender, token: str) -> HttpResponse:
    return token_page(request, sender, token, heading=f"New token of {sender}")


_senders = AlertSender.objects.select_related("site", "owner", "token")
_SENDER_FILTERS = filters_of(
    AlertSender,
    ("name", "kind", "site", "owner", "paused", "last_taken_at", "last_refused_at"),
    search=("name", "site__name"),
    panel=("kind", "site", "paused"),
)
_MAY_CHANGE = ("alerts.change_alertsender",)


def _sender_step(name: str, heading: str, enter: Any, done: str, **more: Any) -> Entry:
    return Entry(
        url_name=f"alert-sender-{name}",
        address=f"{name}/",
        on_object=True,
        permissions=more.pop("permissions", _MAY_CHANGE),
        heading=heading,
        submit=heading if "form" not in more else "",
        form=more.pop("form", ConfirmStepForm),
        enter=enter,
        done=done,
        **more,
    )


ALERT_SENDER = Kind(
    model=AlertSender,
    rows=_senders.all,
    room=ROOM,
    tabs=tabs,
    icon="database-import",
    hint="Systems that tell Muster of their alerts",
    address="senders",
    pages=("list", "detail"),
    viewset=viewset_of(_senders, api.AlertSenderSerializer, _SENDER_FILTERS, api.AlertSenderViewSet),
    entries=(
        Entry(
            url_name="alert-sender-add",
            address="add/",
            permissions=("alerts.add_alertsender",),
            heading="Add a sender",
            form=AlertSenderForm,
            enter=senders.create_sender,
            answer=_new_sender,
            fills=("site", "kind"),
        ),
        _sender_step("edit", "Change", senders.update_sender, "The sender is changed.", form=AlertSenderForm,
                     initial=initial_of_sender, icon="edit"),
        _sender_step("pause", "Pause", senders.pause_sender, "The sender is paused: what it sends is refused.",
                     hint="What it sends is refused until it may send again.",
                     when=lambda sender, user: not sender.paused, icon="player-pause"),
        _sender_step("resume", "Resume", senders.resume_sender, "The sender may send again.",
                     when=lambda sender, user: sender.paused, icon="player-play"),
        _sender_step("rotate-token", "New token", senders.rotate_token, "", answer=_new_token, icon="key",
                     hint="The present token stops working at once."),
        _sender_step("delete", "Delete", senders.delete_sender,
                     "The sender is deleted, and what it told of has ended.",
                     hint="Its token stops working, and the alerts that it told of end.",
                     permissions=("alerts.delete_alertsender",), icon="trash",
                     after=lambda nothing: reverse("alert-sender-list")),
    ),
    table=Table(
        id="alert-sender-list",
        noun=("alert sender", "alert senders"),
        label="Alert senders",
        columns=(
            Column("name", "Sender", value="name", sort="name", locked=True, phone="title"),
            plain("kind", "Kind"),
            related("site", "Site", text=lambda row: row.site or "named by labels"),
            Column("signed", "Signed", value=lambda row: "yes" if row.secret is not None else "no"),
            Column("state", "State", value=lambda row: "paused" if row.paused else "on", phone="status",
                   tone=lambda row: "warn" if row.paused else ""),
            plain("last_taken_at", "Last message"),
            plain("last_refused_at", "Last refusal"),
            plain("last_refusal", "Refused because", phone="full"),
            Column("owner", "Owner", sort="owner__username"),
            hidden(Column, "token", "Token", value="token.prefix", code=True),
        ),
        filterset=_SENDER_FILTERS,
        default_sort="name",
        row_url=lambda row: reverse("alert-sender-detail", args=[row.pk]),
        api="alerts-api-alert-sender-list",
        empty={"title": "No senders yet", "text": "A sender is another system, such as an Alertmanager.",
               "icon": "database-import"},
    ),
)  # fmt: skip

INBOUND_RULE = declared(
    InboundRule,
    (
        *("name", "place", "sender", "conditions", "is_ignored", "site", "site_label", "object_labels"),
        *("domain", "check_id", "severity"),
    ),
    (
        field_column(InboundRule, "name", locked=True, phone="title"),
        figure("place", "Place"),
        related("sender", "Sender", text=lambda rule: rule.sender or "all"),
        plain("conditions", "Conditions", code=True, phone="full"),
        plain("is_ignored", "Leave out"),
        related("site", "Site"),
        plain("site_label", "Site label", code=True),
        plain("object_labels", "Object labels", code=True),
        plain("severity", "Severity"),
    ),
    hidden=("domain", "check_id"),
    together=("conditions",),
    room=ROOM,
    tabs=tabs,
    address="rules",
    icon="adjustments-horizontal",
    brief=("name", "place"),
    search=("name", "conditions"),
    panel=("sender", "site", "is_ignored", "severity"),
    default_sort="place",
    groups=(
        ("Rule", ("name", "place", "sender")),
        ("Holds for", ("conditions",)),
        ("Says", ("is_ignored", "site", "site_label", "object_labels", "domain", "check_id", "severity")),
    ),
    hint="Which site, object and severity an alert has, by its labels",
    then="Open alerts that no rule fitted are mapped again within a minute.",
    empty={
        "title": "No mapping rules yet",
        "text": "Without a rule, the label site, datacenter, dc or cluster names the site.",
        "icon": "adjustments-horizontal",
    },
)
KINDS = (INBOUND_ALERT, ALERT_SENDER, INBOUND_RULE)
