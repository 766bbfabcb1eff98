from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_tokens_without_key"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [("view_backup", "Can see backups")],
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
    ]
