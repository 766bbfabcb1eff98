"""Shifts that are nobody's because the person has another level of the rotation at the time."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0005_fill_homes'),
    ]

    operations = [
        migrations.AddField(
            model_name='shift',
            name='is_double',
            field=models.BooleanField(default=False, verbose_name='on call already'),
        ),
    ]
