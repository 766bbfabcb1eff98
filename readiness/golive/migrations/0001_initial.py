import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('framework', '0001_initial'),
        ('inventory', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('running', 'Running'), ('finished', 'Finished'), ('cancelled', 'Cancelled')], default='planned', editable=False, max_length=10, verbose_name='state')),
                ('due_on', models.DateField(help_text="The last day, by the site's calendar", verbose_name='due')),
                ('counts_from', models.DateField(blank=True, help_text='Runs taken before this day do not count; empty: every run that counts at the site', null=True, verbose_name='counts from')),
                ('note', models.TextField(blank=True, max_length=2000, verbose_name='note')),
                ('created_at', models.DateTimeField(editable=False)),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('end_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('framework_version', models.ForeignKey(editable=False, help_text='The version that its items were made from', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('repeats', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='repeated_by', to='golive.campaign')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='campaigns', to='inventory.site', verbose_name='site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['planned', 'running'])), fields=('site',), name='campaign_one_open_at_site', violation_error_message='The site has an open campaign already.'), models.CheckConstraint(condition=models.Q(('name__regex', '\\S')), name='campaign_has_name', violation_error_message='A name is required.'), models.CheckConstraint(condition=models.Q(models.Q(('started_at', None), ('state', 'planned')), models.Q(('started_at__isnull', False), ('state__in', ['running', 'finished'])), ('state', 'cancelled'), _connector='OR'), name='campaign_started_once_it_runs'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('state__in', ('finished', 'cancelled'))), models.Q(models.Q(('state__in', ('finished', 'cancelled')), _negated=True), ('end_note', ''), ('ended_at', None), ('ended_by', None)), _connector='OR'), name='campaign_ended_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'cancelled'), _negated=True), ('end_note__regex', '\\S'), _connector='OR'), name='campaign_cancelled_with_reason', violation_error_message='Enter a reason.'), models.CheckConstraint(condition=models.Q(('counts_from', None), ('counts_from__lte', models.F('due_on')), _connector='OR'), name='campaign_counts_before_due', violation_error_message='Runs cannot count only from after the last day.'), models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'running', 'finished', 'cancelled'])), name='campaign_state_known')],
                'verbose_name': 'validation campaign',
                'verbose_name_plural': 'validation campaigns',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='CampaignItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('check_id', models.CharField(max_length=64, verbose_name='check')),
                ('parts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), verbose_name='sub-measures')),
                ('tool', models.CharField(choices=[('nccl-tests', 'nccl-tests'), ('rccl-tests', 'rccl-tests'), ('perftest', 'perftest'), ('iperf3', 'iperf3'), ('sockperf', 'sockperf'), ('fio', 'fio'), ('dcgm-diag', 'dcgmi diag'), ('mlperf', 'MLPerf-style log'), ('vllm-bench', 'vllm bench serve'), ('csv', 'Table (CSV)')], max_length=16, verbose_name='tool')),
                ('scope', models.CharField(choices=[('node', 'One node'), ('link', 'One link or path'), ('pair', 'A pair of nodes'), ('fabric', 'The fabric'), ('site', 'The site')], max_length=8, verbose_name='scope')),
                ('targets', models.CharField(choices=[('site', 'The site'), ('node', 'Each node'), ('pair', 'Pairs that cover each node'), ('port', 'Each RDMA port'), ('path', 'A path'), ('fabric', 'All nodes at once')], max_length=8, verbose_name='made on')),
                ('load', models.CharField(blank=True, choices=[('idle', 'Idle'), ('loaded', 'With background load')], max_length=8, verbose_name='load')),
                ('size_bytes', models.BigIntegerField(blank=True, help_text='Message, bytes', null=True, verbose_name='size')),
                ('repeats', models.PositiveIntegerField(default=1, verbose_name='repeats')),
                ('how', models.CharField(blank=True, max_length=500, verbose_name='how')),
                ('added', models.BooleanField(default=False, editable=False, help_text='By hand; not made from the framework')),
                ('assigned_to', models.CharField(blank=True, help_text='Who has no account here', max_length=120, verbose_name='or somebody else')),
                ('due_on', models.DateField(blank=True, help_text="Empty: the campaign's own day", null=True, verbose_name='due')),
                ('dropped_at', models.DateTimeField(editable=False, null=True)),
                ('drop_reason', models.CharField(blank=True, editable=False, max_length=500)),
                ('outcome', models.CharField(blank=True, choices=[('done', 'Done'), ('failed', 'Failed'), ('blocked', 'Blocked'), ('stale', 'Stale'), ('missing', 'Missing'), ('n-a', 'Not applicable'), ('dropped', 'Dropped')], editable=False, help_text='How far it was when the campaign ended', max_length=8)),
                ('outcome_reason', models.TextField(blank=True, editable=False)),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='golive.campaign')),
                ('dropped_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'check_id', 'parts', 'tool', 'load'), name='campaign_item_once', violation_error_message='The campaign has this item already.'), models.CheckConstraint(condition=models.Q(models.Q(('check_id', ''), _negated=True), ('parts__len__gt', 0)), name='campaign_item_proves_something'), models.CheckConstraint(condition=models.Q(('assignee', None), ('assigned_to', ''), _connector='OR'), name='campaign_item_one_assignee', violation_error_message='Name a person or somebody else, not both.'), models.CheckConstraint(condition=models.Q(models.Q(('drop_reason', ''), ('dropped_at', None), ('dropped_by', None)), models.Q(('drop_reason__regex', '\\S'), ('dropped_at__isnull', False), ('dropped_by__isnull', False)), _connector='OR'), name='campaign_item_dropped_with_reason', violation_error_message='Enter a reason.'), models.CheckConstraint(condition=models.Q(('repeats__gte', 1), ('repeats__lte', 1000), models.Q(('size_bytes', None), ('size_bytes__gt', 0), _connector='OR')), name='campaign_item_counts_positive'), models.CheckConstraint(condition=models.Q(('tool__in', ['nccl-tests', 'rccl-tests', 'perftest', 'iperf3', 'sockperf', 'fio', 'dcgm-diag', 'mlperf', 'vllm-bench', 'csv'])), name='campaignitem_tool_known'), models.CheckConstraint(condition=models.Q(('scope__in', ['node', 'link', 'pair', 'fabric', 'site'])), name='campaignitem_scope_known'), models.CheckConstraint(condition=models.Q(('targets__in', ['site', 'node', 'pair', 'port', 'path', 'fabric'])), name='campaignitem_targets_known'), models.CheckConstraint(condition=models.Q(('load__in', ['idle', 'loaded', ''])), name='campaignitem_load_known'), models.CheckConstraint(condition=models.Q(('outcome__in', ['done', 'failed', 'blocked', 'stale', 'missing', 'n-a', 'dropped', ''])), name='campaignitem_outcome_known')],
                'verbose_name': 'campaign item',
                'verbose_name_plural': 'campaign items',
                'ordering': ['campaign', 'check_id', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='WorkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('check_id', models.CharField(max_length=64, verbose_name='check')),
                ('status', models.CharField(choices=[('open', 'Open'), ('in-progress', 'In progress'), ('done', 'Done'), ('dropped', 'Dropped')], default='open', max_length=12)),
                ('owner_name', models.CharField(blank=True, help_text='A person or team that is no user; not beside an owner', max_length=100)),
                ('due_on', models.DateField(blank=True, help_text='Until the end of this day at the site', null=True)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('created_at', models.DateTimeField(editable=False)),
                ('closed_at', models.DateTimeField(editable=False, help_text='When it was done or dropped', null=True)),
                ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='work_items', to='inventory.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ('open', 'in-progress'))), fields=('site', 'check_id'), name='work_item_one_live', violation_error_message='This check is on the worklist for this site already.'), models.CheckConstraint(condition=models.Q(('owner', None), ('owner_name', ''), _connector='OR'), name='work_item_one_owner', violation_error_message='The owner is a user or a name, not both.'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('status__in', ('open', 'in-progress'))), models.Q(models.Q(('status__in', ('open', 'in-progress')), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='work_item_closed_at_some_time'), models.CheckConstraint(condition=models.Q(('status__in', ['open', 'in-progress', 'done', 'dropped'])), name='workitem_status_known')],
                'ordering': ['-created_at', '-id'],
                'permissions': [('progress_workitem', 'Can set status and note of work items')],
            },
        ),
        migrations.CreateModel(
            name='Approver',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(choices=[('compute', 'Compute'), ('network', 'Network'), ('energy', 'Energy'), ('security', 'Security'), ('planning', 'Planning')], max_length=8, verbose_name='domain')),
                ('added_at', models.DateTimeField(editable=False)),
                ('site', models.ForeignKey(blank=True, help_text='Empty: at every site that names nobody of its own for the domain', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='approvers', to='inventory.site', verbose_name='site')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'approver',
                'verbose_name_plural': 'approvers',
                'ordering': ['domain', 'id'],
                'default_permissions': ('view', 'add', 'delete'),
                'constraints': [models.UniqueConstraint(fields=('domain', 'site', 'user'), name='approver_once', nulls_distinct=False, violation_error_message='This person is named there already.'), models.CheckConstraint(condition=models.Q(('domain__in', ['compute', 'network', 'energy', 'security', 'planning'])), name='approver_domain_known')],
            },
        ),
    ]
