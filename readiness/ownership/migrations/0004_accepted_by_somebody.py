from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ownership", "0003_fill_who_answered")]

    operations = [
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    ("answered_by__isnull", False),
                    _connector="OR",
                ),
                name="assignment_accepted_by_somebody",
            ),
        ),
    ]
