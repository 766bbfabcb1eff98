from django.db import migrations

# What readiness.assessment.evidence.changes looks for: the site that an object stood at.
HELD_BY = """
CREATE INDEX audit_entry_held_by ON audit_entry_lasting ("table", (coalesce(
    coalesce(after, before) ->> 'site_id',
    coalesce(after, before) ->> 'site_a_id'
)::bigint))
"""


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial"), ("web", "0001_initial")]

    operations = [migrations.RunSQL(HELD_BY, "DROP INDEX audit_entry_held_by")]
