"""Filters and columns of contradictions of the inventory."""

from django.db.models import Q

from telemetry.drift.models import PRESSING, STANDING, InventoryDrift
from web.links import link, page_url
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag
from web.tables import Column, Table
from web.units import instant
from web.workflows.approvals import rests_on


class InventoryDriftFilters(ObjectFilterSet):
    standing = Flag(read=lambda _key: Q(state__in=STANDING), label="Not ended")
    pressing = Flag(read=lambda _key: Q(state__in=PRESSING), label="To be decided")

    class Meta:
        model = InventoryDrift
        fields = [
            *(
                "site",
                "device",
                "index",
                "field",
                "state",
                "inventory_value",
                "reported_value",
                "reported_by",
            ),
            *("first_seen_at", "last_seen_at", "state_at", "proposed_by", "decided_by"),
        ]
        search_fields = ["device__name", "site__name", "inventory_value", "reported_value", "reported_by"]
        panel = ["state", "field", "site", "standing", "pressing"]


def drift_table() -> Table:
    return Table(
        id="drifts",
        noun=("contradiction", "contradictions"),
        label="Inventory drift",
        columns=(
            Column("state", "State", sort="state", states="drift", phone="status"),
            Column("what", "What", value=str, sort="device__name", locked=True, phone="title"),
            Column("inventory", "Inventory", "inventory_value", sort="inventory_value"),
            Column("reported", "Reported", "reported_value", sort="reported_value"),
            Column("by", "Reported by", "reported_by", sort="reported_by"),
            Column("site", "Site", "site.name", url=lambda row: page_url(row.site) or "", sort="site__name"),
            Column("first_seen_at", "First seen", text=lambda row: instant(row.first_seen_at), sort="first_seen_at"),
            Column("last_seen_at", "Last seen", text=lambda row: instant(row.last_seen_at), sort="last_seen_at"),
            Column("proposed_by", "Proposed by", sort="proposed_by__username", default=False),
            Column("decided_by", "Decided by", sort="decided_by__username", default=False),
            Column("note", "Note", phone="full", default=False),
            rests_on(),
        ),
        filterset=InventoryDriftFilters,
        default_sort="-first_seen_at",
        row_name=str,
        row_url=lambda row: link("drift", row.pk),
        api="telemetry-api-inventory-drift-list",
        empty={
            "title": "The inventory agrees",
            "text": "Nothing that telemetry or a run reported contradicts the inventory.",
            "icon": "circle-check",
        },
    )  # fmt: skip
