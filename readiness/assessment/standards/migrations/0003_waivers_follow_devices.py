from django.db import migrations

from inventory.models.constraints import SameSite

NAME = "deviation_waiver_device_at_site"


class Migration(migrations.Migration):
    """A device that has or had a waiver moves to another site with it."""

    dependencies = [("standards", "0002_deviating_is_stored")]

    operations = [
        migrations.RemoveConstraint("deviationwaiver", NAME),
        migrations.AddConstraint("deviationwaiver", SameSite(field="device", name=NAME, follows=True)),
    ]
