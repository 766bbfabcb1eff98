"""`/people/oncall/week/`: a rotation a row, its primary and its secondary from Monday to Sunday."""

from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from inventory.models import DomainChoices
from readiness.organisation.people.core.team_calendar import days_from
from readiness.organisation.people.kinds.tabs import tabs
from readiness.organisation.people.models import Rotation
from readiness.organisation.people.on_call_week.queries import RotationWeek, rotation_weeks
from readiness.organisation.people.params import first_monday
from web import tables as table_kit
from web.clock import now
from web.links import page_url
from web.reports import Report
from web.tables import Column, Table, TablePage
from web.tables.addresses import Address
from web.units import number
from web.visibility import sees_names

WEEK = Report("people/rotations/week.html", "inventory.view_site", "people.view_rotation")
SEES_SHIFTS = "people.view_shift"


class WeekFilters(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search", max_length=100)
    domain = django_filters.ChoiceFilter(choices=DomainChoices, label="Domain")

    class Meta:
        model = Rotation
        fields = ()


def _open_words(row: RotationWeek, attribute: str) -> str:
    hours = getattr(row, attribute)
    return f"{number(round(hours, 1))} h" if hours else "covered"


def _open_column(key: str, label: str) -> Column:
    return Column(
        key,
        label,
        text=partial(_open_words, attribute=key),
        tone=lambda row: "bad" if getattr(row, key) else "",
        numeric=True,
        file_unit="h",
        hint="Hours of the week that nobody has",
    )


TABLE = Table(
    id="on-call-week",
    noun=("rotation", "rotations"),
    label="Rotations, hour by hour",
    columns=(
        Column("rotation", "Rotation", "rotation.name", url=lambda row: page_url(row.rotation) or "", sort="name",
               locked=True, phone="title"),
        Column("domain", "Domain", "rotation.domain", lambda row: row.rotation.get_domain_display(), sort="domain"),
        Column("sites", "Sites", "rotation.sites_served", sort="sites_served", numeric=True),
        Column("week", "Monday to Sunday", "words", template="people/rotations/week_cell.html", phone="full"),
        _open_column("primary_open_h", "No primary"),
        _open_column("secondary_open_h", "No secondary"),
    ),
    filterset=WeekFilters,
    default_sort="rotation",
    row_name="rotation.name",
    row_url=lambda row: page_url(row.rotation) or "",
    per_page=25,
    empty={
        "title": "No rotation yet",
        "text": "A rotation says who is on call for a domain of some sites. Its week appears here.",
        "icon": "calendar",
        "page": "rotation-list",
        "action_label": "Rotations",
    },
)  # fmt: skip


@WEEK.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    names = sees_names(request.user) and request.user.has_perm(SEES_SHIFTS)
    zone = ZoneInfo(timezone.get_current_timezone_name())
    today = now().astimezone(zone).date()
    address = Address(request, path=request.path, filters=list(WeekFilters.base_filters))
    days = days_from(first_monday(address.one("start"), today), 1)
    rotations = Rotation.objects.annotate(sites_served=Count("served", distinct=True))
    prepare = partial(rotation_weeks, days=days, zone=zone, names=names)
    step = timedelta(weeks=1)
    return table_kit.page(request, TABLE, rotations, prepare=prepare), lambda: {
        "tabs": tabs("on-call"),
        "days": days,
        "today": today,
        "sees_names": names,
        "earlier_url": address.url(start=(days[0] - step).isoformat()),
        "later_url": address.url(start=(days[0] + step).isoformat()),
        "this_week_url": address.url(without=["start"]),
    }
