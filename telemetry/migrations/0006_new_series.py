from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0005_fill_owners"),
    ]

    operations = [
        migrations.AddField(
            model_name="sourceactivity",
            name="new_series",
            field=models.PositiveBigIntegerField(
                db_default=0,
                default=0,
                help_text="Series met for the first time, those beyond the limit included",
            ),
        ),
    ]
