"""How an item stands: its status, unless its check is met; and whether its day is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from inventory.models import Site
from readiness.golive.worklist.models import LIVE, WorkItem
from readiness.scoring.core.combine import ACCEPTABLE
from readiness.scoring.core.states import Gate, Tier
from readiness.scoring.models import CheckResult

MET = sorted(state.value for state in ACCEPTABLE)
"""States of a check that needs no work any more."""


class WorkItemStanding(models.TextChoices):
    """The state of an item as it is shown."""

    OPEN = "open", "Open"
    IN_PROGRESS = "in-progress", "In progress"
    RESOLVED = "resolved", "Resolved"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


def with_standing(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    """With `check_state` and `check_reason` as evaluated, and `standing`: resolved where a live item’s check is met.

    A BLOCK check that is declared where a measurement is asked for keeps its site from being ready, and is open.
    """
    result = CheckResult.objects.filter(site=OuterRef("site"), check_id=OuterRef("check_id"))
    return items.annotate(
        check_state=Subquery(result.values("state")[:1]),
        check_reason=Subquery(result.values("reason")[:1]),
        standing=Case(
            When(
                ~Exists(result.filter(gate=Gate.BLOCK.value, tier=Tier.CAPPED)),
                status__in=LIVE,
                check_state__in=MET,
                then=Value(WorkItemStanding.RESOLVED),
            ),
            default=F("status"),
            output_field=models.CharField(max_length=12, choices=WorkItemStanding),
        ),
    )


def today_by_zone(now: datetime) -> dict[str, date]:
    """The day that it is at the sites, by their time zone; one statement."""
    zones = Site.objects.order_by().values_list("time_zone", flat=True).distinct()
    return {zone: now.astimezone(ZoneInfo(zone)).date() for zone in zones}


def is_overdue(today: Mapping[str, date]) -> Q:
    """Live items whose day is over at their site; of rows with `standing`, so that what is resolved is not late."""
    zones_by_day: dict[date, list[str]] = {}
    for zone, day in today.items():
        zones_by_day.setdefault(day, []).append(zone)
    late = Q(pk__in=[])
    for day, zones in zones_by_day.items():
        late |= Q(site__time_zone__in=zones, due_on__lt=day)
    return Q(standing__in=LIVE) & late
