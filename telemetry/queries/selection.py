"""The series that queries select, and the states of sources."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.binary import fetched
from telemetry.conditions import conditions_of
from telemetry.core.rows import SERIES_COLUMNS, Labels, SourceStanding
from telemetry.core.spec import Matcher

# Series of the scraper about itself continue when its target is gone.
_SCRAPERS_OWN = "^(up|scrape_.*|ALERTS.*)$"
_COLUMNS = ", ".join(
    f"series.{name}::text" if name == "labels" else f"series.{name}" for name in SERIES_COLUMNS[1:-2]
)
_LABELS = SERIES_COLUMNS.index("labels")


@dataclass(frozen=True, slots=True)
class Selection:
    """Series in order of id, each with the columns that begin every row of an answer.

    Statements about samples get the ids as an array and are joined with the series in Python: statistics do not cover
    the newest minutes yet, so the planner would choose a nested loop.
    """

    rows: list[tuple[Any, ...]]
    ended_at: list[datetime | None]
    first_seen_at: list[datetime]

    @property
    def ids(self) -> NDArray[np.int64]:
        return np.array([row[0] for row in self.rows], np.int64)

    def rows_by_id(self) -> dict[int, tuple[Any, ...]]:
        return {row[0]: row for row in self.rows}


def select(
    site_ids: Iterable[int], metrics: Iterable[str] | None, matchers: Sequence[Matcher] = ()
) -> Selection:
    """The series of sites by metric and labels, without ignored ones (`LeftOutSeries`). Metrics None means all."""
    conditions, values = conditions_of(site_ids, metrics, matchers)
    series = fetched(
        f"SELECT series.id, {_COLUMNS}, source.provenance, source.cadence_s, series.ended_at, series.first_seen_at"
        " FROM telemetry_series series JOIN telemetry_source source ON source.id = series.source_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY series.id",
        values,
    )
    rows = [(*row[:_LABELS], Labels(row[_LABELS]), *row[_LABELS + 1 : -2]) for row in series]
    return Selection(rows, [row[-2] for row in series], [row[-1] for row in series])


@lru_cache(maxsize=10_000)
def is_scrapers_own(metric: str) -> bool:
    return re.match(_SCRAPERS_OWN, metric) is not None


# A source without a site counts for every site that its series name.
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
    for row in fetched(_STANDING, {"sites": sorted(set(site_ids))}):
        states_by_site[row[0]].append(SourceStanding._make(row))
    return dict(states_by_site)
