from django.db import migrations

# The newest entries of some tables, whatever else was written at their instants; and what Muster itself wrote in a day.
INDEXES = """
CREATE INDEX audit_entry_newest_of_tables ON audit_entry (at, "table", id);
CREATE INDEX audit_entry_of_muster ON audit_entry (message, at) WHERE username = '' AND request_id = '';
"""
REVERSED = "DROP INDEX audit_entry_newest_of_tables, audit_entry_of_muster"


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0007_entries_by_time'),
    ]

    operations = [
        migrations.RunSQL(INDEXES, REVERSED),
    ]
