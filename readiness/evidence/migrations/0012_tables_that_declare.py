"""Tables stored so far that lack a time, a tool or raw figures are declared, as the import has it from now on."""

from django.db import migrations

MARK = r"""
    UPDATE evidence_validationrun AS run SET provenance = 'declared'
    FROM evidence_runfile AS file
    WHERE run.tool = 'csv' AND file.run_id = run.id AND run.provenance <> 'declared'
        AND EXISTS (SELECT FROM evidence_runmeasure WHERE run_id = run.id AND name ~ '^p[1-5]-[a-z0-9-]+/[a-z0-9-]+$')
        AND NOT (
            EXISTS (SELECT FROM evidence_runmeasure WHERE run_id = run.id AND name !~ '^p[1-5]-[a-z0-9-]+/[a-z0-9-]+$')
            AND convert_from(file.content, 'UTF8') ~* '(^|\n)#\s*tool\s*:\s*\S'
            AND convert_from(file.content, 'UTF8') ~* 'taken_at'
        )
"""


class Migration(migrations.Migration):
    dependencies = [("evidence", "0011_vllm_and_accelerators")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
