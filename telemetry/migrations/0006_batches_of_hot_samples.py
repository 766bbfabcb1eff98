"""Hot samples in batches, in place of a row for each.

The rows of hot tables are written together by source and minute, as plain numbers, and are packed like any other batch.
There is no way back, since a row for each sample would have to be written again.
"""

from django.db import migrations

BATCHES = """
CREATE TABLE telemetry_samplebatch (
    source_id bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    samples integer NOT NULL,
    packed bytea NOT NULL,
    CHECK (last_at >= first_at),
    CHECK (samples > 0)
);
ALTER TABLE telemetry_samplebatch ALTER COLUMN packed SET STORAGE EXTERNAL;
CREATE INDEX telemetry_samplebatch_source ON telemetry_samplebatch (source_id, last_at);
ALTER TABLE telemetry_hottable RENAME COLUMN rows_packed TO samples_packed;
"""

ROWS_TO_BATCHES = """
DO $$ DECLARE hot record; BEGIN
    FOR hot IN SELECT id, format('telemetry_samplebatch_%s', id) AS batches, inhrelid::regclass AS rows
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        JOIN telemetry_hottable ON relname = format('telemetry_sample_%s', id)
        WHERE inhparent = 'telemetry_sample'::regclass LOOP
        EXECUTE format('CREATE TABLE %I (LIKE telemetry_samplebatch INCLUDING ALL) INHERITS (telemetry_samplebatch)'
            ' WITH (autovacuum_vacuum_insert_threshold = -1, toast.autovacuum_vacuum_insert_threshold = -1)',
            hot.batches);
        -- A number for the format, then series, ms and value of each.
        EXECUTE format('INSERT INTO %I SELECT source_id, min(ts), max(ts), count(*), ''\\x00''::bytea || string_agg('
            ' int8send(series_id) || int8send(floor(extract(epoch FROM ts) * 1000)::bigint) || float8send(value),'
            ' ''''::bytea) FROM %s JOIN telemetry_series series ON series.id = series_id'
            ' GROUP BY source_id, date_trunc(''minute'', ts)', hot.batches, hot.rows);
        UPDATE telemetry_hottable SET packed_through = 0, samples_packed = 0 WHERE id = hot.id;
    END LOOP;
END $$;
DROP TABLE telemetry_sample CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0005_blocks_of_samples")]

    operations = [migrations.RunSQL(BATCHES), migrations.RunSQL(ROWS_TO_BATCHES)]
