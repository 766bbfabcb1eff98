"""The clock skew of sources: of each five minutes, and as judged."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("telemetry", "0006_batches_of_hot_samples")]

    operations = [
        migrations.AddField(
            model_name="sourceactivity",
            name="clock_skew_s",
            field=models.FloatField(help_text="Time of the newest sample less that of its receipt, the greatest, s", null=True),
        ),
        migrations.AddField(
            model_name="sourcestatus",
            name="clock",
            field=models.CharField(blank=True, choices=[("agrees", "Agrees with Muster's clock"), ("ahead", "Ahead of Muster's clock"), ("behind", "Behind Muster's clock")], db_default="", help_text="Empty until it was measured", max_length=8),
        ),
        migrations.AddField(
            model_name="sourcestatus",
            name="clock_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sourcestatus",
            name="clock_skew_s",
            field=models.FloatField(blank=True, help_text="Time of newest samples less that of their receipt, s", null=True),
        ),
    ]
