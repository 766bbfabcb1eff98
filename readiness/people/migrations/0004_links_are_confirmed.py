from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0003_confirm_earlier_links")]

    operations = [
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("user", None), ("user_confirmed_at", None)),
                    models.Q(("user__isnull", False), ("user_confirmed_at__isnull", False)),
                    _connector="OR",
                ),
                name="person_link_is_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("requested_at", None), ("requested_by", None), ("requested_user", None)),
                    models.Q(
                        ("requested_at__isnull", False),
                        ("requested_by__isnull", False),
                        ("requested_user__isnull", False),
                        ("user", None),
                    ),
                    _connector="OR",
                ),
                name="person_link_request_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("requested_by", models.F("requested_user")), _negated=True),
                name="person_link_requested_by_another",
                violation_error_message="Nobody requests a link to their own user.",
            ),
        ),
    ]
