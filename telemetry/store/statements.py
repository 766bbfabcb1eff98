"""The SQL of a question: plain reads of the parts that it is answered from, as arrays.

No statement joins samples with anything. The planner's statistics do not know the newest minutes yet, so it takes them
for next to nothing and would loop over every pair of rows.
"""

from telemetry.core.spec import Aggregation
from telemetry.store.grid import Resolution

TABLES = {Resolution.HOUR: "telemetry_rollup_1h", Resolution.FIVE_MINUTES: "telemetry_rollup_5m"}
# What each aggregation needs of a window: the values, and what `reduce` weighs or orders them by.
COLUMNS = {
    Aggregation.AVG: ("sum", "count::float8"),
    Aggregation.SUM: ("sum", "0::float8"),
    Aggregation.MIN: ("min", "0::float8"),
    Aggregation.MAX: ("max", "0::float8"),
    Aggregation.COUNT: ("count::float8", "0::float8"),
    Aggregation.LAST: ("last", "extract(epoch FROM last_ts)::float8"),
    Aggregation.INCREASE: ("increase", "0::float8"),
    # A window whose rise is unknown is where the next one rose from.
    Aggregation.RATE: ("coalesce(increase, 'NaN')", "0::float8"),
}
RAW = """
SELECT array_agg(series_id), array_agg(ts), array_agg(nullif(value, 'NaN')) FROM telemetry_sample
WHERE series_id = ANY(%(series)s) AND ts > %(raw_start)s AND ts <= %(end)s
"""
BASELINE = """
SELECT array_agg(asked.series_id), array_agg(last), array_agg(last_ts)
FROM unnest(%(series)s::bigint[]) AS asked (series_id) CROSS JOIN LATERAL (
    SELECT last, last_ts FROM telemetry_rollup_5m done WHERE done.series_id = asked.series_id AND start < %(raw_start)s
        AND start >= %(raw_start)s::timestamptz - interval '1 hour' ORDER BY start DESC LIMIT 1
) earlier
"""


def windows(resolution: Resolution, aggregation: Aggregation) -> str:
    first, second = COLUMNS[aggregation]
    # Unknown increases are left out: an array with nulls is slow to read.
    said = " AND increase IS NOT NULL" if first == "increase" else ""
    return (
        f"SELECT array_agg(series_id), array_agg(start), array_agg({first}), array_agg({second})"
        f" FROM {TABLES[resolution]} WHERE series_id = ANY(%(series)s)"
        f" AND start >= %(from)s AND start < %(until)s{said}"
    )


def sketches(resolution: Resolution) -> str:
    return (
        "SELECT array_agg(series_id), array_agg(start), array_agg(bucket::bigint), array_agg(n)"
        f" FROM {TABLES[resolution]}, unnest(sketch_buckets, sketch_counts) AS held (bucket, n)"
        " WHERE series_id = ANY(%(series)s) AND start >= %(from)s AND start < %(until)s"
    )
