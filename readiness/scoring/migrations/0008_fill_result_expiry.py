"""What results stored so far stand on: the next evaluation would say so too, but of some sites it is weeks away."""

from django.db import migrations

FILL = """
    UPDATE scoring_checkresult AS result SET expires_at = due.at
    FROM (
        SELECT stored.id, min((part ->> 'fresh_until')::timestamptz) AS at
        FROM scoring_checkresult AS stored, jsonb_array_elements(stored.parts) AS part
        WHERE part ->> 'evidence' ~ '^(run|fact|attestation):'
            AND (part ->> 'gate' <> 'INFO' OR stored.gate = 'INFO')
            AND part ->> 'state' <> 'stale'
        GROUP BY stored.id
    ) AS due
    WHERE due.id = result.id
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0007_result_expiry")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
