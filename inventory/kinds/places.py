"""Regions, sites, and dated capacity at sites."""

from collections.abc import Callable
from typing import Any

from inventory.api import SiteFields
from inventory.forms import CapacityEventForm, SiteForm
from inventory.kinds.declaring import declared
from inventory.models import CapacityEvent, CoolingUnit, Device, Link, PowerFeed, Rack, Region, Site
from inventory.queries.overview import how_many
from web.kinds import Facts, Related
from web.kinds.columns import figure, hidden, name, plain, related
from web.tables import Column

STAGE = plain("stage", "Stage", template="inventory/cells/stage.html", phone="status", states="lifecycle")


def _degrees(key: str) -> Callable[[Any], str]:
    """Show all stored decimals, because a coordinate is not a rounded figure."""

    def words(row: Any) -> str:
        value = getattr(row, key)
        return "" if value is None else f"{value.normalize():f}"

    return words


REGION = declared(
    Region,
    ("name", "slug", "parent", "description"),
    [
        name(),
        related("parent", "Part of"),
        figure("site_count", "Own sites"),
        plain("description", "Description", phone="full"),
        hidden(plain, "slug", "Slug"),
    ],
    brief=("name", "slug", "description"),
    search=("name", "slug", "description"),
    panel=("parent",),
    joins=("parent",),
    rows=Region.objects.select_related("parent").annotate(site_count=how_many(Site.objects.all(), "region")),
    icon="world",
    hint="Where sites are, as the organisation divides the world",
    related=[
        Related(Site, ("region",), ("name", "stage", "kind", "city"), fills="region"),
        Related(Region, ("parent",), ("name", "site_count"), fills="parent"),
    ],
    above=lambda region: [region.parent],
)
SITE = declared(
    Site,
    (
        *("name", "slug", "region", "stage", "kind", "profiles", "owner", "facility", "city", "country"),
        *("operator", "operator_country"),
        *("latitude", "longitude", "time_zone", "contracted_kw", "power_step_limit_kw", "cooling_class"),
        *("liquid_supply_max_c", "generator_start_s", "description"),
    ),
    [
        name(),
        STAGE,
        plain("kind", "Kind"),
        Column("profiles", "Profiles", template="inventory/cells/profiles.html"),
        related("region", "Region"),
        plain("city", "City"),
        plain("country", "Country"),
        figure("contracted_kw", "Contracted power", "kW"),
        figure("device_count", "Devices"),
        plain("owner", "Owner"),
        hidden(plain, "operator", "Operator"),
        hidden(plain, "operator_country", "Operator's country", hint="Empty: not known"),
        hidden(plain, "facility", "Facility"),
        hidden(plain, "time_zone", "Time zone"),
        hidden(figure, "latitude", "Latitude", "°", text=_degrees("latitude")),
        hidden(figure, "longitude", "Longitude", "°", text=_degrees("longitude")),
        hidden(figure, "power_step_limit_kw", "Power step limit", "kW", hint="Largest step in 1 s"),
        hidden(plain, "cooling_class", "Cooling class"),
        hidden(figure, "liquid_supply_max_c", "Liquid supply limit", "°C"),
        hidden(figure, "generator_start_s", "Generator start", "s", hint="Empty: no generator"),
        hidden(plain, "description", "Description", phone="full"),
        hidden(plain, "slug", "Slug"),
    ],
    groups=[
        ("Site", ("name", "slug", "region", "stage", "kind", "profiles", "owner", "description")),
        ("Place", ("facility", "city", "country", "latitude", "longitude", "time_zone")),
        ("Operator", ("operator", "operator_country")),
        (
            "Power and cooling",
            (
                *("contracted_kw", "power_step_limit_kw", "generator_start_s"),
                *("cooling_class", "liquid_supply_max_c"),
            ),
        ),
    ],
    brief=("name", "slug", "description"),
    search=("name", "slug", "facility", "city", "operator", "owner", "description"),
    panel=("region", "stage", "kind", "profiles", "cooling_class"),
    form=SiteForm,
    serializer=SiteFields,
    joins=("region",),
    rows=Site.objects.select_related("region").annotate(device_count=how_many(Device.objects.all(), "site")),
    icon="building-factory-2",
    hint="Places that hold AI infrastructure",
    elsewhere="Readiness",
    aliases={
        "status": (
            "stage",
            {
                "active": "production",
                "staging": "commissioning",
                "candidate": "planned",
                "decommissioning": "retired",
            },
        ),
    },
    facts=[
        Facts(
            "Place",
            (
                *("stage", "kind", "profiles", "owner", "region", "city", "country", "operator"),
                *("operator_country", "latitude", "longitude"),
                *("time_zone", "facility", "slug", "description"),
            ),
        ),
        Facts(
            "Limits",
            (
                *("contracted_kw", "power_step_limit_kw", "cooling_class", "liquid_supply_max_c"),
                "generator_start_s",
            ),
        ),
    ],
    related=[
        Related(Device, ("site",), ("name", "status", "role", "rack"), fills="site"),
        Related(Rack, ("site",), ("name", "rated_kw", "device_count"), fills="site"),
        Related(CapacityEvent, ("site",), ("happened_on", "kind", "it_kw", "accelerators"), fills="site"),
        Related(
            Link,
            ("site_a", "site_b"),
            ("name", "kind", "site_a", "site_b"),
            fills="site_a",
            parameter="site_id",
        ),
        Related(PowerFeed, ("site",), ("name", "leg", "rated_kw", "rack"), fills="site"),
        Related(CoolingUnit, ("site",), ("name", "medium", "capacity_kw"), fills="site"),
    ],
    above=lambda site: [site.region],
)
CAPACITY_EVENT = declared(
    CapacityEvent,
    ("site", "kind", "happened_on", "it_kw", "accelerators", "note"),
    [
        Column("happened_on", "Day", sort="happened_on", locked=True, phone="title"),
        plain("kind", "Kind", phone="status"),
        related("site", "Site"),
        figure("it_kw", "IT power", "kW"),
        figure("accelerators", "Accelerators"),
        plain("note", "Note", phone="full"),
    ],
    brief=("kind", "happened_on"),
    search=("note", "site__name"),
    panel=("site", "region", "kind"),
    through=("site__region",),
    form=CapacityEventForm,
    joins=("site",),
    default_sort="-happened_on",
    icon="calendar",
    hint="Capacity added or removed, by day",
    above=lambda event: [event.site],
)
