"""Tokens of sources stop depending on who made them; who that was stays beside them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_tokens_without_users")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE accounts_token
            SET created_by_id = user_id, user_id = CASE WHEN scope = 'ingest' THEN NULL ELSE user_id END
            """,
            "UPDATE accounts_token SET user_id = created_by_id WHERE user_id IS NULL AND created_by_id IS NOT NULL",
        )
    ]
