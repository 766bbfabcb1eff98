"""Who comes on shift within a day without a channel: an alert for each rotation and level, a day before."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db.models import Count, Exists, F, Min, OuterRef

from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.present import PresentAlert
from readiness.organisation.people.core.on_call import LEVELS
from readiness.organisation.people.models import RotationSite, Shift
from web import scopes
from web.delivery.models import Channel
from web.links import page_url
from web.units import instant

AHEAD = timedelta(days=1)
LATE = timedelta(hours=2)
"""So shortly before a shift, the alert is an error."""


def reach_alerts(now: datetime) -> list[PresentAlert]:
    """Two statements. Names are left to the page of the rotation, whose readers may see them."""
    with scopes.everything():
        shifts = list(_unreachable(now))
        rotation_ids = {shift.rotation_id for shift in shifts}
        served = RotationSite.objects.filter(rotation__in=rotation_ids).order_by().values_list("rotation")
        sites = {
            rotation: (site_id, number)
            for rotation, site_id, number in served.annotate(first=Min("site"), number=Count("site"))
        }
    by_level = groupby(shifts, lambda shift: (shift.rotation_id, shift.level))
    return [
        _alert(next(iter(of_level)), *sites[rotation_id], now=now)
        for (rotation_id, _level), of_level in by_level
        if rotation_id in sites
    ]


def _unreachable(now: datetime) -> Iterable[Shift]:
    """Shifts under way or within a day, of people without a channel that takes everything, the first of each first."""
    channels = Channel.objects.usable().filter(owner=OuterRef("person__user"), is_shared=False)
    return (
        Shift.objects.overlapping(now, now + AHEAD)
        .filter(level__in=LEVELS, person__isnull=False)
        .exclude(person__left_at__lte=F("starts_at"))
        .annotate(reachable=Exists(channels))
        .filter(reachable=False)
        .select_related("rotation")
        .order_by("rotation", "level", "starts_at", "pk")
    )


def _alert(shift: Shift, site_id: int, sites: int, *, now: datetime) -> PresentAlert:
    rotation = shift.rotation
    is_soon = shift.starts_at - now <= LATE
    when = "now" if shift.starts_at <= now else f"from {instant(shift.starts_at, UTC)}"
    serves = f"It serves {sites} sites. " if sites > 1 else ""
    return PresentAlert(
        key=f"date:reach:{rotation.pk}:{shift.level}",
        kind=AlertKind.REACH,
        group=f"date:reach:{rotation.pk}",
        severity=AlertSeverity.ERROR if is_soon else AlertSeverity.WARNING,
        title=f"{rotation}: the {LEVELS[shift.level]} on call has no channel",
        detail=f"Whoever is on call {when} has no confirmed channel. {serves}They add one in their settings, or"
        " somebody else takes the shift.",
        url=page_url(rotation) or "",
        site_id=site_id,
        domain=rotation.domain,
        # Whoever is on call already may be given a channel until the end.
        due_at=shift.starts_at if shift.starts_at > now else shift.ends_at,
        began_at=shift.starts_at - AHEAD,
    )
