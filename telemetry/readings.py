"""Turn sent values into readings: which values are readings, in which unit, of which series. No database here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemetry.core.columns import SampleColumns, is_stale
from telemetry.core.labels import NO_READING, NOT_A_NUMBER, SERIES_ENDED, describe_key
from telemetry.core.replicas import series_of
from telemetry.series import NO_SITE, KnownSeries


def clean(
    values: NDArray[np.float64],
    *,
    scale: ArrayLike = 1.0,
    offset: ArrayLike = -0.0,
    missing_from: ArrayLike = np.inf,
    missing_below: ArrayLike = -np.inf,
    zero_is_missing: ArrayLike = False,
) -> NDArray[np.float64]:
    """Values times `scale` plus `offset`, NaN without a reading; the rules may be arrays or scalars.

    Not a reading: at or above `missing_from`, below `missing_below`, or 0 if 0 means no sensor. An infinite value is
    kept unless a finite bound excludes it. Stale markers keep their bits.
    """
    stale = is_stale(values)
    with np.errstate(invalid="ignore", over="ignore"):
        high = np.asarray(missing_from)
        blank = ((values >= high) & np.isfinite(high)) | (values < np.asarray(missing_below))
        blank |= np.asarray(zero_is_missing, dtype=np.bool_) & (values == 0)
        cleaned = np.where(blank, np.nan, values * np.asarray(scale) + np.asarray(offset))
    # Arithmetic sets the quiet bit of a NaN, and a stale marker is one without it.
    cleaned.view(np.uint64)[stale] = values.view(np.uint64)[stale]
    return cleaned


WINDOW_MS = 300_000
RULES = ("scale", "missing_from", "missing_below", "zero_is_missing")
"""Attributes that a metric and a known series share; they define how values are read."""
TOO_OLD = "too_old"


@dataclass
class SourceReadings:
    """The readings of one source's batches. Columns of equal length; only a stale marker is NaN. `dropped` counts what
    is refused or ignored, for reasons that need the metric; those of core.labels.RefusalReason are found on receipt."""

    ts_ms: NDArray[np.int64]
    series_ids: NDArray[np.int64]
    values: NDArray[np.float64]
    site_ids: list[int]
    dropped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def values_stored(self) -> int:
        return len(self.ts_ms) - self.dropped.get(SERIES_ENDED, 0)

    @property
    def windows_ms(self) -> list[int]:
        """Starts of the five-minute windows with new samples; a window includes its end, not its start."""
        return (np.unique((self.ts_ms - 1) // WINDOW_MS) * WINDOW_MS).tolist()


def read(batches: Sequence[SampleColumns], known_series: KnownSeries, oldest_ms: int) -> SourceReadings:
    slots = np.concatenate([known_series.slot_columns(batch.keys)[batch.series_index] for batch in batches])
    ts_ms = np.concatenate([batch.ts_ms for batch in batches])
    sent = np.concatenate([batch.value for batch in batches])
    ids = slots["series_id"]
    values = clean(sent, offset=slots["offset"], **{name: slots[name] for name in RULES})
    ended = is_stale(sent)
    odd = ~np.isfinite(values) & ~ended
    faults = {
        TOO_OLD: ts_ms < oldest_ms,
        NOT_A_NUMBER: odd & ~np.isfinite(sent),
        NO_READING: odd & np.isfinite(sent),
    }
    is_kept = np.ones(len(ids), np.bool_)
    readings = SourceReadings(ts_ms, ids, values, [])
    for reason, faulty in faults.items():
        faulty &= is_kept
        if faulty.any():
            is_kept &= ~faulty
            readings.dropped[reason] = int(np.count_nonzero(faulty))
            readings.examples[reason] = _example(batches, int(np.argmax(faulty)))
    if count := int(np.count_nonzero(ended & is_kept)):
        readings.dropped[SERIES_ENDED] = count
    if not is_kept.all():
        slots = slots[is_kept]
        readings.ts_ms, readings.series_ids, readings.values = ts_ms[is_kept], ids[is_kept], values[is_kept]
    readings.site_ids = [site for site in np.unique(slots["site_id"]).tolist() if site != NO_SITE]
    return readings


def _example(batches: Sequence[SampleColumns], place: int) -> str:
    for batch in batches:
        if place < batch.samples:
            key = batch.keys[batch.series_index[place]]
            return f"{describe_key(key)} {float(batch.value[place])}"
        place -= batch.samples
    raise IndexError(place)


def ends(readings: SourceReadings) -> dict[int, int]:
    markers = np.isnan(readings.values)
    if not markers.any():
        return {}
    marked = np.isin(readings.series_ids, readings.series_ids[markers])
    # As everywhere, a reading outranks a marker at the same instant.
    order = np.lexsort((~markers[marked], readings.ts_ms[marked], readings.series_ids[marked]))
    ids, ts_ms = readings.series_ids[marked][order], readings.ts_ms[marked][order]
    last = np.append(ids[1:] != ids[:-1], True)
    ended = last & markers[marked][order]
    return dict(zip(ids[ended].tolist(), ts_ms[ended].tolist(), strict=True))


def newest(readings: SourceReadings, series_ids: Sequence[int]) -> dict[int, int]:
    ids = series_of(readings.series_ids)
    is_match = np.isin(ids, series_ids) & ~np.isnan(readings.values)
    times: dict[int, int] = {}
    for series_id, ts_ms in zip(ids[is_match].tolist(), readings.ts_ms[is_match].tolist(), strict=True):
        times[series_id] = max(ts_ms, times.get(series_id, 0))
    return times
