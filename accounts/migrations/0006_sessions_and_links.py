import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Sessions say whose they are, and one-time links also sign in users and let them choose a password."""

    dependencies = [
        ("accounts", "0005_permissions_of_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_key", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key")),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("began_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("browser", models.CharField(blank=True, max_length=300)),
                ("user", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("began_at", None), ("seen_at", None), ("user", None)),
                            models.Q(("began_at__isnull", False), ("seen_at__isnull", False), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="session_of_user_is_whole",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="signinlink",
            name="kind",
            field=models.CharField(
                choices=[
                    ("first-admin", "Makes the first administrator"),
                    ("sign-in", "Signs in"),
                    ("password", "Sets a password"),
                ],
                default="first-admin",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="signinlink",
            name="user",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="signinlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "first-admin"), ("user", None)),
                    models.Q(("kind__in", ["sign-in", "password"]), ("user__isnull", False)),
                    _connector="OR",
                ),
                name="sign_in_link_leads_somewhere",
            ),
        ),
    ]
