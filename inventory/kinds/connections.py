"""Ports, links, power feeds, cooling units."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from inventory.api import LinkFields, PowerFeedFields
from inventory.forms import LinkForm, OfDeviceForm, PowerFeedForm
from inventory.kinds.declaring import declared, status
from inventory.models import CoolingUnit, Link, Port, PowerFeed, Site
from web.kinds import Related
from web.kinds.columns import figure, hidden, name, plain, related
from web.rest import lookups
from web.tables import Column


class EitherEnd(django_filters.Filter):
    """Links with one of the sites at either end, by slug or by id."""

    def __init__(self, *, key: str, inner: forms.Field) -> None:
        super().__init__(label="Site at either end")
        self.key = key
        self.inner = inner

    @property
    def field(self) -> lookups.Repeated:
        if not hasattr(self, "_field"):
            self._field = lookups.Repeated(self.inner, commas=True, label=self.label)
        return self._field

    def filter(self, queryset: QuerySet, values: list[Any]) -> QuerySet:
        if not values:
            return queryset
        ends = (f"site_a{self.key}", f"site_b{self.key}")
        return queryset.filter(Q(**{f"{ends[0]}__in": values}) | Q(**{f"{ends[1]}__in": values}))


PORT = declared(
    Port,
    ("device", "name", "kind", "speed_gbps", "back_end", "status"),
    [
        name(),
        status(),
        plain("kind", "Kind"),
        figure("speed_gbps", "Speed", "Gb/s"),
        plain("back_end", "Back end"),
        related("device", "Device"),
        related("site", "Site", through="device", sort="device__site__name"),
    ],
    brief=("device", "name"),
    search=("name", "device__name"),
    panel=("site", "role", "kind", "status", "back_end"),
    through=("device__site", "device__role"),
    form=OfDeviceForm,
    joins=("device",),
    rows=Port.objects.select_related("device__site"),
    icon="plug-connected",
    hint="Network ports, by the names that exporters give them",
    related=[Related(Link, ("port_a", "port_b"), ("name", "kind", "port_a", "port_b"), fills="port_a")],
    above=lambda port: [port.device.site, port.device],
)
LINK = declared(
    Link,
    (
        *("name", "kind", "site_a", "port_a", "site_b", "port_b", "capacity_gbps", "design_latency_ms"),
        "provider",
    ),
    [
        name(),
        plain("kind", "Kind"),
        related("site_a", "First site"),
        related("port_a", "First port"),
        related("site_b", "Second site"),
        related("port_b", "Second port"),
        figure("capacity_gbps", "Capacity", "Gb/s"),
        figure("design_latency_ms", "Design latency", "ms"),
        hidden(plain, "provider", "Provider"),
    ],
    brief=("name",),
    search=("name", "provider", "site_a__name", "site_b__name"),
    panel=("site", "kind"),
    filters={
        "site": EitherEnd(key="__slug", inner=lookups.Existing(Site, "slug")),
        "site_id": EitherEnd(key="_id", inner=forms.IntegerField(max_value=2**63 - 1)),
    },
    form=LinkForm,
    serializer=LinkFields,
    together=("site_a", "site_b", "port_a", "port_b"),
    joins=("site_a", "site_b", "port_a__device", "port_b__device"),
    within={"port_a": {"device__site": "site_a"}, "port_b": {"device__site": "site_b"}},
    icon="route",
    hint="Cables inside a site and circuits between sites, with their design latency",
    above=lambda link: [link.site_a],
)
POWER_FEED = declared(
    PowerFeed,
    ("site", "name", "rack", "leg", "rated_kw", "breaker_rating_a", "voltage_v", "phases", "device"),
    [
        name(),
        plain("leg", "Leg"),
        related("site", "Site"),
        related("rack", "Rack"),
        related("device", "Measured by"),
        figure("rated_kw", "Rated power", "kW"),
        Column("breaker_kw", "Breaker power", numeric=True, unit="kW", hint="At a power factor of 1"),
        hidden(figure, "breaker_rating_a", "Breaker rating", "A"),
        hidden(figure, "voltage_v", "Voltage", "V"),
        hidden(figure, "phases", "Phases"),
    ],
    brief=("name",),
    search=("name", "site__name", "rack__name", "device__name"),
    panel=("site", "region", "leg"),
    through=("site__region",),
    form=PowerFeedForm,
    serializer=PowerFeedFields,
    also=("breaker_kw",),
    joins=("site", "rack", "device"),
    aliases={
        "voltage": ("voltage_v", {}),
        "amperage": ("breaker_rating_a", {}),
        "phase": ("phases", {"single-phase": "1", "three-phase": "3"}),
        "type": ("leg", {"primary": "A", "redundant": "B"}),
    },
    icon="bolt",
    hint="Circuits with their legs and ratings",
    above=lambda feed: [feed.site, feed.rack],
)
COOLING_UNIT = declared(
    CoolingUnit,
    ("site", "name", "medium", "capacity_kw", "management_address"),
    [
        name(),
        plain("medium", "Medium"),
        related("site", "Site"),
        figure("capacity_kw", "Cooling capacity", "kW"),
        plain("management_address", "Address"),
    ],
    brief=("name",),
    search=("name", "site__name"),
    panel=("site", "region", "medium"),
    through=("site__region",),
    joins=("site",),
    icon="snowflake",
    hint="Air handlers, in-row coolers and coolant distribution units",
    above=lambda unit: [unit.site],
)
