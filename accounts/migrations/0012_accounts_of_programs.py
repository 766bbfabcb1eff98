from django.db import migrations

# Whoever has signed in, or has an account at the provider, is a person.
PROGRAMS = """UPDATE accounts_user AS program SET kind = 'service'
    WHERE program.password LIKE '!%' AND program.last_login IS NULL
    AND EXISTS (SELECT FROM accounts_token AS token WHERE token.user_id = program.id)
    AND NOT EXISTS (SELECT FROM accounts_externalidentity AS identity WHERE identity.user_id = program.id)
    AND NOT EXISTS (SELECT FROM accounts_secondfactor AS factor WHERE factor.user_id = program.id)"""
PEOPLE = "UPDATE accounts_user SET kind = 'person', owner_id = NULL, purpose = ''"


class Migration(migrations.Migration):
    """Accounts that only ever had tokens are service accounts; somebody must name their owners."""

    dependencies = [
        ("accounts", "0011_service_accounts"),
    ]

    operations = [
        migrations.RunSQL(PROGRAMS, PEOPLE, elidable=True),
    ]
