from django.db import migrations

# The newest entries of some tables, whatever else was written at their instants; and what came from outside Muster in a day.
INDEXES = """
CREATE INDEX audit_entry_newest_of_tables ON audit_entry (at, "table", id);
CREATE INDEX audit_entry_from_outside ON audit_entry (message, at) WHERE username = '' AND request_id = '';
"""
REVERSED = "DROP INDEX audit_entry_newest_of_tables, audit_entry_from_outside"


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0007_entries_by_time'),
    ]

    operations = [
        migrations.RunSQL(INDEXES, REVERSED),
    ]
