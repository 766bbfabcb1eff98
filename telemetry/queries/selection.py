"""Shared parts of the queries: the selected series, and the time up to which roll-ups are reliable."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.binary import binary_cursor
from telemetry.core.registry import LeftOutSeries, registry
from telemetry.core.spec import LabelOperator, Matcher
from telemetry.queries.rows import SERIES_COLUMNS, Labels, SourceStanding

FIVE_MINUTES = timedelta(minutes=5)
# Younger samples are read raw, because their window may be open or its roll-up not done.
RAW_TAIL = timedelta(minutes=6)
# If roll-ups lag further behind, they are read as they are.
MOST_BEHIND = timedelta(hours=1)

# Series of the scraper about itself continue when its target is gone.
_SCRAPERS_OWN = "^(up|scrape_.*|ALERTS.*)$"
_COMPARE = {
    LabelOperator.IS: "=",
    LabelOperator.IS_NOT: "<>",
    LabelOperator.LIKE: "~",
    LabelOperator.NOT_LIKE: "!~",
}
_COLUMNS = ", ".join(
    f"series.{name}::text" if name == "labels" else f"series.{name}" for name in SERIES_COLUMNS[1:-2]
)
_LABELS = SERIES_COLUMNS.index("labels")

type Values = dict[str, Any]


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

    def by_id(self) -> dict[int, tuple[Any, ...]]:
        return {row[0]: row for row in self.rows}


def select(
    site_ids: Iterable[int], metrics: Iterable[str] | None, matchers: Sequence[Matcher] = ()
) -> Selection:
    """The series of sites by metric and labels, without ignored ones (`LeftOutSeries`). Metrics None means all."""
    conditions, values = conditions_of(site_ids, metrics, matchers)
    fetched = fetch(
        f"SELECT series.id, {_COLUMNS}, source.provenance, source.cadence_s, series.ended_at, series.first_seen_at"
        " FROM telemetry_series series JOIN telemetry_source source ON source.id = series.source_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY series.id",
        values,
    )
    rows = [(*row[:_LABELS], Labels(row[_LABELS]), *row[_LABELS + 1 : -2]) for row in fetched]
    return Selection(rows, [row[-2] for row in fetched], [row[-1] for row in fetched])


@lru_cache(maxsize=10_000)
def is_scrapers_own(metric: str) -> bool:
    return re.match(_SCRAPERS_OWN, metric) is not None


def conditions_of(
    site_ids: Iterable[int] | None, metrics: Iterable[str] | None, matchers: Sequence[Matcher]
) -> tuple[list[str], Values]:
    """Conditions on series and their values; None means every site, or every metric."""
    values: Values = {}
    conditions = []
    for name, column, wanted in (("sites", "site_id", site_ids), ("metrics", "metric", metrics)):
        if wanted is not None:
            conditions.append(f"series.{column} = ANY(%({name})s)")
            values[name] = sorted(set(wanted))
    rules = registry().left_out_of(values.get("metrics"), {matcher.label for matcher in matchers})
    for condition, given in (
        *(_matching(matcher, number) for number, matcher in enumerate(matchers)),
        *(_counting(rule, number) for number, rule in enumerate(rules)),
    ):
        conditions.append(condition)
        values |= given
    return conditions, values


def _matching(matcher: Matcher, number: int) -> tuple[str, Values]:
    expression = matcher.op in (LabelOperator.LIKE, LabelOperator.NOT_LIKE)
    value = f"^(?:{matcher.value})$" if expression else matcher.value
    label = f"coalesce(series.labels ->> %(label_{number})s, '')"
    return (
        f"{label} {_COMPARE[matcher.op]} %(value_{number})s",
        {f"label_{number}": matcher.label, f"value_{number}": value},
    )


def _counting(rule: LeftOutSeries, number: int) -> tuple[str, Values]:
    metrics, label, expression = (f"left_{name}_{number}" for name in ("metrics", "label", "expression"))
    return (
        f"(series.port_id IS NOT NULL OR series.metric <> ALL(%({metrics})s)"
        f" OR coalesce(series.labels ->> %({label})s, '') !~ %({expression})s)",
        {metrics: sorted(rule.metrics), label: rule.label, expression: rule.expression},
    )


def rolled_up_to(now: datetime) -> datetime:
    """Every window of the last hour that starts before this is rolled up; raw samples cover the rest."""
    oldest = floor(now - MOST_BEHIND)
    with binary_cursor() as cursor:
        cursor.execute(
            "SELECT min(start) FROM telemetry_dirtywindow WHERE width_s = 300 AND start >= %s", [oldest]
        )
        (earliest,) = cursor.fetchone() or (None,)
    current = floor(now)
    return min(earliest, current) if earliest else current


def hours_rolled_up_to(now: datetime) -> datetime:
    with binary_cursor() as cursor:
        cursor.execute("SELECT min(start) FROM telemetry_dirtywindow WHERE width_s = 3600")
        (earliest,) = cursor.fetchone() or (None,)
    current = rolled_up_to(now).replace(minute=0)
    return min(earliest, current) if earliest else current


def floor(at: datetime) -> datetime:
    """Start of the five minutes that end at or after an instant."""
    whole = (at - timedelta(microseconds=1)).astimezone(UTC)
    return whole.replace(minute=whole.minute // 5 * 5, second=0, microsecond=0)


def fetch_columns(statement: str, values: Values) -> tuple[NDArray[Any], ...]:
    (row,) = fetch(statement, values)
    return tuple(np.empty(0) if column is None else column for column in row)


def fetch(statement: str, values: Values) -> list[tuple[Any, ...]]:
    with binary_cursor() as cursor:
        return cursor.execute(statement, values).fetchall()


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
    for row in fetch(_STANDING, {"sites": sorted(set(site_ids))}):
        states_by_site[row[0]].append(SourceStanding._make(row))
    return dict(states_by_site)
