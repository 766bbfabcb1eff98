"""Unit rules hold what was in a column of sources."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0019_factors_become_rules")]
    operations = [migrations.RemoveField("source", "unit_scale")]
