"""Compare the inventory of sites with what telemetry reports: gather, decide, apply. A fixed number of statements."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import numpy as np
from django.db import connection, transaction

from inventory.models import Accelerator, Device, Site
from telemetry import store
from telemetry.core.identity import (
    BEHIND,
    WHOLE,
    AcceleratorCount,
    DriftKey,
    HardwarePlace,
    IdentityComparison,
    IdentityReport,
    comparisons,
    identity,
    values_of,
)
from telemetry.core.instants import floor, instant
from telemetry.core.labels import NAME
from telemetry.core.matching import By, host_forms
from telemetry.core.registry import registry
from telemetry.drift.models import PRESSING, STANDING, InventoryDrift
from telemetry.models import Source

SITES = 200
"""Sites of one batch."""
AN_INSTANT = timedelta(microseconds=1)
SEEN_EVERY = timedelta(hours=1)
"""How often a row that stands says when it was last seen, so that it costs no write at each comparison."""
_NAMED = """
SELECT series.id, series.site_id, series.source_id, series.device_id, series.metric, series.labels,
    make_interval(secs => 2 * (source.cadence_s + source.grace_s))
FROM telemetry_series AS series
JOIN telemetry_source AS source ON source.id = series.source_id
WHERE series.site_id = ANY(%s) AND series.metric = ANY(%s) AND series.device_id IS NOT NULL
ORDER BY series.id
"""


def compare_all(*, now: datetime) -> int:
    """Compare every site that is not retired; returns how many contradictions opened or ended."""
    site_ids = list(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("pk").values_list("pk", flat=True)
    )
    return sum(compare_sites(site_ids=batch, now=now) for batch in batched(site_ids, SITES))


@transaction.atomic
def compare_sites(*, site_ids: Collection[int], now: datetime) -> int:
    """Open, renew and end contradictions of these sites; returns how many opened or ended."""
    rows = _named(site_ids, now)
    if not rows:
        return 0
    # Locked before the inventory is read, so that it is read after a correction that is under way.
    stored = list(InventoryDrift.objects.filter(site__in=site_ids).select_for_update().order_by("pk"))
    devices = {device.pk: device for device in _devices(site_ids)}
    parts = list(_accelerators(site_ids))
    reports = _reports(rows, devices)
    compared = comparisons(reports, _entered(devices, parts), _counts(devices, parts), now=now)
    return _apply(compared, stored, devices, now)


def _named(site_ids: Iterable[int], now: datetime) -> list[tuple[Any, ...]]:
    """Series whose labels name hardware and whose source was heard lately, each with its newest reading's time."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [list(site_ids), list(identity()["metrics"])])
        rows = cursor.fetchall()
    if not rows:
        return []
    longest = max(interval for *_, interval in rows)
    newest = store.newest(
        np.array([row[0] for row in rows], np.int64), since=now - BEHIND - longest, before=now + AN_INSTANT
    )
    heard_at = {
        series: instant(at_ms)
        for series, at_ms in zip(newest.series.tolist(), newest.ts_ms.tolist(), strict=True)
    }
    return [
        (*row, heard_at[series], interval)
        for series, *row, interval in rows
        if series in heard_at and floor(heard_at[series]) >= now - BEHIND - interval
    ]


def _devices(site_ids: Iterable[int]) -> Iterable[Device]:
    fields = ("site", "name", "management_address", "serial", "device_type__attributes")
    devices = Device.objects.filter(site__in=site_ids).exclude(status=Device.Status.RETIRED)
    return devices.select_related("device_type").only(*fields).order_by("pk")


def _accelerators(site_ids: Iterable[int]) -> Iterable[Accelerator]:
    fields = ("device", "index", "uuid", "serial", "bus_id", "status", "device_type__model")
    parts = Accelerator.objects.filter(site__in=site_ids).exclude(status=Accelerator.Status.RETIRED)
    return parts.select_related("device_type").only(*fields).order_by("pk")


def _reports(rows: Sequence[tuple[Any, ...]], devices: Mapping[int, Device]) -> list[IdentityReport]:
    hosts: dict[tuple[int, str], set[int]] = defaultdict(set)
    for device in devices.values():
        for text in filter(None, (device.name, device.management_address)):
            for form in host_forms(text):
                hosts[device.site_id, form].add(device.pk)
    # The metrics of an exporter have the same labels: each text is read once.
    heard: dict[tuple[Any, ...], tuple[str, datetime]] = {}
    for site_id, source_id, device_id, metric, labels, heard_at, interval in rows:
        key = (site_id, source_id, device_id, labels, interval)
        if key not in heard or heard[key][1] < heard_at:
            heard[key] = metric, heard_at
    reports = []
    for (site_id, source_id, device_id, labels, interval), (metric, heard_at) in heard.items():
        reported_labels = {NAME: metric, **json.loads(labels)}
        place = _place(site_id, device_id, reported_labels, hosts)
        values = values_of(reported_labels, "device" if place.index == WHOLE else "accelerator")
        if values:
            reports.append(IdentityReport(place, source_id, values, heard_at, interval))
    return reports


