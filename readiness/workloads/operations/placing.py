"""Placing a workload class at a site, and ending that."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.workloads.models import Placement, WorkloadClass
from readiness.workloads.refusals import MAY_END, MAY_PLACE, require


@transaction.atomic
def place(
    workload: WorkloadClass, *, site: Site, on: date | None = None, by: User | None, now: datetime
) -> Placement:
    """Place the class from a day on, today at the site if none is named.

    Raises MissingPermission, and ValidationError by field: placed there already.
    """
    require(by, MAY_PLACE)
    # Whoever places the same class at the same moment waits here, and is told.
    WorkloadClass.objects.select_for_update().get(pk=workload.pk)
    running = Placement.objects.filter(workload_class=workload, site=site, ended_on__isnull=True).first()
    if running is not None:
        message = f"It is placed there already, since {running.started_on.isoformat()}."
        raise ValidationError({"site": [message]})
    day = on or now.astimezone(ZoneInfo(site.time_zone)).date()
    return Placement.objects.create(workload_class=workload, site=site, started_on=day)


@transaction.atomic
def end_placement(
    placement: Placement, *, on: date | None = None, by: User | None, now: datetime
) -> Placement:
    """The day given is its last, today at the site if none is. Raises MissingPermission, ValidationError by field."""
    require(by, MAY_END)
    locked = Placement.objects.select_for_update(of=("self",)).select_related("site").get(pk=placement.pk)
    if locked.ended_on is not None:
        message = f"It ended on {locked.ended_on.isoformat()} already."
        raise ValidationError({"ended_on": [message]})
    day = on or now.astimezone(ZoneInfo(locked.site.time_zone)).date()
    if day < locked.started_on:
        message = f"It began on {locked.started_on.isoformat()}, and cannot end before."
        raise ValidationError({"ended_on": [message]})
    locked.ended_on = day
    locked.save(update_fields=["ended_on"])
    return locked
