import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Accounts at a provider that users sign in by, and rules of what its groups give."""

    dependencies = [
        ("accounts", "0007_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="GroupRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(help_text="As the provider writes it, letter by letter.", max_length=200, verbose_name="group")),
                ("role", models.CharField(choices=[("viewer", "viewer"), ("ops", "ops"), ("planner", "planner"), ("manager", "manager"), ("admin", "admin")], max_length=16, verbose_name="role")),
                ("scope_kind", models.CharField(blank=True, choices=[("region", "Region"), ("site", "Site")], help_text="Leave empty for all sites.", max_length=8, verbose_name="limited to a")),
                ("scope_slug", models.SlugField(blank=True, help_text="The region or site, as its address names it.", max_length=100, verbose_name="its slug")),
            ],
            options={
                "verbose_name": "group rule",
                "verbose_name_plural": "group rules",
                "ordering": ["group", "role", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("group", "role", "scope_kind", "scope_slug"), name="group_rule_once", violation_error_message="There is this rule already."),
                    models.CheckConstraint(condition=models.Q(models.Q(("scope_kind", ""), ("scope_slug", "")), models.Q(models.Q(("scope_kind", ""), _negated=True), models.Q(("scope_slug", ""), _negated=True)), _connector="OR"), name="group_rule_place_is_whole", violation_error_message="Enter both, region or site and its slug, or neither."),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExternalIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.CharField(max_length=300)),
                ("subject", models.CharField(max_length=255)),
                ("groups", models.JSONField(default=list)),
                ("seen_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="identity", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "identity",
                "verbose_name_plural": "identities",
                "ordering": ["id"],
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("issuer", "subject"), name="external_identity_once")],
            },
        ),
    ]
