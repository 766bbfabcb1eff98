"""Telemetry queries for other floors: many sites at once, in a fixed number of statements, as of any `now`."""

from telemetry.core.rows import (
    DailySketch,
    DatedValue,
    Latest,
    Rise,
    Seen,
    SourceStanding,
    Speaker,
    WindowMeans,
)
from telemetry.queries.changes import last_changed, value_ranges
from telemetry.queries.selection import source_states
from telemetry.queries.snapshot import SeriesSnapshot, last_kept, latest, snapshot
from telemetry.queries.windows import WindowQuantiles, daily_sketches, window_means, window_quantiles
