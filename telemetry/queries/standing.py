"""How the sources of sites stand."""

from collections import defaultdict
from collections.abc import Iterable

from telemetry.queries.rows import SourceStanding
from telemetry.queries.selection import fetch

# A source without a site speaks for every site that its series name.
_STANDING = """
WITH spoken_for AS (
    SELECT site_id, id AS source_id FROM telemetry_source WHERE site_id = ANY(%(sites)s)
    UNION
    SELECT series.site_id, source.id FROM telemetry_source source
    JOIN telemetry_series series ON series.source_id = source.id
    WHERE source.site_id IS NULL AND series.site_id = ANY(%(sites)s)
)
SELECT spoken_for.site_id, source.id, name, coalesce(state, CASE WHEN paused THEN 'paused' ELSE 'waiting' END),
    state_since, last_sample_at, last_received_at, cadence_s, grace_s, provenance
FROM spoken_for JOIN telemetry_source source ON source.id = spoken_for.source_id
LEFT JOIN telemetry_sourcestatus status ON status.source_id = source.id
ORDER BY spoken_for.site_id, name, source.id
"""


def source_states(site_ids: Iterable[int]) -> dict[int, list[SourceStanding]]:
    states_by_site: dict[int, list[SourceStanding]] = defaultdict(list)
    for row in fetch(_STANDING, {"sites": sorted(set(site_ids))}):
        states_by_site[row[0]].append(SourceStanding._make(row))
    return dict(states_by_site)
