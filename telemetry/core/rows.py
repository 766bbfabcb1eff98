"""Row types of the queries; there may be tens of thousands of rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.registry import registry

SERIES_COLUMNS = (
    "series_id",
    "source_id",
    "site_id",
    "metric",
    "labels",
    "object_kind",
    *OBJECT_COLUMNS.values(),
    "provenance",
    "cadence_s",
)


class Labels(Mapping[str, str]):
    """A series' labels, parsed from JSON on demand: few of thousands of series are inspected."""

    __slots__ = ("_read", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: dict[str, str] | None = None

    @property
    def _labels(self) -> dict[str, str]:
        if self._read is None:
            self._read = orjson.loads(self._text)
        return self._read

    def __getitem__(self, name: str) -> str:
        return self._labels[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._labels.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __repr__(self) -> str:
        return repr(self._labels)


class DatedValue(NamedTuple):
    value: float
    ts: datetime


@dataclass(slots=True)
class MeasuredSeries:
    """A series with its object and its source: the SERIES_COLUMNS."""

    series_id: int
    source_id: int
    site_id: int
    metric: str
    labels: Mapping[str, str]
    object_kind: str
    device_id: int | None
    accelerator_id: int | None
    port_id: int | None
    power_feed_id: int | None
    link_id: int | None
    cooling_unit_id: int | None
    provenance: str
    cadence_s: int

    @property
    def unit(self) -> str:
        definition = registry().get(self.metric, self.labels)
        return definition.unit if definition else ""


@dataclass(slots=True)
class Latest(MeasuredSeries):
    ts: datetime
    value: float


@dataclass(slots=True)
class Rise(MeasuredSeries):
    """The rise of a counter, and the ends of the first and the last window in which it rose."""

    increase: float
    first_bad_at: datetime
    last_bad_at: datetime


@dataclass(slots=True)
class WindowMeans(MeasuredSeries):
    """Means of a series over windows of one length, NaN where a window has no reading."""

    newest_at: datetime
    values: NDArray[np.float64]


@dataclass(slots=True)
class DailySketch(MeasuredSeries):
    """The readings of a series over a day, as a sketch (`telemetry.core.sketch`)."""

    newest_at: datetime
    samples: int
    buckets: NDArray[np.int32]
    counts: NDArray[np.int64]


class Seen(NamedTuple):
    """When a source last had a reading of an object."""

    site_id: int
    object_kind: str
    object_id: int
    source_id: int
    newest_at: datetime


class Speaker(NamedTuple):
    """A source that has a series of an object."""

    site_id: int
    object_kind: str
    object_id: int
    source_id: int


class SourceStanding(NamedTuple):
    """The state of a source. `site_id` is a site that it sends data for."""

    site_id: int
    source_id: int
    name: str
    state: str
    state_since: datetime | None
    last_sample_at: datetime | None
    last_received_at: datetime | None
    cadence_s: int
    grace_s: int
    provenance: str
