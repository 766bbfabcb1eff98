from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DemoFleet',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('loaded_at', models.DateTimeField()),
                ('scale', models.PositiveSmallIntegerField()),
                ('site_names', models.JSONField(default=list, help_text='Sites of the plan that were loaded')),
                ('made', models.JSONField(default=dict)),
                ('sampled_at', models.DateTimeField(blank=True, null=True)),
                ('history', models.CharField(choices=[('running', 'Being written'), ('cancelled', 'Cancelled'), ('failed', 'Failed'), ('done', 'Complete')], default='done', max_length=9)),
                ('history_at', models.DateTimeField(blank=True, help_text='Up to when the past is written', null=True)),
                ('sites_recorded', models.PositiveSmallIntegerField(default=0, help_text='Sites whose older records and runs are written')),
                ('history_failure', models.TextField(blank=True)),
                ('recorded_at', models.DateTimeField(blank=True, help_text="When the operator's records were last kept up", null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='demo_fleet_once'), models.CheckConstraint(condition=models.Q(('scale__gte', 1)), name='demo_fleet_scale_positive')],
            },
        ),
    ]
