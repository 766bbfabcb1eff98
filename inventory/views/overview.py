"""The first page of the inventory: what there is, by domain, by kind and by site."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inventory import tables
from inventory.kinds import KIND_OF, KINDS
from inventory.models import Accelerator, CoolingUnit, Device, Domain, Link, Port, PowerFeed, Rack, Site
from inventory.queries import deployed
from inventory.queries.overview import Totals, sites_with_counts, totals
from web import clock, units
from web.history import Wanted, history, is_tracked, visible_models
from web.permissions import require
from web.tables import page, respond, wants_table_only

DOMAIN_OBJECTS: dict[str, tuple[str | type[Model], ...]] = {
    Domain.COMPUTE: (Device.Role.NODE, Accelerator, Device.Role.SERVER, Device.Role.STORAGE),
    Domain.NETWORK: (Device.Role.SWITCH, Device.Role.ROUTER, Device.Role.GATEWAY, Port, Link),
    Domain.ENERGY: (PowerFeed, Device.Role.PDU, Device.Role.UPS, Device.Role.METER, CoolingUnit),
}
RECENT = 6


@require("inventory.view_device")
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    now = clock.now()
    capacity = deployed(at=now)

    def with_capacity(sites: Iterable[Site]) -> list[Site]:
        rows = list(sites)
        for site in rows:
            site.deployed_kw = capacity[site.pk].it_kw if site.pk in capacity else 0.0  # type: ignore[attr-defined]
        return rows

    table = page(request, tables.SITE_COUNTS, sites_with_counts(), prepare=with_capacity)
    if wants_table_only(request, table):
        return respond(request, "inventory/overview.html", table)
    found = totals([kind.model for kind in KINDS], at=now)
    context = {
        "heading": _("Inventory"),
        "sub": _("What exists at every site: hardware, network, power, cooling and dated capacity"),
        "kpis": _kpis(found),
        "domains": [_domain(found, domain) for domain in Domain],
        "kinds": [{"kind": kind, "total": units.number(found.objects[kind.model])} for kind in KINDS],
        "rows": _recent(request),
    }
    return respond(request, "inventory/overview.html", table, context)


def _kpis(found: Totals) -> list[dict[str, Any]]:
    power = units.power(found.deployed.it_kw)
    in_production = found.sites_by_stage[Site.Stage.PRODUCTION]
    return [
        _kpi(Site, found, note=_("%(number)s in production") % {"number": in_production}),
        {
            "label": _("Deployed IT power"),
            "value": power.value,
            "unit": power.unit,
            "url": reverse("capacity-event-list"),
            "note": _("%(number)s accelerators commissioned")
            % {"number": units.number(found.deployed.accelerators)},
        },
        _kpi(Rack, found),
        _kpi(Device, found, in_service=found.devices_in_service),
        _kpi(Accelerator, found, in_service=found.accelerators_in_service),
    ]


def _kpi(
    model: type[Model], found: Totals, *, note: str = "", in_service: int | None = None
) -> dict[str, Any]:
    kind = KIND_OF[model]
    if in_service is not None:
        note = _("%(number)s in service") % {"number": units.number(in_service)}
    return {
        "label": kind.label_plural,
        "value": units.number(found.objects[model]),
        "url": kind.url("list"),
        "note": note,
    }


def _domain(found: Totals, domain: Domain) -> dict[str, Any]:
    return {
        "domain": domain.value,
        "title": domain.label,
        "items": [_line(found, each) for each in DOMAIN_OBJECTS[domain]],
    }


def _line(found: Totals, what: str | type[Model]) -> dict[str, str]:
    """A role of devices, counted in service, or a model, counted whole."""
    if isinstance(what, str):
        label, total = str(Device.Role(what).label), found.devices[what]
        url = f"{reverse('device-list')}?role={what}&status={Device.Status.ACTIVE.value}"
    else:
        kind = KIND_OF[what]
        label, total, url = kind.label_plural, found.objects[what], kind.url("list")
    return {"term": label, "value": units.number(total), "url": url}


def _recent(request: HttpRequest) -> list[Any]:
    visible = set(visible_models(request.user))
    models = tuple(kind.model for kind in KINDS if is_tracked(kind.model) and kind.model in visible)
    return history(Wanted(models=models), limit=RECENT).rows
