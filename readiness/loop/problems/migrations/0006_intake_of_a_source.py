"""A shorter label for problems of the intake, which a source's clock now has too."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("problems", "0005_problems_of_duty")]

    operations = [
        migrations.AlterField(
            model_name='problem',
            name='kind',
            field=models.CharField(choices=[('health', 'Health of objects'), ('source', 'Late or silent source'), ('check', 'Check'), ('ownership', 'Ownership'), ('duty', 'Rest and hours of people'), ('inventory', 'Inventory'), ('intake', 'Intake of a source'), ('muster', 'Muster itself'), ('shift', 'Short shift')], max_length=16),
        ),
    ]
