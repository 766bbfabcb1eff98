"""Problems of short shifts."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('problems', '0003_problems_of_no_site'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='problem', name='problem_kind_known'),
        migrations.RemoveConstraint(model_name='problem', name='problem_ended_by_known'),
        migrations.AlterField(
            model_name='problem',
            name='kind',
            field=models.CharField(choices=[('health', 'Health of objects'), ('source', 'Late or silent source'), ('check', 'Check'), ('ownership', 'Ownership'), ('inventory', 'Inventory'), ('intake', 'Paused, waiting or refusing source'), ('muster', 'Muster itself'), ('shift', 'Short shift')], max_length=16),
        ),
        migrations.AlterField(
            model_name='problem',
            name='ended_by',
            field=models.CharField(blank=True, choices=[('sample', 'Samples show that it is well'), ('source', 'The source sends as it should again'), ('check', 'The check passes'), ('ownership', 'Every item has an owner in time'), ('inventory', 'Telemetry and the inventory agree'), ('muster', 'Muster works as it should again'), ('shift', 'Every shift of 14 days has enough qualified people'), ('rule', 'The framework no longer asks for it'), ('person', 'A person ended it'), ('object-gone', 'Its object left service'), ('regrouped', 'Its objects are grouped in another way')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['health', 'source', 'check', 'ownership', 'inventory', 'intake', 'muster', 'shift'])), name='problem_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('ended_by__in', ['sample', 'source', 'check', 'ownership', 'inventory', 'muster', 'shift', 'rule', 'person', 'object-gone', 'regrouped', ''])), name='problem_ended_by_known'),
        ),
    ]
