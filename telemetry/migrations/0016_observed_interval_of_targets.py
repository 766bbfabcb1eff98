"""The state of a target has how often it is scraped, by its samples."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0015_dates_of_import_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='targetstate',
            name='interval_s',
            field=models.PositiveIntegerField(help_text='Seconds between two scrapes, by its samples; null until two came', null=True),
        ),
    ]