def _place(
    site_id: int, device_id: int, labels: Mapping[str, str], hosts: Mapping[tuple[int, str], set[int]]
) -> HardwarePlace:
    """Where the labels say that it is. A UUID of the inventory is no place: the accelerator may have moved."""
    for candidate in registry().candidates(labels):
        if candidate.by is By.HOST_INDEX and candidate.key[1].isdigit():
            at_host = hosts.get((site_id, candidate.key[0]), set())
            if len(at_host) == 1:
                return HardwarePlace(next(iter(at_host)), int(candidate.key[1]))
    return HardwarePlace(device_id, WHOLE)


def _entered(
    devices: Mapping[int, Device], parts: Iterable[Accelerator]
) -> dict[HardwarePlace, Mapping[str, str]]:
    entered: dict[HardwarePlace, Mapping[str, str]] = {
        HardwarePlace(device.pk, WHOLE): {"serial": device.serial} for device in devices.values()
    }
    for part in parts:
        entered[HardwarePlace(part.device_id, part.index)] = {
            "model": part.device_type.model,
            "uuid": part.uuid,
            "serial": part.serial,
            "bus-id": part.bus_id,
        }
    return entered


def _counts(devices: Mapping[int, Device], parts: Iterable[Accelerator]) -> dict[int, AcceleratorCount]:
    """An accelerator in service must report, a drained or failed one may. Without entries the type's number counts."""
    of_device: dict[int, list[str]] = defaultdict(list)
    for part in parts:
        of_device[part.device_id].append(part.status)
    counts = {}
    for device_id, device in devices.items():
        statuses = of_device.get(device_id, [])
        number = device.device_type.attributes.get("accelerator_count")
        if statuses:
            counts[device_id] = AcceleratorCount(statuses.count(Accelerator.Status.ACTIVE), len(statuses))
        elif isinstance(number, int):
            counts[device_id] = AcceleratorCount(number, number)
    return counts


def _apply(
    compared: Mapping[DriftKey, IdentityComparison],
    stored: Iterable[InventoryDrift],
    devices: Mapping[int, Device],
    now: datetime,
) -> int:
    rows = {DriftKey(row.device_id, row.index, row.field): row for row in stored}
    source_ids = {each.source_id for each in compared.values()}
    names = dict(Source.objects.filter(pk__in=source_ids).values_list("pk", "name"))
    new, changed, moved = [], [], 0
    for key, comparison in sorted(compared.items()):
        row, name = rows.get(key), names[comparison.source_id]
        if row is None and not comparison.agrees and key.device_id in devices:
            row = InventoryDrift(site_id=devices[key.device_id].site_id, **asdict(key))
            opened(row, comparison, name, now)
            new.append(row)
            moved += 1
        elif row is not None:
            before = row.state
            if renewed(row, comparison, name, now):
                changed.append(row)
            moved += (before in STANDING) != (row.state in STANDING)
    InventoryDrift.objects.bulk_create(new, ignore_conflicts=True)
    InventoryDrift.objects.bulk_update(changed, CHANGING)
    return moved


CHANGING = (
    *("inventory_value", "reported_value", "reported_by", "first_seen_at", "last_seen_at"),
    *("state", "state_at", "proposed_by", "proposed_at", "decided_by", "decided_at", "note"),
)


def opened(row: InventoryDrift, comparison: IdentityComparison, reported_by: str, now: datetime) -> None:
    """Make the row say that the two disagree; earlier decisions were about other values."""
    row.inventory_value, row.reported_value = comparison.entered[:200], comparison.reported[:200]
    row.reported_by = reported_by[:200]
    row.first_seen_at = row.last_seen_at = comparison.heard_at
    row.state, row.state_at, row.note = InventoryDrift.State.OPEN, now, ""
    row.proposed_by = row.proposed_at = row.decided_by = row.decided_at = None


def renewed(row: InventoryDrift, comparison: IdentityComparison, reported_by: str, now: datetime) -> bool:
    """Bring a stored row up to date; returns whether it changed."""
    stands = row.state in STANDING
    if comparison.agrees:
        if stands:
            row.state, row.state_at = InventoryDrift.State.ENDED, now
        return stands
    values = (comparison.entered[:200], comparison.reported[:200])
    if not stands or (row.inventory_value, row.reported_value) != values:
        if not stands and comparison.heard_at < row.state_at:
            return False  # From before the decision, whose effect these samples do not show.
        since = row.first_seen_at if row.state in PRESSING else comparison.heard_at
        opened(row, comparison, reported_by, now)
        row.first_seen_at = since
        return True
    if comparison.heard_at - row.last_seen_at < SEEN_EVERY:
        return False
    row.last_seen_at = comparison.heard_at
    return True
