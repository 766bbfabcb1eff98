"""Samples and roll-ups. Partitions come and go with time, so they are made by telemetry.partitions, not here."""

from django.db import migrations

SAMPLES = """
CREATE TABLE telemetry_sample (
    ts timestamptz NOT NULL,
    series_id bigint NOT NULL,
    value double precision NOT NULL
) PARTITION BY RANGE (ts);
-- Rows arrive nearly in order of time: a block-range index costs next to nothing and no key has to be kept unique.
CREATE INDEX telemetry_sample_ts ON telemetry_sample USING brin (ts) WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE telemetry_rollup_5m (
    series_id bigint NOT NULL,
    start timestamptz NOT NULL,
    last_ts timestamptz NOT NULL,
    count integer NOT NULL,
    sum double precision NOT NULL,
    min double precision NOT NULL,
    max double precision NOT NULL,
    last double precision NOT NULL,
    increase double precision,
    sketch_buckets integer[],
    sketch_counts bigint[],
    PRIMARY KEY (series_id, start)
) PARTITION BY RANGE (start);

-- A healthy error counter costs one empty look, and not one for every window.
CREATE INDEX telemetry_rollup_5m_risen ON telemetry_rollup_5m (series_id, start) INCLUDE (increase) WHERE increase > 0;

CREATE TABLE telemetry_rollup_1h (LIKE telemetry_rollup_5m INCLUDING ALL) PARTITION BY RANGE (start);

-- Packed columns are compressed already.
ALTER TABLE telemetry_inboxbatch ALTER COLUMN columns SET STORAGE EXTERNAL;
-- Rows live for a second: vacuum by number, not by share, or the claims wade through dead rows.
ALTER TABLE telemetry_inboxbatch SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 2000);
ALTER TABLE telemetry_dirtywindow SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
"""

GONE = """
DROP TABLE telemetry_sample;
DROP TABLE telemetry_rollup_5m;
DROP TABLE telemetry_rollup_1h;
ALTER TABLE telemetry_inboxbatch ALTER COLUMN columns SET STORAGE EXTENDED;
ALTER TABLE telemetry_inboxbatch RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
    toast.autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_threshold);
ALTER TABLE telemetry_dirtywindow RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]

    operations = [migrations.RunSQL(SAMPLES, GONE)]
