"""Links that were in force before they had to be confirmed stay in force; they count as confirmed from now on."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0002_links")]

    operations = [
        migrations.RunSQL(
            "UPDATE people_person SET user_confirmed_at = now() WHERE user_id IS NOT NULL",
            migrations.RunSQL.noop,
        )
    ]
