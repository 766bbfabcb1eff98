"""Standards of the estate: two in force with deviations and waivers, and what stays open on purpose."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from benchmarks.estate.places import EstateRows
from benchmarks.estate.plan import EstateSite
from inventory.models import Device
from readiness.assessment.standards.models import DeviationWaiver, FlexibleArea, Standard, StandardVersion

FIRMWARE, OLD_FIRMWARE = "3.4", "2.9"
"""The firmware of power supplies: every sixth site has the old one."""
WAIVED = 3
"""One deviation in so many has a waiver."""
RULES: Mapping[str, list[dict[str, Any]]] = {
    "power-baseline": [
        {
            "id": "ups",
            "title": "Power supplies run firmware 3.4 or later",
            "subject": "device",
            "roles": ["ups"],
            "reads": "firmware",
            "operator": "at-least",
            "values": [FIRMWARE],
        }
    ],
    "fabric-baseline": [
        {
            "id": "leaf",
            "title": "Switches run 4.36 or later",
            "subject": "device",
            "roles": ["switch"],
            "reads": "software",
            "operator": "at-least",
            "values": ["4.36"],
        },
        {
            "id": "driver",
            "title": "Nodes run driver 580.95 or later",
            "subject": "device",
            "roles": ["node"],
            "reads": "software",
            "operator": "at-least",
            "values": ["580.95"],
        },
    ],
}


def write_standards(plans: Sequence[EstateSite], places: EstateRows, *, now: datetime) -> None:
    """Write before the first evaluation, which finds what deviates."""
    published_at = now - timedelta(days=60)
    standards = Standard.objects.bulk_create(
        Standard(
            name=slug.replace("-", " ").capitalize(),
            slug=slug,
            kind=Standard.Kind.BASELINE,
            topics=list(Standard.Topic.values),
            review_on=(now + timedelta(days=200)).date(),
        )
        for slug in RULES
    )
    StandardVersion.objects.bulk_create(
        StandardVersion(
            standard=standard,
            version="1",
            status=StandardVersion.Status.PUBLISHED,
            rules=RULES[standard.slug],
            created_at=published_at,
            published_at=published_at,
        )
        for standard in standards
    )
    supplies = list(_supplies(plans, places))
    Device.objects.bulk_update(supplies, ["firmware_version"], batch_size=1000)
    by_slug = {standard.slug: standard for standard in standards}
    _write_waivers(by_slug["power-baseline"], supplies, now)
    FlexibleArea.objects.create(
        name="Fuel of generators",
        kind=FlexibleArea.Kind.VENDOR,
        layer="fuel",
        why="New generators take two fuels.",
        shares="diesel 80, HVO 20",
    )


def _supplies(plans: Sequence[EstateSite], places: EstateRows) -> Iterator[Device]:
    for plan in plans:
        supply = places.devices[plan.ups]
        supply.firmware_version = FIRMWARE if plan.number % 6 else OLD_FIRMWARE
        yield supply


def _write_waivers(standard: Standard, supplies: Sequence[Device], now: datetime) -> None:
    asks, decides = (User.objects.create_user(f"estate-standards-{turn}") for turn in ("asks", "decides"))
    deviating = [supply for supply in supplies if supply.firmware_version == OLD_FIRMWARE]
    starts_at = now - timedelta(days=20)
    DeviationWaiver.objects.bulk_create(
        DeviationWaiver(
            standard=standard,
            rule="ups",
            site_id=supply.site_id,
            device=supply,
            reason="It is replaced with the next wave.",
            state=DeviationWaiver.State.APPROVED,
            requested_by=asks,
            requested_at=starts_at,
            starts_at=starts_at,
            ends_at=now + timedelta(days=60),
            approver=decides,
            decided_at=starts_at,
        )
        for supply in deviating[::WAIVED]
    )
