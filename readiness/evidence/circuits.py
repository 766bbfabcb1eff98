"""How loaded the circuits of a site's racks are together, and which of them is loaded most; one statement for all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from readiness.evidence.measures import CIRCUIT_LOAD
from telemetry.binary import binary_cursor

DAYS = 2
"""Today and yesterday, as p2-power-headroom looks at circuits."""


@dataclass(frozen=True, slots=True)
class CircuitLoads:
    """`load_kw` is over all circuits of a site; `highest` is the one with the highest share of its rating, in %."""

    load_kw: float
    highest: str
    percent: float
    taken_at: datetime
    provenance: str


# A breaker's rating goes before the feed's, as inventory.models.facility.breaker_kw and the daily measure have it.
_LOADS = """
WITH load AS (
    SELECT DISTINCT ON (site_id, part) site_id, part, max(value) OVER (PARTITION BY site_id, part) AS percent,
        taken_at, provenance
    FROM evidence_measure
    WHERE site_id = ANY(%(sites)s) AND key = %(key)s AND on_date > %(since)s AND taken_at <= %(now)s
    ORDER BY site_id, part, on_date DESC
)
SELECT feed.site_id,
    sum(load.percent / 100 * coalesce(
        feed.breaker_rating_a * feed.voltage_v * CASE feed.phases WHEN 3 THEN sqrt(3) ELSE 1 END / 1000,
        feed.rated_kw)),
    (array_agg(feed.name ORDER BY load.percent DESC, feed.name))[1], max(load.percent), min(load.taken_at),
    (array_agg(load.provenance ORDER BY load.percent DESC, feed.name))[1]
FROM inventory_powerfeed AS feed
LEFT JOIN load ON load.site_id = feed.site_id AND load.part = feed.name
WHERE feed.site_id = ANY(%(sites)s) AND feed.rack_id IS NOT NULL
GROUP BY feed.site_id
HAVING count(*) = count(load.percent)
"""


def circuit_loads(site_ids: Collection[int], *, now: datetime) -> dict[int, CircuitLoads]:
    """Return loads of the sites where every circuit of a rack has a load: a sum that leaves one out would be no sum."""
    asked = {
        "sites": list(site_ids),
        "key": CIRCUIT_LOAD.key,
        "since": now.astimezone(UTC).date() - timedelta(days=DAYS),
        "now": now,
    }
    with binary_cursor() as cursor:
        rows = cursor.execute(_LOADS, asked).fetchall()
    return {site_id: CircuitLoads(*of_site) for site_id, *of_site in rows}
