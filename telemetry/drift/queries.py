"""Contradictions of the inventory: those that stand, and the places that they make doubtful."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from telemetry.drift import sentences
from telemetry.drift.models import HARDWARE, InventoryDrift, InventoryDriftQuerySet
from web.workflows import second


def drifts() -> InventoryDriftQuerySet:
    people = InventoryDrift.objects.select_related("site", "device", "proposed_by", "decided_by")
    return people.annotate(approval_flags=second.flags_of(InventoryDrift))


def contradicted_places(site_ids: Iterable[int], now: datetime) -> dict[int, dict[tuple[int, int], str]]:
    """Return by site a sentence for each device and index (-1: the device itself) that telemetry contradicts.

    Evidence about such a place counts as warn at most. One statement.
    """
    rows = InventoryDrift.objects.not_ended().filter(
        site__in=list(site_ids), field__in=HARDWARE, first_seen_at__lte=now
    )
    places: dict[int, dict[tuple[int, int], str]] = defaultdict(dict)
    for row in rows.select_related("device").order_by("device", "index", "field"):
        places[row.site_id].setdefault((row.device_id, row.index), sentences.contradiction(row))
    return dict(places)


def software_contradicted(device_ids: Iterable[int]) -> set[int]:
    """Those of the devices whose software a run or telemetry contradicts. One statement."""
    rows = InventoryDrift.objects.not_ended().filter(
        device__in=list(device_ids), field=InventoryDrift.Field.DRIVER
    )
    return set(rows.values_list("device_id", flat=True))


def pressing(site_ids: Iterable[int] | None = None) -> list[InventoryDrift]:
    """Contradictions for lists of problems, oldest first."""
    rows = InventoryDrift.objects.pressing().select_related("device")
    if site_ids is not None:
        rows = rows.filter(site__in=list(site_ids))
    return list(rows.order_by("first_seen_at", "pk"))
