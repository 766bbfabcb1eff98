"""Who made a source's token owns the source, unless it was made by a command."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_owners_of_sources"), ("accounts", "0004_free_source_tokens")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE telemetry_source AS source SET owner_id = holder.id
            FROM accounts_token AS token JOIN accounts_user AS holder ON holder.id = token.created_by_id
            WHERE token.id = source.token_id AND holder.username NOT IN ('senders', 'demo-sender')
            """,
            migrations.RunSQL.noop,
        )
    ]
