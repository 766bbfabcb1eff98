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
                ('repeats', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='repeated_by', to='scoring.campaign')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='campaigns', to='inventory.site', verbose_name='site')),
            ],
            options={
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
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='scoring.campaign')),
                ('dropped_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'campaign item',
                'verbose_name_plural': 'campaign items',
                'ordering': ['campaign', 'check_id', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='CheckResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('check_id', models.CharField(max_length=64)),
                ('pillar', models.CharField(max_length=4)),
                ('gate', models.CharField(help_text='BLOCK, COND or INFO, as it holds for this site', max_length=8)),
                ('state', models.CharField(choices=[('pass', 'Pass'), ('warn', 'Warn'), ('fail', 'Fail'), ('unknown', 'Unknown'), ('stale', 'Stale'), ('waived', 'Waived'), ('n-a', 'Not applicable')], max_length=8)),
                ('measured_state', models.CharField(choices=[('pass', 'Pass'), ('warn', 'Warn'), ('fail', 'Fail'), ('unknown', 'Unknown'), ('stale', 'Stale'), ('waived', 'Waived'), ('n-a', 'Not applicable')], help_text='The state under a waiver; else the same', max_length=8)),
                ('code', models.CharField(blank=True, help_text='Why, as a word for filters; the reason says it in full', max_length=16)),
                ('tier', models.CharField(blank=True, choices=[('measured', 'Measured'), ('declared', 'Declared'), ('capped', 'Declared, not measured')], help_text='Whether a measurement or a declaration decided; capped is declared where a measurement is asked for', max_length=8, verbose_name='evidence')),
                ('value', models.FloatField(blank=True, null=True)),
                ('unit', models.CharField(blank=True, max_length=16)),
                ('threshold', models.FloatField(blank=True, null=True)),
                ('threshold_text', models.CharField(blank=True, max_length=100)),
                ('margin', models.FloatField(blank=True, help_text='Distance to the pass threshold in the unit; negative is outside', null=True)),
                ('reason', models.TextField(blank=True)),
                ('evidence', models.JSONField(blank=True, default=dict, help_text='What was read: kind, source, provenance, object, link')),
                ('parts', models.JSONField(blank=True, default=list)),
                ('taken_at', models.DateTimeField(blank=True, help_text='When the evidence was taken; its age counts from here', null=True)),
                ('expires_at', models.DateTimeField(blank=True, help_text='When the first of its runs, records and attestations goes stale; telemetry renews itself', null=True)),
                ('since', models.DateTimeField(help_text='When the present state began')),
                ('first_bad_at', models.DateTimeField(blank=True, help_text='First evidence out of limits in this spell', null=True)),
                ('digest', models.CharField(blank=True, editable=False, help_text='Of what the last evaluation came to: one that comes to the same writes nothing', max_length=32)),
                ('framework_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='check_results', to='inventory.site')),
            ],
            options={
                'ordering': ['site', 'check_id'],
            },
        ),
        migrations.CreateModel(
            name='DomainHealth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(choices=[('compute', 'Compute'), ('network', 'Network'), ('energy', 'Energy')], max_length=8)),
                ('health', models.CharField(choices=[('ok', 'OK'), ('warn', 'Warn'), ('critical', 'Critical'), ('unknown', 'Unknown'), ('maintenance', 'Maintenance'), ('not-monitored', 'Not monitored')], max_length=16)),
                ('clock', models.CharField(blank=True, choices=[('', 'Live'), ('late', 'Late'), ('silent', 'Silent')], default='', max_length=8)),
                ('since', models.DateTimeField()),
                ('objects_by_health', models.JSONField(default=dict)),
                ('reasons', models.JSONField(default=list, help_text='Worst first: object, metric, value, unit, threshold, source of the threshold')),
                ('figures', models.JSONField(default=dict, help_text="The domain's key figures: value, unit, provenance, taken_at")),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('last_health', models.CharField(blank=True, choices=[('ok', 'OK'), ('warn', 'Warn'), ('critical', 'Critical'), ('unknown', 'Unknown'), ('maintenance', 'Maintenance'), ('not-monitored', 'Not monitored')], help_text='What it was before it became unknown', max_length=16)),
                ('heard_at', models.DateTimeField(blank=True, help_text='When all of it was last heard from; of an unknown one, until when it was as before', null=True)),
                ('blind_at', models.DateTimeField(blank=True, help_text='Unknown from then on, if no sample arrives first', null=True)),
                ('evaluated_at', models.DateTimeField()),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domain_health', to='inventory.site')),
            ],
            options={
                'ordering': ['site', 'domain'],
            },
        ),
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
            },
        ),
        migrations.CreateModel(
            name='Flip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('check', 'Check'), ('part', 'Sub-measure'), ('verdict', 'Verdict'), ('health', 'Health')], max_length=8)),
                ('key', models.CharField(blank=True, help_text='Check id, domain, or empty for the verdict', max_length=64)),
                ('part', models.CharField(blank=True, help_text='Sub-measure of the check', max_length=64)),
                ('from_state', models.CharField(blank=True, max_length=16)),
                ('to_state', models.CharField(blank=True, max_length=16)),
                ('cause', models.CharField(choices=[('data', 'Data'), ('evidence-age', 'Evidence age'), ('rule', 'Rule change'), ('waiver', 'Waiver'), ('applicability', 'Applicability')], max_length=16)),
                ('value', models.FloatField(blank=True, help_text='As it is after the flip', null=True)),
                ('value_before', models.FloatField(blank=True, help_text='What the same metric of the same object read before', null=True)),
                ('unit', models.CharField(blank=True, max_length=16)),
                ('threshold', models.FloatField(blank=True, null=True)),
                ('threshold_text', models.CharField(blank=True, max_length=100)),
                ('reason', models.TextField(blank=True)),
                ('first_bad_at', models.DateTimeField(blank=True, null=True)),
                ('at', models.DateTimeField()),
                ('framework_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flips', to='inventory.site')),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Open'), ('go', 'Go'), ('no-go', 'No-go'), ('cancelled', 'Cancelled')], default='open', editable=False, max_length=10, verbose_name='state')),
                ('note', models.TextField(blank=True, max_length=2000, verbose_name='note')),
                ('opened_at', models.DateTimeField(editable=False)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('end_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('snapshot', models.JSONField(editable=False, help_text='BLOCK checks and exceptions as they stood at the decision', null=True)),
                ('ended_by', models.ForeignKey(editable=False, help_text='Who decided or cancelled it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('framework_version', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('opened_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='inventory.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'go-live review',
                'verbose_name_plural': 'go-live reviews',
                'ordering': ['-opened_at', '-id'],
                'permissions': [('decide_review', 'Can decide go-live reviews')],
                'default_permissions': ('view', 'add', 'change'),
            },
        ),
        migrations.CreateModel(
            name='ReviewAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=300, verbose_name='what')),
                ('critical', models.BooleanField(default=False, help_text='No go while it is open', verbose_name='critical')),
                ('owner_name', models.CharField(blank=True, help_text='Who has no account here', max_length=120, verbose_name='or somebody else')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='due')),
                ('opened_at', models.DateTimeField(editable=False)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('close_note', models.CharField(blank=True, editable=False, max_length=500)),
                ('closed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='scoring.review')),
            ],
            options={
                'verbose_name': 'review action',
                'verbose_name_plural': 'review actions',
                'ordering': ['review', '-critical', 'due_on', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ScoreInputs',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_date', models.DateField()),
                ('evaluated_at', models.DateTimeField()),
                ('content', models.BinaryField()),
                ('framework_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='score_inputs', to='inventory.site')),
            ],
            options={
                'ordering': ['site', 'on_date'],
            },
        ),
        migrations.CreateModel(
            name='ScorePoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_date', models.DateField()),
                ('verdict', models.CharField(blank=True, choices=[('ready', 'Ready'), ('conditional', 'Conditional'), ('not-ready', 'Not ready')], max_length=16)),
                ('first_blocker', models.CharField(blank=True, max_length=64)),
                ('score', models.FloatField(null=True)),
                ('score_upper', models.FloatField(null=True)),
                ('coverage', models.FloatField(null=True)),
                ('pillars', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict, help_text='Checks by state')),
                ('evaluated_at', models.DateTimeField()),
                ('framework_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='score_points', to='inventory.site')),
            ],
            options={
                'ordering': ['site', 'on_date'],
            },
        ),
        migrations.CreateModel(
            name='SignOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(choices=[('compute', 'Compute'), ('network', 'Network'), ('energy', 'Energy'), ('security', 'Security'), ('planning', 'Planning')], max_length=8, verbose_name='domain')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('signed', 'Signed'), ('declined', 'Declined')], default='waiting', max_length=8, verbose_name='state')),
                ('answered_at', models.DateTimeField(editable=False, null=True)),
                ('note', models.TextField(blank=True, max_length=2000, verbose_name='note')),
                ('approver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='named')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sign_offs', to='scoring.review')),
                ('signed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-off',
                'verbose_name_plural': 'sign-offs',
                'ordering': ['review', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SiteScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(blank=True, choices=[('ready', 'Ready'), ('conditional', 'Conditional'), ('not-ready', 'Not ready')], max_length=16)),
                ('verdict_reason', models.TextField(blank=True)),
                ('verdict_since', models.DateTimeField()),
                ('deciding', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text='Checks that hold the verdict where it is')),
                ('excepted', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text='BLOCK checks lifted by an exception')),
                ('capped', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text='BLOCK checks that are declared where a measurement is asked for')),
                ('measurable', models.PositiveSmallIntegerField(default=0, help_text='BLOCK checks that apply here and ask for a measurement')),
                ('first_blocker', models.CharField(blank=True, max_length=64)),
                ('score', models.FloatField(null=True)),
                ('score_upper', models.FloatField(null=True)),
                ('waived', models.FloatField(default=0, help_text='Share of weight that is waived')),
                ('coverage', models.FloatField(help_text='Share of applicable checks with fresh evidence', null=True)),
                ('pillars', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict, help_text='Checks by state')),
                ('newest_sample_at', models.DateTimeField(help_text='Newest sample of any of its sources, as of the evaluation', null=True)),
                ('evaluated_at', models.DateTimeField()),
                ('changes_at', models.DateTimeField(help_text='When it changes next without new data: evidence runs out, a grant ends', null=True)),
                ('failed_at', models.DateTimeField(blank=True, help_text='Since when it cannot be evaluated; the verdict is the last one and counts for nothing', null=True)),
                ('failure', models.CharField(blank=True, help_text='Why it cannot be evaluated', max_length=300)),
                ('framework_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('site', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='score', to='inventory.site')),
            ],
            options={
                'ordering': ['site'],
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
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['planned', 'running'])), fields=('site',), name='campaign_one_open_at_site', violation_error_message='The site has an open campaign already.'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('name__regex', '\\S')), name='campaign_has_name', violation_error_message='A name is required.'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('started_at', None), ('state', 'planned')), models.Q(('started_at__isnull', False), ('state__in', ['running', 'finished'])), ('state', 'cancelled'), _connector='OR'), name='campaign_started_once_it_runs'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('state__in', ('finished', 'cancelled'))), models.Q(models.Q(('state__in', ('finished', 'cancelled')), _negated=True), ('end_note', ''), ('ended_at', None), ('ended_by', None)), _connector='OR'), name='campaign_ended_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'cancelled'), _negated=True), ('end_note__regex', '\\S'), _connector='OR'), name='campaign_cancelled_with_reason', violation_error_message='Say why.'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('counts_from', None), ('counts_from__lte', models.F('due_on')), _connector='OR'), name='campaign_counts_before_due', violation_error_message='Runs cannot count only from after the last day.'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'running', 'finished', 'cancelled'])), name='campaign_state_known'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.UniqueConstraint(fields=('campaign', 'check_id', 'parts', 'tool', 'load'), name='campaign_item_once', violation_error_message='The campaign has this item already.'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('check_id', ''), _negated=True), ('parts__len__gt', 0)), name='campaign_item_proves_something'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('assignee', None), ('assigned_to', ''), _connector='OR'), name='campaign_item_one_assignee', violation_error_message='Name a person or somebody else, not both.'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('drop_reason', ''), ('dropped_at', None), ('dropped_by', None)), models.Q(('drop_reason__regex', '\\S'), ('dropped_at__isnull', False), ('dropped_by__isnull', False)), _connector='OR'), name='campaign_item_dropped_with_reason', violation_error_message='Say why.'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('repeats__gte', 1), ('repeats__lte', 1000), models.Q(('size_bytes', None), ('size_bytes__gt', 0), _connector='OR')), name='campaign_item_counts_positive'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('tool__in', ['nccl-tests', 'rccl-tests', 'perftest', 'iperf3', 'sockperf', 'fio', 'dcgm-diag', 'mlperf', 'vllm-bench', 'csv'])), name='campaignitem_tool_known'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['node', 'link', 'pair', 'fabric', 'site'])), name='campaignitem_scope_known'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('targets__in', ['site', 'node', 'pair', 'port', 'path', 'fabric'])), name='campaignitem_targets_known'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('load__in', ['idle', 'loaded', ''])), name='campaignitem_load_known'),
        ),
        migrations.AddConstraint(
            model_name='campaignitem',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['done', 'failed', 'blocked', 'stale', 'missing', 'n-a', 'dropped', ''])), name='campaignitem_outcome_known'),
        ),
        migrations.AddIndex(
            model_name='checkresult',
            index=models.Index(fields=['check_id', 'state'], include=('site',), name='check_result_state_of_site'),
        ),
        migrations.AddIndex(
            model_name='checkresult',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at', 'site'], name='check_result_expiring'),
        ),
        migrations.AddIndex(
            model_name='checkresult',
            index=models.Index(condition=models.Q(models.Q(('gate__in', ['BLOCK', 'COND']), models.Q(('state__in', ['n-a', 'pass', 'warn']), _negated=True)), models.Q(('gate', 'BLOCK'), ('tier', 'capped')), _connector='OR'), fields=['site', 'check_id'], name='check_result_open'),
        ),
        migrations.AddIndex(
            model_name='checkresult',
            index=models.Index(condition=models.Q(('tier', 'capped')), fields=['site', 'check_id'], name='check_result_capped'),
        ),
        migrations.AddConstraint(
            model_name='checkresult',
            constraint=models.UniqueConstraint(fields=('site', 'check_id'), name='check_result_unique'),
        ),
        migrations.AddConstraint(
            model_name='domainhealth',
            constraint=models.UniqueConstraint(fields=('site', 'domain'), name='domain_health_unique'),
        ),
        migrations.AddConstraint(
            model_name='domainhealth',
            constraint=models.CheckConstraint(condition=models.Q(('last_health', ''), ('health', 'unknown'), _connector='OR'), name='domain_health_last_of_unknown'),
        ),
        migrations.AddIndex(
            model_name='dryrun',
            index=models.Index(fields=['version', '-id'], name='dry_run_of_version'),
        ),
        migrations.AddConstraint(
            model_name='dryrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('result__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('result__isnull', True)), _connector='OR'), name='dry_run_done_has_result'),
        ),
        migrations.AddConstraint(
            model_name='dryrun',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'failed'])), name='dryrun_state_known'),
        ),
        migrations.AddIndex(
            model_name='flip',
            index=models.Index(fields=['site', '-at'], name='flip_site_recent'),
        ),
        migrations.AddIndex(
            model_name='flip',
            index=models.Index(fields=['-at'], name='flip_recent'),
        ),
        migrations.AddIndex(
            model_name='flip',
            index=models.Index(condition=models.Q(('subject', 'verdict')), fields=['site', 'at'], name='flip_verdicts'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('site',), name='review_one_open_at_site', violation_error_message='The site has an open review already.'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_note', ''), ('ended_at', None), ('ended_by', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='review_ended_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'go']), ('end_note__regex', '\\S'), _connector='OR'), name='review_no_with_reason', violation_error_message='Say why.'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('framework_version__isnull', False), ('snapshot__isnull', False), ('state__in', ['go', 'no-go'])), models.Q(('framework_version', None), ('snapshot__isnull', True), ('state__in', ['open', 'cancelled'])), _connector='OR'), name='review_decided_with_snapshot'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'go', 'no-go', 'cancelled'])), name='review_state_known'),
        ),
        migrations.AddConstraint(
            model_name='reviewaction',
            constraint=models.CheckConstraint(condition=models.Q(('title__regex', '\\S')), name='review_action_has_title', violation_error_message='Say what is to be done.'),
        ),
        migrations.AddConstraint(
            model_name='reviewaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owner__isnull', False), ('owner_name', '')), models.Q(('owner', None), ('owner_name__regex', '\\S')), _connector='OR'), name='review_action_one_owner', violation_error_message='An action has one owner: a person, or somebody else.'),
        ),
        migrations.AddConstraint(
            model_name='reviewaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('close_note', ''), ('closed_at', None), ('closed_by', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='review_action_closed_by_somebody'),
        ),
        migrations.AddIndex(
            model_name='scoreinputs',
            index=models.Index(fields=['on_date'], name='score_inputs_date'),
        ),
        migrations.AddConstraint(
            model_name='scoreinputs',
            constraint=models.UniqueConstraint(fields=('site', 'on_date'), name='score_inputs_unique'),
        ),
        migrations.AddIndex(
            model_name='scorepoint',
            index=models.Index(fields=['on_date', 'first_blocker', 'site'], name='score_point_blockers'),
        ),
        migrations.AddConstraint(
            model_name='scorepoint',
            constraint=models.UniqueConstraint(fields=('site', 'on_date'), name='score_point_unique'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.UniqueConstraint(fields=('review', 'domain'), name='signoff_once_a_domain'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.UniqueConstraint(fields=('review', 'approver'), name='signoff_one_domain_a_person', violation_error_message='Nobody signs for two domains of one review.'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('note', ''), ('signed_by', None), ('state', 'waiting')), models.Q(('answered_at__isnull', False), ('signed_by', models.F('approver')), ('state__in', ['signed', 'declined'])), _connector='OR'), name='signoff_by_who_is_named', violation_error_message='Only the person who is named signs.'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'declined'), _negated=True), ('note__regex', '\\S'), _connector='OR'), name='signoff_declined_with_reason', violation_error_message='Say why.'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.CheckConstraint(condition=models.Q(('domain__in', ['compute', 'network', 'energy', 'security', 'planning'])), name='signoff_domain_known'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'signed', 'declined'])), name='signoff_state_known'),
        ),
        migrations.AddConstraint(
            model_name='sitescore',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('failed_at__isnull', True), ('failure', '')), models.Q(('failed_at__isnull', False), models.Q(('failure', ''), _negated=True)), _connector='OR'), name='site_score_failure_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='workitem',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('open', 'in-progress'))), fields=('site', 'check_id'), name='work_item_one_live', violation_error_message='This check is on the worklist for this site already.'),
        ),
        migrations.AddConstraint(
            model_name='workitem',
            constraint=models.CheckConstraint(condition=models.Q(('owner', None), ('owner_name', ''), _connector='OR'), name='work_item_one_owner', violation_error_message='The owner is a user or a name, not both.'),
        ),
        migrations.AddConstraint(
            model_name='workitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('status__in', ('open', 'in-progress'))), models.Q(models.Q(('status__in', ('open', 'in-progress')), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='work_item_closed_at_some_time'),
        ),
        migrations.AddConstraint(
            model_name='workitem',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'in-progress', 'done', 'dropped'])), name='workitem_status_known'),
        ),
    ]
