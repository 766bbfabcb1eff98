"""Racks of a site with their feeds, the load of each feed, and their devices."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum

from inventory.models import Device, Rack, Site
from inventory.queries import power_feeds
from readiness.assessment.evidence.measures import CIRCUIT_LOAD
from readiness.assessment.evidence.models import Measure
from readiness.assessment.evidence.queries import CIRCUIT_DAYS
from readiness.assessment.framework import queries as framework_queries
from readiness.boards.power.paths import LIMIT_PERCENT, FeedPath, RackPath

MAY_SEE = (
    "inventory.view_site",
    "inventory.view_powerfeed",
    "inventory.view_rack",
    "scoring.view_checkresult",
)

CHECK, PART = "p2-power-headroom", "circuit-load"
"""The check whose limit says how much of a breaker may be used for long."""
DRAWING = (Device.Status.ACTIVE, Device.Status.DRAINED, Device.Status.FAILED, Device.Status.OFFLINE)
PASS_ON = (Device.Role.PDU, Device.Role.METER)
"""Roles of devices that pass power on, so that their name plates do not count."""


def rack_paths(site: Site, *, now: datetime, racks: Collection[int] | None = None) -> list[RackPath]:
    """Three statements; `racks` None means all, and feeds without a rack."""
    feeds = _feeds(site, now)
    limit = limit_percent()
    paths = [
        RackPath(
            id=rack.pk,
            name=rack.name,
            rated_kw=rack.rated_kw,
            feeds=feeds.get(rack.pk, ()),
            devices=rack.powered,
            nameplate_kw=rack.nameplate_w / 1000 if rack.nameplate_w else None,
            limit_percent=limit,
        )
        for rack in _racks(site, racks)
    ]
    if racks is None and None in feeds:
        paths.append(RackPath(id=None, name="No rack", feeds=feeds[None], limit_percent=limit))
    return paths


def limit_percent() -> float:
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(CHECK)
    part = next((part for part in check.parts if part.id == PART), None) if check else None
    bound = part.pass_at.bound if part and part.pass_at else None
    return LIMIT_PERCENT if bound is None or bound.high is None else bound.high


def _racks(site: Site, racks: Collection[int] | None) -> list[Any]:
    powered = Q(devices__status__in=DRAWING) & ~Q(devices__role__in=PASS_ON)
    rows = Rack.objects.filter(site=site) if racks is None else Rack.objects.filter(site=site, pk__in=racks)
    return list(
        rows.annotate(
            powered=Count("devices", filter=powered),
            nameplate_w=Sum("devices__device_type__nameplate_w", filter=powered),
        ).order_by("name", "pk")
    )


def _feeds(site: Site, now: datetime) -> dict[int | None, list[FeedPath]]:
    loads = _loads(site, now)
    by_rack: dict[int | None, list[FeedPath]] = defaultdict(list)
    for feed in power_feeds([site.pk]):
        by_rack[feed.rack_id].append(
            FeedPath(
                id=feed.id,
                name=feed.name,
                leg=feed.leg,
                capacity_kw=feed.breaker_kw or feed.rated_kw,
                load_percent=loads.get(feed.name),
                pdu_id=feed.device_id,
                pdu=feed.device,
            )
        )
    return by_rack


def _loads(site: Site, now: datetime) -> dict[str, float]:
    """The highest load of each feed in the last days in % of its breaker, as the check on headroom reads it."""
    since = now.astimezone(UTC).date() - timedelta(days=CIRCUIT_DAYS)
    measures = Measure.objects.filter(site=site, key=CIRCUIT_LOAD.key, on_date__gt=since, taken_at__lte=now)
    rows = measures.order_by().values_list("part").annotate(Max("value"))
    return {part: value for part, value in rows if value is not None}
