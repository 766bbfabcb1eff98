from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_free_source_tokens")]

    operations = [
        migrations.AddConstraint(
            model_name="token",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scope", "ingest"), ("user", None)),
                    models.Q(models.Q(("scope", "ingest"), _negated=True), ("user__isnull", False)),
                    _connector="OR",
                ),
                name="token_of_user_or_source",
                violation_error_message="A token for telemetry is made with its source.",
            ),
        ),
    ]
