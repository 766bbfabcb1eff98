"""The calendar of silences and windows."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from inventory.models import Region, Site
from readiness.loop.alerts.silencing.calendar import held_calendar
from readiness.loop.alerts.silencing.kinds import tabs
from readiness.organisation.people.core.team_calendar import days_from
from readiness.organisation.people.params import first_monday
from web import answers
from web.clock import now
from web.reports import Report
from web.tables.addresses import Address
from web.timerange import BadParameter

TEMPLATE = "readiness/silences/calendar.html"
CALENDAR = Report(TEMPLATE, "alerts.view_silence", "alerts.view_maintenancewindow")
WEEKS = 5


@CALENDAR.reads
def calendar(request: HttpRequest) -> HttpResponseBase:
    zone = ZoneInfo(timezone.get_current_timezone_name())
    address = Address(request, path=request.path, filters=())
    today = now().astimezone(zone).date()
    days = days_from(first_monday(address.one("start"), today), WEEKS)
    site, region = _named_place(Site, "site", address), _named_place(Region, "region", address)
    context: dict[str, Any] = {
        "tabs": tabs("silence-calendar"),
        "contents": held_calendar(days, zone, site=site, region=region),
        "today": today,
        "site": site,
        "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
        "region": region,
        "regions": Region.objects.order_by("name", "pk").values_list("slug", "name"),
        "start_fields": [pair for pair in address.pairs if pair[0] == "start"],
        "earlier_url": address.url(start=(days[0] - (days[-1] - days[0])).isoformat()),
        "later_url": address.url(start=days[-7].isoformat()),
        "today_url": address.url(without=["start"]),
    }
    return answers.page(request, TEMPLATE, context)


def _named_place[P: (Site, Region)](model: type[P], name: str, address: Address) -> P | None:
    slug = address.one(name)[:200].replace("\0", "")
    place = model.objects.filter(slug=slug).first() if slug else None
    if slug and place is None:
        raise BadParameter(name, f"There is no {name} {slug[:60]!r}.")
    return place
