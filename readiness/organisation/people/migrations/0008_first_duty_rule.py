"""The limits of Directive 2003/88/EC, for all rotations without a rule of their own."""

from django.db import migrations

NAME = "Working Time Directive"
_ADD = f"""
INSERT INTO people_dutyrule
    (name, rest_h, week_h, reference_weeks, primary_percent, standby_percent, overtime_cost, currency, source)
SELECT '{NAME}', 11, 48, 17, 100, 100, NULL, '',
    'Directive 2003/88/EC: article 3 (11 hours of rest in 24), articles 6 and 16 (48 hours a week, averaged over'
    ' four months at most)'
WHERE NOT EXISTS (SELECT FROM people_dutyrule WHERE team_id IS NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0007_duty_rules")]

    operations = [migrations.RunSQL(_ADD, f"DELETE FROM people_dutyrule WHERE name = '{NAME}'")]
