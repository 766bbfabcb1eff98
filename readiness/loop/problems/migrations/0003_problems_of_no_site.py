"""Problems of Muster itself and of the intake; the first of these have no site."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('problems', '0002_claim_every_site'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='problem', name='problem_open_once'),
        migrations.RemoveConstraint(model_name='problem', name='problem_kind_known'),
        migrations.RemoveConstraint(model_name='problem', name='problem_ended_by_known'),
        migrations.AlterField(
            model_name='problem',
            name='site',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='inventory.site'),
        ),
        migrations.AlterField(
            model_name='problem',
            name='subject',
            field=models.CharField(help_text='Domain, id of the source or device, check, queue, or part of Muster', max_length=64),
        ),
        migrations.AlterField(
            model_name='problem',
            name='kind',
            field=models.CharField(choices=[('health', 'Health of objects'), ('source', 'Late or silent source'), ('check', 'Check'), ('ownership', 'Ownership'), ('inventory', 'Inventory'), ('intake', 'Paused, waiting or refusing source'), ('muster', 'Muster itself')], max_length=16),
        ),
        migrations.AlterField(
            model_name='problem',
            name='ended_by',
            field=models.CharField(blank=True, choices=[('sample', 'Samples show that it is well'), ('source', 'The source sends as it should again'), ('check', 'The check passes'), ('ownership', 'Every item has an owner in time'), ('inventory', 'Telemetry and the inventory agree'), ('muster', 'Muster works as it should again'), ('rule', 'The framework no longer asks for it'), ('person', 'A person ended it'), ('object-gone', 'Its object left service'), ('regrouped', 'Its objects are grouped in another way')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('site', 'kind', 'key'), name='problem_open_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('site__isnull', False), models.Q(('kind', 'muster'), _negated=True)), models.Q(('kind__in', ('muster', 'intake')), ('site__isnull', True)), _connector='OR'), name='problem_of_muster_has_no_site'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['health', 'source', 'check', 'ownership', 'inventory', 'intake', 'muster'])), name='problem_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('ended_by__in', ['sample', 'source', 'check', 'ownership', 'inventory', 'muster', 'rule', 'person', 'object-gone', 'regrouped', ''])), name='problem_ended_by_known'),
        ),
    ]
