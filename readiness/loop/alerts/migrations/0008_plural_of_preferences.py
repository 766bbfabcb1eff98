from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0007_ends_of_dates"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="alertpreferences",
            options={
                "default_permissions": (),
                "verbose_name": "preferences for alerts",
                "verbose_name_plural": "preferences for alerts",
            },
        ),
    ]
