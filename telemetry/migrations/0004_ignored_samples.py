from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("telemetry", "0003_inventory_drift")]

    operations = [
        migrations.AddField(
            model_name="sourceactivity",
            name="ignored",
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text="No reading, and no fault"),
        ),
    ]
