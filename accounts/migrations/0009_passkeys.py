from django.db import migrations, models


class Migration(migrations.Migration):
    """Second factors may be passkeys."""

    dependencies = [
        ("accounts", "0008_group_rules"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="secondfactor", name="second_factor_is_whole"),
        migrations.AlterField(
            model_name="secondfactor",
            name="kind",
            field=models.CharField(choices=[("app", "Authenticator app"), ("passkey", "Passkey")], max_length=8),
        ),
        migrations.AddField(
            model_name="secondfactor",
            name="credential",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="secondfactor",
            name="credential_id",
            field=models.BinaryField(
                error_messages={"unique": "This passkey was added already."}, max_length=1023, null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="secondfactor",
            name="sign_count",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="secondfactor",
            name="copied_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="secondfactor",
            constraint=models.UniqueConstraint(
                fields=("user", "name"),
                name="second_factor_name_once",
                violation_error_message="You have a second factor of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="secondfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credential", None), ("credential_id", None), ("kind", "app"), ("secret__isnull", False)),
                    models.Q(("credential__isnull", False), ("credential_id__isnull", False), ("kind", "passkey"), ("secret", None)),
                    _connector="OR",
                ),
                name="second_factor_is_whole",
            ),
        ),
    ]
