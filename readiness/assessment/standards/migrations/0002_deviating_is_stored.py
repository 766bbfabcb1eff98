from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """A generated column cannot be copied with its table."""

    dependencies = [("standards", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("conformance", "conformance_adds_up"),
        migrations.RemoveField("conformance", "deviating"),
        migrations.AddField(
            "conformance",
            "deviating",
            models.PositiveIntegerField(default=0, help_text="Neither conform nor have a waiver"),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE standards_conformance SET deviating = objects_total - conforming - waived",
            migrations.RunSQL.noop,
            elidable=True,
        ),
        migrations.AddConstraint(
            "conformance",
            models.CheckConstraint(
                condition=Q(objects_total=F("conforming") + F("waived") + F("deviating")),
                name="conformance_adds_up",
            ),
        ),
    ]
