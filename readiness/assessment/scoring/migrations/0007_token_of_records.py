from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0006_columns_of_reasons_hold_choices'),
    ]

    operations = [
        migrations.AddField(
            model_name='sitescore',
            name='records_token',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, help_text='Another one whenever a claim said that what is on record of the site changed'),
        ),
    ]
