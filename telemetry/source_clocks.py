"""The clock skew of each source: measured as its samples are stored, judged over the last periods.

Silence changes nothing: a source is ahead or behind until its own samples show another skew. Where most sources differ
by the same, Muster's own clock is the likelier cause: then none of them is judged.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from inventory.models import SiteChange
from telemetry.core.trust import ClockSkew, SharedSkew, trust_rules
from telemetry.counts import ACTIVITY_S, activity_start
from telemetry.models import SourceStatus
from telemetry.sources import sites_of

PERIOD = timedelta(seconds=ACTIVITY_S)
# Longer than the time between two looks, so that no period is missed.
HEARD_WITHIN = 3 * PERIOD
# A skew swings by the time that a body travels.
MOVES_BY_S = 1.0

# Only periods that are over: in a running one, its newest body may be yet to come.
_SKEWS = """
SELECT status.source_id, array_agg(period.clock_skew_s ORDER BY period.start DESC)
FROM telemetry_sourcestatus status CROSS JOIN LATERAL (
    SELECT start, clock_skew_s FROM telemetry_sourceactivity activity
    WHERE activity.source_id = status.source_id AND start < %(running)s AND clock_skew_s IS NOT NULL
    ORDER BY start DESC LIMIT %(periods)s
) period WHERE status.last_received_at > %(heard)s GROUP BY status.source_id
"""
# Enough to say what most of them have in common; web processes ask every few seconds.
_SKEWS_OF_SOME = _SKEWS.replace(
    "telemetry_sourcestatus status",
    """(SELECT * FROM telemetry_sourcestatus WHERE last_received_at > %(heard)s
        ORDER BY last_received_at DESC LIMIT 100) status""",
)


def judge_clocks(*, now: datetime) -> int:
    """Judge the sources that sent in the last minutes; returns how many clocks are now judged otherwise."""
    judged = _judged(_SKEWS, now)
    if trust_rules().clock.shared_skew([skew for _, skew in judged]):
        return 0
    return sum(_note(status, skew, now) for status, skew in judged)


def shared_skew(*, now: datetime) -> SharedSkew | None:
    """Return by how much most of the sources that were heard last differ from Muster's clock; None if they agree."""
    return trust_rules().clock.shared_skew([skew for _, skew in _judged(_SKEWS_OF_SOME, now)])


def _judged(query: str, now: datetime) -> list[tuple[SourceStatus, ClockSkew]]:
    rule = trust_rules().clock
    with connection.cursor() as cursor:
        cursor.execute(
            query, {"running": activity_start(now), "periods": rule.periods, "heard": now - HEARD_WITHIN}
        )
        skews_s = dict(cursor.fetchall())
    statuses = SourceStatus.objects.filter(source__in=skews_s).select_related("source").order_by("source")
    return [
        (status, skew)
        for status in statuses
        if (skew := rule.judge(skews_s[status.source_id], cadence_s=status.source.cadence_s)) is not None
    ]


def _note(status: SourceStatus, skew: ClockSkew, now: datetime) -> bool:
    stays = status.clock == skew.direction
    if stays and status.clock_skew_s is not None and abs(status.clock_skew_s - skew.seconds) < MOVES_BY_S:
        return False
    values = {"clock": skew.direction.value, "clock_skew_s": skew.seconds}
    with transaction.atomic():
        # A second worker finds the clock judged otherwise.
        same = SourceStatus.objects.filter(pk=status.pk, clock=status.clock)
        if not same.update(**values | ({} if stays else {"clock_since": now})) or stays:
            return False
        SiteChange.objects.bulk_create(
            SiteChange(site_id=site_id, origin=SiteChange.Origin.SOURCE)
            for site_id in sites_of(status.source)
        )
    return True
