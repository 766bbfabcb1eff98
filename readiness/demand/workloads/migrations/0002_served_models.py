"""The model that a class serves, and larger ones whose benchmarks count for it too."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workloads", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="workloadclass",
            name="served_models",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200),
                blank=True,
                default=list,
                help_text="The model that is served, then larger ones whose benchmarks count too; empty: none declared",
                verbose_name="served models",
            ),
        ),
    ]
