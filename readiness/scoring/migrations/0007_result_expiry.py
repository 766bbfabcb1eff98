from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0006_dry_runs")]

    operations = [
        migrations.AddField(
            model_name="checkresult",
            name="expires_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the first of its runs, records and attestations goes stale; telemetry renews itself",
                null=True,
            ),
        ),
    ]
