"""A course so far led to whatever level its skill was asked for: the highest that a rule in force asks for."""

from django.db import migrations

_FILL = """
UPDATE people_course AS course SET level = asked.level
FROM (SELECT skill_id, max(level) AS level FROM people_capabilityrule WHERE is_in_force GROUP BY skill_id) AS asked
WHERE asked.skill_id = course.skill_id
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0012_course_dates")]

    operations = [migrations.RunSQL(_FILL, migrations.RunSQL.noop, elidable=True)]
