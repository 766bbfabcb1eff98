"""Hot tables have columns for samples on their way to a remote storage."""

from django.db import migrations

_FORWARD = """
ALTER TABLE telemetry_hottable
    ADD COLUMN forwarded_at timestamptz,
    ADD COLUMN failure text NOT NULL DEFAULT '',
    ADD COLUMN refused bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
    ADD COLUMN refusal text NOT NULL DEFAULT '';
"""
_BACK = """
ALTER TABLE telemetry_hottable
    DROP COLUMN forwarded_at, DROP COLUMN failure, DROP COLUMN refused, DROP COLUMN refusal;
"""


class Migration(migrations.Migration):

    dependencies = [("telemetry", "0008_stuck_sensors")]

    operations = [migrations.RunSQL(_FORWARD, _BACK)]
