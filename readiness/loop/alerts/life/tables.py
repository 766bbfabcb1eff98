"""Filters and columns of the list of alerts."""

from django.db.models import Q

from inventory.models import Region
from readiness.loop.alerts.models import Alert
from web.links import link, page_url
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Existing, Flag
from web.states import state
from web.tables import Column, Table
from web.units import instant


class AlertFilters(ObjectFilterSet):
    is_open = Flag(read=lambda _key: Q(ended_at=None), label="Still firing")
    region = AnyOf(
        field_name="site__region__slug", inner=Existing(Region, "slug"), commas=True, label="Region"
    )

    class Meta:
        model = Alert
        fields = [
            *("site", "kind", "severity", "standing", "domain", "check_id", "object", "key", "group"),
            *("began_at", "raised_at", "ended_at", "ended_by", "acknowledged_by", "assigned_to"),
        ]
        search_fields = ["title", "detail", "object", "site__name"]
        panel = ["severity", "standing", "kind", "site", "region", "domain", "is_open"]


def alert_table() -> Table:
    return Table(
        id="alerts",
        noun=("alert", "alerts"),
        label="Alerts",
        columns=(
            Column("severity", "Severity", sort="rank", template="alerts/severity_cell.html", phone="status",
                   states="severity", text=lambda alert: state("severity", alert.severity).word),
            Column("what", "Alert", "title", sort="title", template="alerts/title_cell.html", locked=True,
                   phone="title"),
            Column("site", "Site", "site.name", url=lambda alert: page_url(alert.site) if alert.site else "",
                   sort="site__name"),
            Column("standing", "State", sort="standing", template="alerts/standing_cell.html",
                   states="alert", text=lambda alert: state("alert", alert.standing).word),
            Column("acknowledged_by", "Acknowledged by", sort="acknowledged_by__username"),
            Column("assigned_to", "Assigned to", sort="assigned_to__username"),
            Column("began_at", "Since", text=lambda alert: instant(alert.began_at), sort="began_at"),
            Column("kw", "At stake", numeric=True, unit="kW", sort="kw"),
            Column("object", "Object", sort="object", default=False),
            Column("kind", "Kind", lambda alert: alert.get_kind_display(), sort="kind", default=False),
            Column("cause", "Follows from", lambda alert: str(alert.cause or ""), default=False),
            Column("detail", "Why", phone="full", default=False),
            Column("ended_at", "Ended", sort="ended_at", default=False,
                   text=lambda alert: instant(alert.ended_at) if alert.ended_at else ""),
        ),
        filterset=AlertFilters,
        default_sort="rank",
        row_name=str,
        row_url=lambda alert: link("alert", alert.pk),
        api="alerts-api-alert-list",
        empty={
            "title": "No alert fires",
            "text": "Events that somebody must know of appear here: a critical problem, a verdict that drops, "
            "a date that passes, an alert of another system.",
            "icon": "circle-check",
        },
    )  # fmt: skip
