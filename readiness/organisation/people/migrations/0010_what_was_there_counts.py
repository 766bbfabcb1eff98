"""Qualifications and exemptions that are there count as before, and longer exemptions end a year from now.

Links of people, and accounts that were made within 30 days, are read from the history.
"""

from django.db import migrations

CONFIRM = "UPDATE people_qualification SET confirmed_at = shown_at"
APPROVE = "UPDATE people_skillexemption SET approved_at = begins_at"
CUT = """
UPDATE people_skillexemption SET was_until = ends_at, ends_at = least(ends_at, CASE
    WHEN begins_at > now() THEN begins_at + interval '366 days' ELSE now() + interval '365 days' END)
WHERE ends_at > begins_at + interval '366 days'
"""
UNCUT = "UPDATE people_skillexemption SET ends_at = was_until WHERE was_until IS NOT NULL"
TIES = """
INSERT INTO accounts_accounttie (account_id, kind, person_id, began_at)
    SELECT user_id, 'person', id, user_confirmed_at FROM people_person WHERE user_id IS NOT NULL ORDER BY id;
INSERT INTO accounts_accounttie (account_id, kind, person_id, began_at, ended_at)
    SELECT (before ->> 'user_id')::bigint, 'person', object_id, at, at FROM audit_entry
    WHERE "table" = 'people_person' AND at > now() - interval '30 days'
        AND before ->> 'user_id' IS DISTINCT FROM after ->> 'user_id'
        AND EXISTS (SELECT FROM accounts_user WHERE id = (before ->> 'user_id')::bigint)
    ORDER BY at;
INSERT INTO accounts_accounttie (account_id, kind, by_id, began_at, ended_at)
    SELECT object_id, 'made', user_id, at, at FROM audit_entry
    WHERE "table" = 'accounts_user' AND action = 'created' AND at > now() - interval '30 days'
        AND EXISTS (SELECT FROM accounts_user WHERE id = object_id)
        AND EXISTS (SELECT FROM accounts_user WHERE id = user_id)
    ORDER BY at;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_account_ties'),
        ('people', '0009_second_persons'),
        ('web', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(CONFIRM, migrations.RunSQL.noop, elidable=True),
        migrations.RunSQL(APPROVE, migrations.RunSQL.noop, elidable=True),
        migrations.RunSQL(CUT, UNCUT, elidable=True),
        migrations.RunSQL(TIES, 'DELETE FROM accounts_accounttie', elidable=True),
    ]
