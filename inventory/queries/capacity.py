"""Capacity and stage of sites over time."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from inventory.models import CapacityEvent, Site
from web.audit import steps_of


@dataclass(frozen=True)
class Capacity:
    it_kw: float = 0.0
    accelerators: int = 0

    def __add__(self, other: "Capacity") -> "Capacity":
        return Capacity(self.it_kw + other.it_kw, self.accelerators + other.accelerators)


@dataclass(frozen=True)
class CapacityStep:
    """Capacity added (positive) or removed (negative) at an instant."""

    site_id: int
    at: datetime
    change: Capacity


@dataclass(frozen=True)
class StageStep:
    """A site is in this stage from this instant on."""

    site_id: int
    at: datetime
    stage: str


@lru_cache(maxsize=4096)
def end_of_day(day: date, zone: str) -> datetime:
    """24:00 of the day in the zone, in UTC: a date counts from then."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def capacity_events(site_ids: Collection[int] | None = None) -> tuple[CapacityStep, ...]:
    """All capacity steps of these sites (None: of all), oldest first. One statement."""
    events = (
        CapacityEvent.objects.all() if site_ids is None else CapacityEvent.objects.filter(site__in=site_ids)
    )
    rows = events.order_by().values_list(
        "site_id", "happened_on", "site__time_zone", "kind", "it_kw", "accelerators"
    )
    steps = [
        CapacityStep(site_id, end_of_day(day, zone), _signed(kind, it_kw, accelerators))
        for site_id, day, zone, kind, it_kw, accelerators in rows
    ]
    return tuple(sorted(steps, key=lambda step: (step.at, step.site_id)))


def _signed(kind: str, it_kw: float, accelerators: int) -> Capacity:
    sign = -1 if kind == CapacityEvent.Kind.DECOMMISSION else 1
    return Capacity(sign * it_kw, sign * accelerators)


def deployed(site_ids: Collection[int] | None = None, *, at: datetime) -> dict[int, Capacity]:
    """Capacity by site at an instant, for sites whose present stage counts.

    One statement. Sites in another stage or without a step have no key: their capacity is 0.
    """
    counting = Site.objects.counting_capacity()
    if site_ids is not None:
        counting = counting.filter(pk__in=site_ids)
    totals: dict[int, Capacity] = defaultdict(Capacity)
    for step in capacity_events(counting.values("pk")):  # type: ignore[arg-type]
        if step.at <= at:
            totals[step.site_id] += step.change
    return dict(totals)


def stage_history(site_ids: Collection[int] | None = None) -> tuple[StageStep, ...]:
    """Stages from the change history, oldest first.

    One statement. History begins with the site's entry; before its first step nothing is known.
    """
    steps = steps_of(Site, ["stage"], ids=site_ids)
    return tuple(StageStep(step.object_id, step.at, str(*step.values)) for step in steps)
