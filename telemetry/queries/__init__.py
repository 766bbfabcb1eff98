"""Queries that other floors read telemetry by: for many sites at once, in a fixed number of statements, as of any
`now`."""

from telemetry.queries.changes import increase_since, last_changed
from telemetry.queries.newest import last_kept, last_seen, latest
from telemetry.queries.quantiles import WindowQuantiles, window_quantiles
from telemetry.queries.rows import (
    OBJECT_COLUMNS,
    DailySketch,
    DatedValue,
    Latest,
    Rise,
    Seen,
    SourceStanding,
    Speaker,
    WindowMeans,
)
from telemetry.queries.snapshot import SeriesSnapshot, snapshot
from telemetry.queries.standing import source_states
from telemetry.queries.windows import daily_sketches, window_means

__all__ = [
    "OBJECT_COLUMNS",
    "DailySketch",
    "DatedValue",
    "Latest",
    "Rise",
    "Seen",
    "SeriesSnapshot",
    "SourceStanding",
    "Speaker",
    "WindowMeans",
    "WindowQuantiles",
    "daily_sketches",
    "increase_since",
    "last_changed",
    "last_kept",
    "last_seen",
    "latest",
    "snapshot",
    "source_states",
    "window_means",
    "window_quantiles",
]
