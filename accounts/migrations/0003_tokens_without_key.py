from django.db import migrations, models


class Migration(migrations.Migration):
    """Tokens that exist were hashed with a signing key; new ones are not."""

    dependencies = [
        ("accounts", "0002_account_ties"),
    ]

    operations = [
        migrations.AddField(
            model_name="token",
            name="is_keyed",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.AlterField(
            model_name="token",
            name="is_keyed",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
