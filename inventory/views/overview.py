"""The first page of the inventory: counts by domain, by kind and by site."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET

from inventory.kinds import KINDS, SITE
from inventory.kinds.places import STAGE
from inventory.models import (
    Accelerator,
    CapacityEvent,
    CoolingUnit,
    Device,
    DeviceName,
    DeviceType,
    DomainChoices,
    Link,
    Manufacturer,
    Port,
    PowerFeed,
    Rack,
    Region,
    Site,
)
from inventory.queries import deployed
from inventory.queries.overview import Totals, sites_with_counts, totals
from web import clock, units
from web.audit import is_audited
from web.history.events import HistoryQuery, history, visible_models
from web.kinds.columns import figure, name, related
from web.kinds.details import own_page
from web.kinds.kind import KIND_OF
from web.permissions import require
from web.tables import Column, Table, page, respond, wants_table_only

# Each card counts a role of devices, or a model.
GROUPS: tuple[tuple[str, str, tuple[str | type[Model], ...]], ...] = (
    (DomainChoices.COMPUTE, "cpu", (Device.Role.NODE, Accelerator, Device.Role.SERVER, Device.Role.STORAGE)),
    (
        DomainChoices.NETWORK,
        "network",
        (Device.Role.SWITCH, Device.Role.ROUTER, Device.Role.GATEWAY, Port, Link),
    ),
    (
        DomainChoices.ENERGY,
        "bolt",
        (PowerFeed, Device.Role.PDU, Device.Role.UPS, Device.Role.METER, CoolingUnit),
    ),
    ("places", "map-pin", (Site, Region, Rack, CapacityEvent, DeviceType, Manufacturer, DeviceName)),
)
ROLES_OF_MANY = {
    Device.Role.NODE: "Accelerator nodes",
    Device.Role.SERVER: "Servers",
    Device.Role.STORAGE: "Storage",
    Device.Role.SWITCH: "Switches",
    Device.Role.ROUTER: "Routers",
    Device.Role.GATEWAY: "Gateways",
    Device.Role.PDU: "PDUs",
    Device.Role.UPS: "UPSs",
    Device.Role.METER: "Power meters",
}
RECENT = 6
# Columns of objects in service at each site.
SITE_COUNTS = Table(
    id="inventory-sites",
    title="By site",
    noun=("site", "sites"),
    filterset=SITE.table.filterset,
    empty={
        "title": "No site yet",
        "text": "Each site appears here with its capacity and what is installed. Begin with a site.",
        "icon": "building-factory-2",
        "page": "site-list",
        "action_label": "Sites",
    },
    row_url=own_page,
    per_page=25,
    columns=[
        name(),
        STAGE,
        related("region", "Region"),
        Column("deployed_kw", "Deployed", numeric=True, unit="kW"),
        figure("accelerators_here", "Accelerators"),
        figure("nodes_here", "Nodes"),
        figure("switches_here", "Switches"),
        figure("racks_here", "Racks"),
        figure("feeds_here", "Power feeds"),
        figure("cooling_here", "Cooling units"),
    ],
)


@require("inventory.view_device")
@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    now = clock.now()
    capacity = deployed(at=now)

    def add_capacity(sites: Iterable[Site]) -> list[Site]:
        rows = list(sites)
        for site in rows:
            site.deployed_kw = capacity[site.pk].it_kw if site.pk in capacity else 0.0  # type: ignore[attr-defined]
        return rows

    table = page(request, SITE_COUNTS, sites_with_counts(), prepare=add_capacity)
    if wants_table_only(request, table):
        return respond(request, "inventory/overview.html", table)
    counted = totals([kind.model for kind in KINDS], at=now)
    context = {
        "heading": "Inventory",
        "sub": "What exists at every site: hardware, network, power, cooling and dated capacity",
        "kpis": _kpis(counted),
        "groups": [_group(counted, *each) for each in GROUPS],
        "rows": _recent(request),
    }
    return respond(request, "inventory/overview.html", table, context)


def _kpis(counted: Totals) -> list[dict[str, Any]]:
    power = units.power(counted.deployed.it_kw)
    in_production = counted.sites_by_stage[Site.Stage.PRODUCTION]
    return [
        _kpi(Site, counted, note=f"{in_production} in production"),
        {
            "label": "Deployed IT power",
            "value": power.value,
            "unit": power.unit,
            "url": reverse("capacity-event-list"),
            "note": f"with {units.number(counted.deployed.accelerators)} accelerators",
        },
        _kpi(Rack, counted),
        _kpi(Device, counted, in_service=counted.devices_in_service),
        _kpi(Accelerator, counted, in_service=counted.accelerators_in_service),
    ]


def _kpi(
    model: type[Model], counted: Totals, *, note: str = "", in_service: int | None = None
) -> dict[str, Any]:
    kind = KIND_OF[model]
    if in_service is not None:
        note = f"{units.number(in_service)} in service"
    return {
        "label": kind.label_plural,
        "value": units.number(counted.objects[model]),
        "url": kind.url("list"),
        "note": note,
    }


def _group(counted: Totals, key: str, icon: str, objects: tuple[str | type[Model], ...]) -> dict[str, Any]:
    of_domain = key in DomainChoices.values
    return {
        "key": key,
        "icon": icon,
        "title": DomainChoices(key).label if of_domain else "Places and products",
        "note": "Of devices those in service" if of_domain else "Locations and types",
        "facts": [_line(counted, each) for each in objects],
    }


def _line(counted: Totals, what: str | type[Model]) -> dict[str, str]:
    """A role of devices, counted in service, or a model, counted completely."""
    if isinstance(what, str):
        label, total = str(ROLES_OF_MANY[Device.Role(what)]), counted.devices[what]
        url = f"{reverse('device-list')}?role={what}&status={Device.Status.ACTIVE.value}"
    else:
        kind = KIND_OF[what]
        label, total, url = kind.label_plural, counted.objects[what], kind.url("list")
    return {"term": label, "value": units.number(total), "url": url}


def _recent(request: HttpRequest) -> list[Any]:
    visible = set(visible_models(request.user))
    models = tuple(kind.model for kind in KINDS if is_audited(kind.model) and kind.model in visible)
    return history(HistoryQuery(models=models), limit=RECENT).rows
