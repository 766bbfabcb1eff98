"""Hot tables count how often a remote storage did not give their samples back."""

from django.db import migrations

_COUNT = """
ALTER TABLE telemetry_hottable ADD COLUMN missed_reads smallint NOT NULL DEFAULT 0 CHECK (missed_reads >= 0);
"""
_BACK = "ALTER TABLE telemetry_hottable DROP COLUMN missed_reads;"


class Migration(migrations.Migration):

    dependencies = [("telemetry", "0013_import_rules")]

    operations = [migrations.RunSQL(_COUNT, _BACK)]
