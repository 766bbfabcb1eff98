from django.db import migrations

# The newest entries of all tables, and those of a site before and after a move.
INDEXES = """
CREATE INDEX audit_entry_newest ON audit_entry (at, id);
CREATE INDEX audit_entry_site_after ON audit_entry ((after -> 'site_id'), at) WHERE (after -> 'site_id') IS NOT NULL;
CREATE INDEX audit_entry_site_before ON audit_entry ((before -> 'site_id'), at) WHERE (before -> 'site_id') IS NOT NULL;
DROP INDEX audit_entry_at;
"""
REVERSED = """
CREATE INDEX audit_entry_at ON audit_entry USING brin (at);
DROP INDEX audit_entry_newest, audit_entry_site_after, audit_entry_site_before;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0006_channels_lead_somewhere'),
    ]

    operations = [
        migrations.RunSQL(INDEXES, REVERSED),
    ]
