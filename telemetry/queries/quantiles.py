"""Quantiles of classic histograms over each closed five-minute window, for whole sites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.core.histograms import quantile_by_step
from telemetry.core.labels import NAME
from telemetry.core.registry import registry
from telemetry.queries.rows import SERIES_COLUMNS
from telemetry.queries.selection import Selection, fetch_columns, instant, rolled_up_to, select

BOUND = "le"
_LABELS, _METRIC = SERIES_COLUMNS.index("labels"), SERIES_COLUMNS.index("metric")
_SITE, _PROVENANCE = SERIES_COLUMNS.index("site_id"), SERIES_COLUMNS.index("provenance")
_RISES = """
SELECT array_agg(series_id), array_agg(start), array_agg(increase), array_agg(last_ts) FROM telemetry_rollup_5m
WHERE series_id = ANY(%(ids)s) AND start >= %(start)s AND start < %(end)s AND increase IS NOT NULL
"""


class WindowQuantiles(NamedTuple):
    """A value for each window in which a site observed anything, in the registry's unit; `key` is the caller's."""

    site_id: int
    key: str
    provenances: frozenset[str]
    newest_at: datetime
    values: NDArray[np.float64]


def window_quantiles(
    site_ids: Iterable[int],
    families: Mapping[str, Sequence[str]],
    *,
    q: float,
    start: datetime,
    end: datetime,
    now: datetime,
) -> list[WindowQuantiles]:
    """Return quantiles of the histograms named, added up over all series of a site: several engines serve as one.

    Windows that start in [start, end) and are rolled up by `now` count. Three statements, however many sites.
    """
    key_of = {f"{name}_bucket": key for key, names in families.items() for name in names}
    selection = select(site_ids, key_of)
    bounds = _bounds(selection)
    if not bounds:
        return []
    values = {"ids": selection.ids, "start": start, "end": min(end, rolled_up_to(now))}
    series, windows, rise, last_ms = fetch_columns(_RISES, values)
    rows = selection.by_id()
    members: dict[tuple[int, str], list[int]] = defaultdict(list)
    for series_id in bounds:
        members[rows[series_id][_SITE], key_of[rows[series_id][_METRIC]]].append(series_id)
    results = []
    for (site_id, key), ids in sorted(members.items()):
        own = np.isin(series, ids)
        if not own.any():
            continue
        quantiles = _quantiles(q, series[own], windows[own], rise[own], bounds)
        if len(quantiles):
            provenances = frozenset(rows[series_id][_PROVENANCE] for series_id in ids)
            newest_at = instant(float(last_ms[own].max()))
            results.append(WindowQuantiles(site_id, key, provenances, newest_at, quantiles))
    return results


def _bounds(selection: Selection) -> dict[int, float]:
    bound_by_series = {}
    for row in selection.rows:
        labels, metric = row[_LABELS], row[_METRIC]
        known = registry().get(metric, {NAME: metric, **labels})
        try:
            bound_by_series[row[0]] = float(labels.get(BOUND, "")) * (known.le_scale if known else 1.0)
        except ValueError:
            continue
    return bound_by_series


def _quantiles(
    q: float,
    series: NDArray[Any],
    windows: NDArray[Any],
    rise: NDArray[Any],
    bounds: Mapping[int, float],
) -> NDArray[np.float64]:
    starts, row = np.unique(windows, return_inverse=True)
    distinct, column = np.unique([bounds[series_id] for series_id in series.tolist()], return_inverse=True)
    sums = np.zeros((len(starts), len(distinct)))
    said = np.zeros(sums.shape, np.int64)
    np.add.at(sums, (row, column), rise.astype(np.float64))
    np.add.at(said, (row, column), 1)
    answer = quantile_by_step(q, distinct, np.where(said > 0, sums, np.nan))
    return answer[np.isfinite(answer)]
