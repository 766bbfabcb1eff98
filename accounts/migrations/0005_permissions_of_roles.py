from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_view_backups"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="grouppermission",
            options={"verbose_name": "permission of a role", "verbose_name_plural": "permissions of roles"},
        ),
        migrations.AlterModelOptions(
            name="userpermission",
            options={"verbose_name": "permission of a user", "verbose_name_plural": "permissions of users"},
        ),
    ]
