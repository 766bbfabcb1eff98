"""Stored runs that are declared or estimated are about another thing than measured ones, as the import has it now."""

from django.db import migrations

PART = """
    UPDATE evidence_validationrun SET about = md5(about)
    WHERE provenance IN ('declared', 'estimated') AND about <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("evidence", "0012_tables_that_declare")]

    operations = [migrations.RunSQL(PART, migrations.RunSQL.noop)]
