"""Queries that other floors read telemetry by: for many sites at once, in a fixed number of statements, as of any
`now`."""

from telemetry.queries.changes import last_changed
from telemetry.queries.newest import last_kept, latest
from telemetry.queries.quantiles import WindowQuantiles, window_quantiles
from telemetry.queries.rows import DailySketch, DatedValue, Latest, Rise, Seen, Speaker, WindowMeans
from telemetry.queries.snapshot import snapshot
from telemetry.queries.standing import source_states
from telemetry.queries.windows import daily_sketches, window_means
