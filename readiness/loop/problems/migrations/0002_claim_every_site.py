"""Have the problems of all sites written that there are before problems are stored."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("problems", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO problems_problemclaim (site_id) SELECT id FROM inventory_site ORDER BY id",
            "DELETE FROM problems_problemclaim",
            elidable=True,
        )
    ]
