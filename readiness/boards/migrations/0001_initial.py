import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('framework', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DryRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('digest', models.CharField(help_text='Of the content that was tried', max_length=64)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('requested_at', models.DateTimeField()),
                ('evaluated_at', models.DateTimeField(help_text='The instant that both were decided at', null=True)),
                ('sites_total', models.PositiveIntegerField(default=0)),
                ('sites_done', models.PositiveIntegerField(default=0)),
                ('progressed_at', models.DateTimeField(help_text='Sign of life of whoever works on it', null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(null=True)),
                ('problem', models.TextField(blank=True)),
                ('in_force', models.ForeignKey(help_text='What it was compared with', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dry_runs', to='framework.frameworkversion')),
            ],
            options={
                'ordering': ['-requested_at', '-id'],
                'default_permissions': ('view', 'add'),
                'indexes': [models.Index(fields=['version', '-id'], name='dry_run_of_version')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('result__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('result__isnull', True)), _connector='OR'), name='dry_run_done_has_result'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'failed'])), name='dryrun_state_known')],
            },
        ),
    ]
