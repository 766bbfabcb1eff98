"""Who accepted is who gave the first confirmation; who declined was not kept, and is not guessed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ownership", "0002_who_answered")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE ownership_assignment AS assignment SET answered_by_id = (
                SELECT confirmation.by_id FROM ownership_confirmation AS confirmation
                WHERE confirmation.assignment_id = assignment.id
                ORDER BY confirmation.confirmed_at, confirmation.id LIMIT 1
            ) WHERE answered_at IS NOT NULL
            """,
            migrations.RunSQL.noop,
        )
    ]
