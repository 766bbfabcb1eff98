"""Bandwidths are in GB/s, as Annex II has them; they were entered in Gbit/s."""

from django.db import migrations
from django.db.models import F

BANDWIDTHS = ("b-in", "b-out")


def to_gigabytes(apps, schema_editor):
    figures = apps.get_model("duties", "EnergyFigure").objects.filter(figure__in=BANDWIDTHS)
    figures.update(value=F("value") / 8.0)


def to_gigabits(apps, schema_editor):
    figures = apps.get_model("duties", "EnergyFigure").objects.filter(figure__in=BANDWIDTHS)
    figures.update(value=F("value") * 8.0)


class Migration(migrations.Migration):
    dependencies = [("duties", "0003_figures_of_annex_ii")]

    operations = [migrations.RunPython(to_gigabytes, to_gigabits, elidable=True)]
