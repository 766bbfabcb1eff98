"""The history is asked for by request and by actor, which pghistory keeps in the metadata of each context."""

from django.db import migrations

INDEXES = {"history_context_request": "request_id", "history_context_username": "username"}


class Migration(migrations.Migration):
    initial = True

    dependencies = [("pghistory", "0007_auto_20250421_0444")]

    operations = [
        migrations.RunSQL(
            f"CREATE INDEX {name} ON pghistory_context ((metadata ->> '{key}'))",
            f"DROP INDEX {name}",
        )
        for name, key in INDEXES.items()
    ]
