"""Escalation routes with their levels: lists, pages, forms and endpoints."""

from typing import Any

from django.db.models import Count

from inventory.homes import HOME_FIELDS, HOME_GROUP, HomeForm, home_column, home_filters
from readiness.loop.alerts.models import EscalationLevel, EscalationRoute
from readiness.loop.alerts.telling.forms import LastResortForm
from readiness.loop.alerts.telling.operations import set_last_resort
from web.delivery.models import Channel
from web.kinds import Entry, Related
from web.kinds.columns import figure, plain, related
from web.kinds.declaring import ObjectForm, declared
from web.visibility import known_people

PAGES = ("list", "add", "detail", "edit", "delete")
SHIPPED = (
    "Without a route, critical alerts go to the primary on call, after 10 minutes to the secondary, and after 20 to "
    "whoever owns the item."
)


class LevelForm(ObjectForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["channel"].queryset = Channel.objects.filter(is_shared=True).order_by("name", "pk")
        fields["person"].queryset = known_people(fields["person"].queryset)


ROUTE = declared(
    EscalationRoute,
    ("name", "domain", *HOME_FIELDS),
    ["name", "domain", home_column(), figure("level_count", "Levels")],
    form=HomeForm,
    counted=lambda: EscalationRoute.objects.select_related("home_region", "home_site").annotate(
        level_count=Count("levels")
    ),
    groups=(("Route", ("name", "domain")), HOME_GROUP),
    brief=("name",),
    search=("name",),
    filters=home_filters(),
    panel=("domain", "home_region", "home_site", "without_home"),
    room=("On call", "on-call"),
    address="escalations",
    pages=PAGES,
    icon="arrow-up",
    hint="Whom alerts go to, level by level, until somebody acknowledges them",
    then="Alerts that fire follow the new route from their next level on.",
    empty={"title": "No escalation route yet", "text": SHIPPED},
    links=(("All levels", "escalation-level-list", "list-details"),),
    entries=(
        Entry(
            url_name="last-resort",
            address="last-resort/",
            permissions=("alerts.change_alertingstate",),
            heading="Name the last resort",
            form=LastResortForm,
            enter=set_last_resort,
            done="The last resort is saved.",
            icon="bell",
        ),
    ),
    related=[
        Related(EscalationLevel, ("route",), ("after_min", "target", "person", "channel"), fills="route")
    ],
)
LEVEL = declared(
    EscalationLevel,
    ("route", "after_min", "target", "person", "channel"),
    [
        related("route", "Route", phone="title", locked=True),
        figure("after_min", "After", "min"),
        plain("target", "Whom", phone="status"),
        related("person", "Person"),
        related("channel", "Channel"),
    ],
    form=LevelForm,
    brief=("after_min", "target"),
    search=("route__name", "channel__name"),
    panel=("route", "target"),
    together=("target", "person", "channel"),
    room=("Escalation routes", "escalation-route-list"),
    address="escalations/levels",
    pages=PAGES,
    icon="arrow-up",
    hint="Whom a route tells after how many minutes without an acknowledgement",
    above=lambda level: [level.route],
)
KINDS = (ROUTE, LEVEL)
