"""Tables stored so far that lack a time, a tool or raw figures are declared, as the import has it from now on.

Each row must show its time in the column of that name; where quotes or another form of time hide that, it is declared.
"""

from django.db import migrations

MARK = r"""
    WITH line AS (
        SELECT run.id AS run_id, number, rtrim(text, E'\r') AS text
        FROM evidence_validationrun AS run JOIN evidence_runfile AS file ON file.run_id = run.id,
            regexp_split_to_table(convert_from(file.content, 'UTF8'), '\n') WITH ORDINALITY AS each (text, number)
        WHERE run.tool = 'csv' AND text ~ '\S'
    ), row AS (
        SELECT run_id, string_to_array(text, ',') AS cells, row_number() OVER of_run = 1 AS is_header,
            array_position(
                first_value(string_to_array(regexp_replace(lower(text), '\s', '', 'g'), ',')) OVER of_run, 'taken_at'
            ) AS place
        FROM line WHERE text !~ '^#'
        WINDOW of_run AS (PARTITION BY run_id ORDER BY number)
    ), dated AS (
        SELECT run_id FROM row GROUP BY run_id
        HAVING bool_and(is_header OR COALESCE(
            cells[place] ~ '^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)\s*$', false
        ))
    ), figure AS (
        SELECT run_id, name ~ '^p[1-5]-[a-z0-9-]+/[a-z0-9-]+$' OR name LIKE 'interop/%' AS concludes
        FROM evidence_runmeasure
    )
    UPDATE evidence_validationrun AS run SET provenance = 'declared'
    WHERE run.tool = 'csv' AND run.provenance <> 'declared'
        AND EXISTS (SELECT FROM figure WHERE run_id = run.id AND concludes)
        AND NOT (
            EXISTS (SELECT FROM figure WHERE run_id = run.id AND NOT concludes)
            AND EXISTS (SELECT FROM line WHERE run_id = run.id AND text ~* '^#\s*tool\s*:\s*\S')
            AND EXISTS (SELECT FROM dated WHERE run_id = run.id)
        )
"""


class Migration(migrations.Migration):
    dependencies = [("evidence", "0011_vllm_and_accelerators")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
