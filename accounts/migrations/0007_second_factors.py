import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Second factors of users, and the codes that stand for one."""

    dependencies = [
        ("accounts", "0006_sessions_and_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="factor_asked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("app", "Authenticator app")], max_length=8)),
                ("name", models.CharField(max_length=60)),
                ("secret", models.BinaryField(null=True)),
                ("last_step", models.BigIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="factors", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "second factor",
                "verbose_name_plural": "second factors",
                "ordering": ["created_at", "id"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("kind", "app")), fields=("user",), name="second_factor_one_app", violation_error_message="You have an authenticator app already."),
                    models.CheckConstraint(condition=models.Q(("kind", "app"), ("secret__isnull", False)), name="second_factor_is_whole"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("used_at", models.DateTimeField(editable=False, null=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="recovery_codes", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["id"],
                "default_permissions": (),
            },
        ),
    ]
