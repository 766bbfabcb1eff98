import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('framework', '0001_initial'),
        ('inventory', '0001_initial'),
        ('workloads', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ValidationRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.JSONField(blank=True, default=dict, editable=False)),
                ('void_changes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('driver', 'driver'), ('firmware', 'firmware'), ('nos', 'nos'), ('collective-library', 'collective library'), ('topology', 'topology'), ('placement-policy', 'placement policy'), ('power-topology', 'power topology'), ('cooling-topology', 'cooling topology'), ('serving-stack', 'serving stack'), ('expansion', 'expansion'), ('accelerator', 'accelerator'), ('device', 'device')], max_length=32), blank=True, default=list, editable=False, verbose_name='voided by')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, help_text='When the first change was made', null=True, verbose_name='voided')),
                ('void_reason', models.TextField(blank=True, editable=False, help_text='Which changes, and who made them', verbose_name='what changed')),
                ('voids', models.JSONField(blank=True, default=dict, editable=False, help_text='By kind: when it was made and what it was', verbose_name='changes by kind')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, help_text='When the database got it', verbose_name='entered')),
                ('tool', models.CharField(choices=[('nccl-tests', 'nccl-tests'), ('rccl-tests', 'rccl-tests'), ('perftest', 'perftest'), ('iperf3', 'iperf3'), ('sockperf', 'sockperf'), ('fio', 'fio'), ('dcgm-diag', 'dcgmi diag'), ('mlperf', 'MLPerf-style log'), ('vllm-bench', 'vllm bench serve'), ('csv', 'Table (CSV)')], max_length=16)),
                ('scope', models.CharField(choices=[('node', 'One node'), ('link', 'One link or path'), ('pair', 'A pair of nodes'), ('fabric', 'The fabric'), ('site', 'The site')], max_length=8)),
                ('platform', models.CharField(blank=True, help_text='Whose floors it is judged by', max_length=100)),
                ('load', models.CharField(blank=True, choices=[('idle', 'Idle'), ('loaded', 'With background load')], help_text='Empty: the run does not say', max_length=8)),
                ('load_gbps', models.FloatField(blank=True, help_text='Rate of the background load, Gb/s', null=True, verbose_name='background load')),
                ('driver', models.CharField(blank=True, max_length=100)),
                ('firmware', models.CharField(blank=True, max_length=100)),
                ('nos', models.CharField(blank=True, help_text='Of the switches', max_length=100, verbose_name='network operating system')),
                ('library', models.CharField(blank=True, help_text='NCCL, RCCL and the like', max_length=100)),
                ('taken_at', models.DateTimeField(help_text='When it was run', verbose_name='taken')),
                ('received_at', models.DateTimeField(help_text='When it was uploaded', verbose_name='received')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('file_sha256', models.CharField(help_text='Of the file as it was sent', max_length=64, verbose_name='SHA-256')),
                ('file_bytes', models.PositiveIntegerField(help_text='Of the file as it is kept, bytes', verbose_name='size')),
                ('about', models.CharField(blank=True, editable=False, help_text='The same for runs of one thing under one load, of which the newest counts', max_length=64)),
                ('hosts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, help_text='As the file names them')),
                ('loopback', models.CharField(blank=True, help_text='Why the run crossed no network', max_length=300)),
                ('warnings', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), blank=True, default=list, verbose_name='remarks')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='measured', max_length=16)),
                ('baseline_at', models.DateTimeField(blank=True, editable=False, help_text='When it was marked as what later runs of the same thing are measured against', null=True, verbose_name='baseline since')),
                ('baseline_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
            ],
            options={
                'ordering': ['-taken_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Floor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('platform', models.CharField(help_text="A device type's slug, or a name that runs are given", max_length=100)),
                ('tool', models.CharField(choices=[('nccl-tests', 'nccl-tests'), ('rccl-tests', 'rccl-tests'), ('perftest', 'perftest'), ('iperf3', 'iperf3'), ('sockperf', 'sockperf'), ('fio', 'fio'), ('dcgm-diag', 'dcgmi diag'), ('mlperf', 'MLPerf-style log'), ('vllm-bench', 'vllm bench serve'), ('csv', 'Table (CSV)')], max_length=16)),
                ('measure', models.CharField(help_text="As the tool's figures are named: busbw", max_length=64)),
                ('operation', models.CharField(blank=True, help_text='Empty: any', max_length=64)),
                ('size_bytes', models.BigIntegerField(blank=True, help_text='Bytes; empty: any', null=True, verbose_name='size')),
                ('value', models.FloatField()),
                ('unit', models.CharField(max_length=16)),
                ('source', models.CharField(blank=True, help_text='Where the number comes from', max_length=200)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ['platform', 'tool', 'measure', 'operation', 'size_bytes', 'id'],
                'constraints': [models.UniqueConstraint(fields=('platform', 'tool', 'measure', 'operation', 'size_bytes'), name='floor_unique', nulls_distinct=False, violation_error_message='This platform has a floor of this measure at this size.'), models.CheckConstraint(condition=models.Q(('value__gt', 0)), name='floor_positive', violation_error_message='A floor is above 0.'), models.CheckConstraint(condition=models.Q(('size_bytes__isnull', True), ('size_bytes__gt', 0), _connector='OR'), name='floor_size_positive', violation_error_message='A size is above 0.'), models.CheckConstraint(condition=models.Q(('tool__in', ['nccl-tests', 'rccl-tests', 'perftest', 'iperf3', 'sockperf', 'fio', 'dcgm-diag', 'mlperf', 'vllm-bench', 'csv'])), name='floor_tool_known')],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Open'), ('go', 'Go'), ('no-go', 'No-go'), ('cancelled', 'Cancelled')], default='open', editable=False, max_length=10)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('opened_at', models.DateTimeField(editable=False)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('end_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('snapshot', models.JSONField(editable=False, help_text='BLOCK checks and exceptions as they stood at the decision', null=True)),
                ('ended_by', models.ForeignKey(editable=False, help_text='Who decided or cancelled it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('framework_version', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('opened_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='inventory.site')),
            ],
            options={
                'verbose_name': 'go-live review',
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
                ('critical', models.BooleanField(default=False, help_text='No go while it is open')),
                ('owner_name', models.CharField(blank=True, help_text='Who has no account here', max_length=120, verbose_name='or somebody else')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='due')),
                ('opened_at', models.DateTimeField(editable=False)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('close_note', models.CharField(blank=True, editable=False, max_length=500)),
                ('closed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='evidence.review')),
            ],
            options={
                'ordering': ['review', '-critical', 'due_on', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='RunDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firmware_version', models.CharField(blank=True, max_length=100)),
                ('software_version', models.CharField(blank=True, max_length=100)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='run_devices', to='inventory.device')),
            ],
            options={
                'ordering': ['run', 'device'],
            },
        ),
        migrations.CreateModel(
            name='RunFile',
            fields=[
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='file', serialize=False, to='evidence.validationrun')),
                ('content', models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name='validationrun',
            name='devices',
            field=models.ManyToManyField(blank=True, related_name='runs', through='evidence.RunDevice', to='inventory.device'),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='site',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='inventory.site'),
        ),
        migrations.AddField(
            model_name='rundevice',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='run_devices', to='evidence.validationrun'),
        ),
        migrations.CreateModel(
            name='RunMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='measure')),
                ('value', models.FloatField(blank=True, null=True)),
                ('unit', models.CharField(blank=True, max_length=16)),
                ('operation', models.CharField(blank=True, max_length=200)),
                ('variant', models.CharField(blank=True, max_length=450)),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('size_bytes', models.BigIntegerField(blank=True, help_text='Message or block, bytes', null=True, verbose_name='size')),
                ('percentile', models.FloatField(blank=True, null=True)),
                ('samples', models.BigIntegerField(blank=True, null=True)),
                ('streams', models.BigIntegerField(blank=True, help_text='Running side by side', null=True)),
                ('caution', models.CharField(blank=True, help_text='Why it is not judged', max_length=300)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='measures', to='evidence.validationrun')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SignOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(choices=[('compute', 'Compute'), ('network', 'Network'), ('energy', 'Energy'), ('security', 'Security'), ('planning', 'Planning')], max_length=8)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('signed', 'Signed'), ('declined', 'Declined')], default='waiting', max_length=8)),
                ('answered_at', models.DateTimeField(editable=False, null=True)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('approver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='named')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sign_offs', to='evidence.review')),
                ('signed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-off',
                'ordering': ['review', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Attestation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.JSONField(blank=True, default=dict, editable=False)),
                ('void_changes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('driver', 'driver'), ('firmware', 'firmware'), ('nos', 'nos'), ('collective-library', 'collective library'), ('topology', 'topology'), ('placement-policy', 'placement policy'), ('power-topology', 'power topology'), ('cooling-topology', 'cooling topology'), ('serving-stack', 'serving stack'), ('expansion', 'expansion'), ('accelerator', 'accelerator'), ('device', 'device')], max_length=32), blank=True, default=list, editable=False, verbose_name='voided by')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, help_text='When the first change was made', null=True, verbose_name='voided')),
                ('void_reason', models.TextField(blank=True, editable=False, help_text='Which changes, and who made them', verbose_name='what changed')),
                ('voids', models.JSONField(blank=True, default=dict, editable=False, help_text='By kind: when it was made and what it was', verbose_name='changes by kind')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, help_text='When the database got it', verbose_name='entered')),
                ('check_id', models.CharField(max_length=64, verbose_name='check')),
                ('part', models.CharField(blank=True, max_length=64, verbose_name='sub-measure')),
                ('taken_on', models.DateField(help_text="The day it was true, in the site's zone", verbose_name='day')),
                ('taken_at', models.DateTimeField(editable=False, help_text='The end of that day, or when it was entered if that is earlier', verbose_name='taken')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16)),
                ('statement', models.TextField(max_length=2000)),
                ('value', models.FloatField(blank=True, help_text="In the sub-measure's unit", null=True)),
                ('attested_by', models.CharField(help_text='Who says so', max_length=100)),
                ('workload_classes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, help_text='Slugs of the classes that it is of; none: it is of the site as a whole')),
                ('valid_until', models.DateField(blank=True, help_text="The last day it holds; empty: the check's own validity", null=True)),
                ('link', models.URLField(blank=True, max_length=500)),
                ('document', models.CharField(blank=True, help_text='Name, number and page of the document', max_length=200)),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='inventory.site')),
            ],
            options={
                'ordering': ['-taken_at', '-id'],
                'indexes': [models.Index(fields=['site', 'check_id', '-taken_at'], name='attestation_site_check')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('part', ''), ('value__isnull', True)), models.Q(models.Q(('part', ''), _negated=True), ('value__isnull', False)), _connector='OR'), name='attestation_value_of_a_part', violation_error_message='A value needs the sub-measure it is of, and a sub-measure needs a value.'), models.CheckConstraint(condition=models.Q(('workload_classes', []), models.Q(('part', ''), _negated=True), _connector='OR'), name='attestation_classes_of_a_part', violation_error_message='What is said of workload classes needs a sub-measure and its value.'), models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('valid_until__gte', models.F('taken_on')), _connector='OR'), name='attestation_ends_after_start', violation_error_message='It ends before it begins.'), models.CheckConstraint(condition=models.Q(models.Q(('void_changes', []), ('voided_at__isnull', True)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True), models.Q(('void_changes', []), _negated=True)), _connector='OR'), name='attestation_voided_with_reason'), models.CheckConstraint(condition=models.Q(('void_changes__contained_by', ['driver', 'firmware', 'nos', 'collective-library', 'topology', 'placement-policy', 'power-topology', 'cooling-topology', 'serving-stack', 'expansion', 'accelerator', 'device'])), name='attestation_void_changes_known'), models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='attestation_provenance_known')],
            },
        ),
        migrations.CreateModel(
            name='DeclaredLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('limit_id', models.CharField(help_text='As the framework names it: pue-target', max_length=64, verbose_name='limit')),
                ('value', models.FloatField(blank=True, help_text="In the limit's unit", null=True)),
                ('preset', models.CharField(blank=True, help_text='Id of a preset of the framework, in place of a value', max_length=64)),
                ('declared_on', models.DateField(help_text='The first day that it holds', verbose_name='in force from')),
                ('source', models.CharField(help_text='Where the limit comes from', max_length=200)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='declared_limits', to='inventory.site')),
                ('workload_class', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='declared_limits', to='workloads.workloadclass')),
            ],
            options={
                'ordering': ['-declared_on', 'limit_id', 'id'],
                'constraints': [models.UniqueConstraint(fields=('site', 'workload_class', 'limit_id', 'declared_on'), name='declared_limit_once_a_day', nulls_distinct=False, violation_error_message='This limit is declared from that day on already; remove that one first.'), models.CheckConstraint(condition=models.Q(models.Q(('site__isnull', True), ('workload_class__isnull', False)), models.Q(('site__isnull', False), ('workload_class__isnull', True)), _connector='OR'), name='declared_limit_of_site_or_class', violation_error_message='A limit is declared for one site or for one workload class.'), models.CheckConstraint(condition=models.Q(models.Q(('value__isnull', True), models.Q(('preset', ''), _negated=True)), models.Q(('preset', ''), ('value__isnull', False)), _connector='OR'), name='declared_limit_value_or_preset', violation_error_message='Give a value or a preset, one of the two.'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='declared_limit_with_source')],
            },
        ),
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('part', models.CharField(blank=True, max_length=200)),
                ('on_date', models.DateField()),
                ('value', models.FloatField(blank=True, null=True)),
                ('unit', models.CharField(blank=True, max_length=16)),
                ('detail', models.CharField(blank=True, help_text='What the figure leaves out, if anything', max_length=200)),
                ('samples', models.PositiveBigIntegerField(default=0)),
                ('sketch_buckets', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), blank=True, null=True)),
                ('sketch_counts', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, null=True)),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='measured', max_length=16)),
                ('taken_at', models.DateTimeField(help_text='Newest sample behind it')),
                ('measured_at', models.DateTimeField(help_text='When it was computed')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='measures', to='inventory.site')),
            ],
            options={
                'ordering': ['site', 'key', 'part', 'on_date'],
                'indexes': [models.Index(fields=['key', 'on_date'], name='measure_key_day')],
                'constraints': [models.UniqueConstraint(fields=('site', 'key', 'part', 'on_date'), name='measure_unique')],
            },
        ),
        migrations.CreateModel(
            name='MeasuredDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on_date', models.DateField()),
                ('measured_at', models.DateTimeField()),
                ('whole_at', models.DateTimeField(help_text='When the whole day was last read, not only what is new')),
                ('closed', models.BooleanField(default=False, help_text='Measured after the day was over')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.site')),
            ],
            options={
                'ordering': ['site', 'on_date'],
                'constraints': [models.UniqueConstraint(fields=('site', 'on_date'), name='measured_day_unique')],
            },
        ),
        migrations.CreateModel(
            name='RecordedFact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.JSONField(blank=True, default=dict, editable=False)),
                ('void_changes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('driver', 'driver'), ('firmware', 'firmware'), ('nos', 'nos'), ('collective-library', 'collective library'), ('topology', 'topology'), ('placement-policy', 'placement policy'), ('power-topology', 'power topology'), ('cooling-topology', 'cooling topology'), ('serving-stack', 'serving stack'), ('expansion', 'expansion'), ('accelerator', 'accelerator'), ('device', 'device')], max_length=32), blank=True, default=list, editable=False, verbose_name='voided by')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, help_text='When the first change was made', null=True, verbose_name='voided')),
                ('void_reason', models.TextField(blank=True, editable=False, help_text='Which changes, and who made them', verbose_name='what changed')),
                ('voids', models.JSONField(blank=True, default=dict, editable=False, help_text='By kind: when it was made and what it was', verbose_name='changes by kind')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, help_text='When the database got it', verbose_name='entered')),
                ('check_id', models.CharField(max_length=64, verbose_name='check')),
                ('part', models.CharField(blank=True, max_length=64, verbose_name='sub-measure')),
                ('taken_on', models.DateField(help_text="The day it was true, in the site's zone", verbose_name='day')),
                ('taken_at', models.DateTimeField(editable=False, help_text='The end of that day, or when it was entered if that is earlier', verbose_name='taken')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16)),
                ('value', models.FloatField(help_text="In the sub-measure's unit")),
                ('source', models.CharField(help_text='Where the value comes from', max_length=200)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='inventory.site')),
            ],
            options={
                'ordering': ['-taken_at', '-id'],
                'constraints': [models.UniqueConstraint(fields=('site', 'check_id', 'part', 'taken_on'), name='fact_once_a_day', violation_error_message='There is a value of this day already; change that one.'), models.CheckConstraint(condition=models.Q(('part', ''), _negated=True), name='fact_of_a_part'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='fact_with_source'), models.CheckConstraint(condition=models.Q(models.Q(('void_changes', []), ('voided_at__isnull', True)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True), models.Q(('void_changes', []), _negated=True)), _connector='OR'), name='recordedfact_voided_with_reason'), models.CheckConstraint(condition=models.Q(('void_changes__contained_by', ['driver', 'firmware', 'nos', 'collective-library', 'topology', 'placement-policy', 'power-topology', 'cooling-topology', 'serving-stack', 'expansion', 'accelerator', 'device'])), name='recordedfact_void_changes_known'), models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='recordedfact_provenance_known')],
            },
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
        migrations.AddConstraint(
            model_name='runfile',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('content'), 5242880), name='run_file_content_bounded'),
        ),
        migrations.AddIndex(
            model_name='validationrun',
            index=models.Index(fields=['site', 'tool', '-taken_at'], name='run_site_tool_taken'),
        ),
        migrations.AddIndex(
            model_name='validationrun',
            index=models.Index(fields=['site', 'about', '-taken_at', '-id'], name='run_site_about_taken'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.UniqueConstraint(fields=('site', 'file_sha256'), name='run_file_once_at_site', violation_error_message='This file was imported at this site before.'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('file_bytes__lte', 5242880)), name='run_file_bounded'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('load_gbps__isnull', True), models.Q(('load', 'loaded'), ('load_gbps__gt', 0)), _connector='OR'), name='run_load_rate_of_a_load', violation_error_message='A rate of background load needs a background load.'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('void_changes', []), ('voided_at__isnull', True)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True), models.Q(('void_changes', []), _negated=True)), _connector='OR'), name='validationrun_voided_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('void_changes__contained_by', ['driver', 'firmware', 'nos', 'collective-library', 'topology', 'placement-policy', 'power-topology', 'cooling-topology', 'serving-stack', 'expansion', 'accelerator', 'device'])), name='validationrun_void_changes_known'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('tool__in', ['nccl-tests', 'rccl-tests', 'perftest', 'iperf3', 'sockperf', 'fio', 'dcgm-diag', 'mlperf', 'vllm-bench', 'csv'])), name='validationrun_tool_known'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('scope__in', ['node', 'link', 'pair', 'fabric', 'site'])), name='validationrun_scope_known'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('load__in', ['idle', 'loaded', ''])), name='validationrun_load_known'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='validationrun_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='rundevice',
            constraint=models.UniqueConstraint(fields=('run', 'device'), name='run_device_unique'),
        ),
        migrations.AddIndex(
            model_name='runmeasure',
            index=models.Index(fields=['run', 'name'], name='run_measure_run_name'),
        ),
        migrations.AddConstraint(
            model_name='runmeasure',
            constraint=models.CheckConstraint(condition=models.Q(('value__isnull', False), models.Q(('caution', ''), _negated=True), _connector='OR'), name='run_measure_value_or_reason'),
        ),
        migrations.AddConstraint(
            model_name='runmeasure',
            constraint=models.CheckConstraint(condition=models.Q(('percentile__isnull', True), models.Q(('percentile__gt', 0), ('percentile__lt', 100)), _connector='OR'), name='run_measure_percentile_range'),
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
    ]
