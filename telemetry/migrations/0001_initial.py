import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('inventory', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MatchedInventory',
            fields=[
                ('site', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='inventory.site')),
                ('fingerprint', models.CharField(max_length=64)),
                ('matched_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'matched inventories',
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What people call this sender.', max_length=100, unique=True)),
                ('site_label', models.CharField(blank=True, help_text="The label whose value is a site's slug. Only without a site.", max_length=100)),
                ('cadence_s', models.PositiveIntegerField(default=60, help_text="Seconds between two samples: the sender's scrape interval.", verbose_name='cadence, s')),
                ('grace_s', models.PositiveIntegerField(default=60, help_text='Seconds past the cadence before the source is late.', verbose_name='grace, s')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='measured', help_text='How its numbers came about. An estimate is never shown as a measurement.', max_length=16)),
                ('paused', models.BooleanField(default=False)),
                ('unit_scale', models.JSONField(blank=True, default=dict)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('owner', models.ForeignKey(blank=True, help_text='Who answers for the sender and its token', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='owned_sources', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(blank=True, help_text='Everything it sends belongs to this site. Leave it empty if one sender serves many sites.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='inventory.site')),
                ('token', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='source', to='accounts.token')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('site__isnull', False), ('site_label', '')), models.Q(('site__isnull', True), models.Q(('site_label', ''), _negated=True)), _connector='OR'), name='source_site_or_label', violation_error_message='Name a site or a label that names it, not both.'), models.CheckConstraint(condition=models.Q(('cadence_s__gt', 0)), name='source_cadence_positive')],
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='LateDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_date', models.DateField()),
                ('noted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.site')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SourceStatus',
            fields=[
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='status', serialize=False, to='telemetry.source')),
                ('state', models.CharField(choices=[('on-time', 'On time'), ('late', 'Late'), ('silent', 'Silent'), ('paused', 'Paused'), ('waiting', 'Waiting for the first sample')], default='waiting', max_length=8)),
                ('state_since', models.DateTimeField()),
                ('first_sample_at', models.DateTimeField(blank=True, null=True)),
                ('last_sample_at', models.DateTimeField(blank=True, help_text="Newest sample's own time", null=True)),
                ('last_received_at', models.DateTimeField(blank=True, null=True)),
                ('match_revision', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'source statuses',
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(help_text="The exporter's name", max_length=200)),
                ('labels', models.JSONField(default=dict)),
                ('digest', models.BinaryField(max_length=16)),
                ('kind', models.CharField(choices=[('gauge', 'Gauge'), ('counter', 'Counter'), ('histogram', 'Histogram bucket'), ('state', 'State')], default='gauge', max_length=10)),
                ('object_kind', models.CharField(blank=True, choices=[('accelerator', 'Accelerator'), ('device', 'Device'), ('port', 'Port'), ('feed', 'Power feed'), ('link', 'Link'), ('cooling-unit', 'Cooling unit'), ('site', 'Site')], max_length=12)),
                ('first_seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, help_text='Set by a stale marker; empty while samples come', null=True)),
                ('accelerator', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.accelerator')),
                ('cooling_unit', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.coolingunit')),
                ('device', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.device')),
                ('link', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.link')),
                ('port', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.port')),
                ('power_feed', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.powerfeed')),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='series', to='inventory.site')),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='series', to='telemetry.source')),
            ],
            options={
                'indexes': [models.Index(fields=['site', 'metric'], name='series_site_metric'), models.Index(condition=models.Q(('device__isnull', False)), fields=['device'], name='series_device'), models.Index(condition=models.Q(('accelerator__isnull', False)), fields=['accelerator'], name='series_accelerator'), models.Index(condition=models.Q(('port__isnull', False)), fields=['port'], name='series_port'), models.Index(condition=models.Q(('power_feed__isnull', False)), fields=['power_feed'], name='series_power_feed'), models.Index(condition=models.Q(('link__isnull', False)), fields=['link'], name='series_link'), models.Index(condition=models.Q(('cooling_unit__isnull', False)), fields=['cooling_unit'], name='series_cooling_unit'), models.Index(condition=models.Q(('object_kind', '')), fields=['source', 'metric'], name='series_unmatched'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['source', 'ended_at'], name='series_ended')],
                'constraints': [models.UniqueConstraint(fields=('source', 'digest'), name='series_unique_in_source')],
                'verbose_name_plural': 'series',
                'ordering': ['metric', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Rejection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_date', models.DateField()),
                ('reason', models.CharField(max_length=32)),
                ('count', models.PositiveBigIntegerField(default=0)),
                ('example', models.CharField(blank=True, max_length=400)),
                ('last_at', models.DateTimeField()),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rejections', to='telemetry.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'on_date', 'reason'), name='rejection_unique')],
                'ordering': ['-last_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='InboxBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received_at', models.DateTimeField()),
                ('samples', models.PositiveIntegerField()),
                ('columns', models.BinaryField()),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('failure', models.CharField(blank=True, max_length=400)),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='telemetry.source')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('failed_at__isnull', True), ('failure', '')), ('failed_at__isnull', False), _connector='OR'), name='inbox_failure_dated')],
                'verbose_name_plural': 'inbox batches',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='DirtyWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateTimeField()),
                ('width_s', models.PositiveSmallIntegerField(choices=[(300, 'Five Minutes'), (3600, 'Hour')], db_default=300, default=300)),
                ('noted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='telemetry.source')),
            ],
            options={
                'indexes': [models.Index(fields=['width_s', 'start', 'source'], name='dirty_window_start')],
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='BodyDigest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=16)),
                ('received_at', models.DateTimeField()),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='telemetry.source')),
            ],
            options={
                'indexes': [models.Index(fields=['received_at'], name='body_digest_age')],
                'constraints': [models.UniqueConstraint(fields=('source', 'digest'), name='body_digest_unique')],
            },
        ),
        migrations.CreateModel(
            name='BatchDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision', models.CharField(choices=[('retried', 'Retried'), ('discarded', 'Discarded')], max_length=9)),
                ('received_at', models.DateTimeField(help_text='When the batch was accepted')),
                ('samples', models.PositiveIntegerField()),
                ('failure', models.CharField(max_length=400)),
                ('decided_at', models.DateTimeField()),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batch_decisions', to='telemetry.source')),
            ],
            options={
                'ordering': ['-decided_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='SourceActivity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateTimeField()),
                ('batches', models.PositiveBigIntegerField(default=0)),
                ('samples', models.PositiveBigIntegerField(default=0)),
                ('rejected', models.PositiveBigIntegerField(default=0)),
                ('new_series', models.PositiveBigIntegerField(db_default=0, default=0, help_text='Series met for the first time, those beyond the limit included')),
                ('lag_max_s', models.FloatField(default=0, help_text='Longest time from receipt to stored, s')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='activity', to='telemetry.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'start'), name='source_activity_unique')],
                'ordering': ['source', 'start'],
            },
        ),
        migrations.CreateModel(
            name='SourceFlip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(choices=[('on-time', 'On time'), ('late', 'Late'), ('silent', 'Silent'), ('paused', 'Paused'), ('waiting', 'Waiting for the first sample')], max_length=8)),
                ('to_state', models.CharField(choices=[('on-time', 'On time'), ('late', 'Late'), ('silent', 'Silent'), ('paused', 'Paused'), ('waiting', 'Waiting for the first sample')], max_length=8)),
                ('at', models.DateTimeField()),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flips', to='telemetry.source')),
            ],
            options={
                'indexes': [models.Index(fields=['source', '-at'], name='source_flip_recent')],
                'ordering': ['-at', '-id'],
            },
        ),
    ]
