import datetime
import django.contrib.auth.models
import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import web.ranges
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('inventory', '0001_initial'),
        ('people', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='OwningPerson',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('people.person',),
        ),
        migrations.CreateModel(
            name='OwningTeam',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('people.team',),
        ),
        migrations.CreateModel(
            name='OwningUser',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('accounts.user',),
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.CharField(choices=[('orchestration', 'Orchestration overall'), ('compute-network', 'Compute and network'), ('network-energy', 'Network and energy'), ('compute-energy', 'Compute and energy'), ('compute', 'Compute'), ('network', 'Network'), ('energy', 'Energy')], max_length=16, verbose_name='item')),
                ('decision_rights', models.TextField(help_text='What the accountable person may decide alone', max_length=2000, verbose_name='decision rights')),
                ('escalation', models.TextField(blank=True, help_text='Whom to call, in which order, how', max_length=1000, verbose_name='escalation route')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('ended', 'Ended')], default='proposed', editable=False, max_length=10)),
                ('effective_at', models.DateTimeField(help_text='It begins then, or when it is accepted if that is later', verbose_name='effective at')),
                ('proposed_at', models.DateTimeField(editable=False)),
                ('answered_at', models.DateTimeField(editable=False, null=True)),
                ('answer_note', models.TextField(blank=True, editable=False, max_length=1000)),
                ('confirmed_at', models.DateTimeField(editable=False, null=True)),
                ('due_at', models.DateTimeField(editable=False, help_text='From this instant on the confirmation counts no longer', null=True)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('end_reason', models.TextField(blank=True, editable=False, max_length=1000)),
                ('accountable', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accountable_for', to='people.person', verbose_name='accountable')),
                ('answered_by', models.ForeignKey(editable=False, help_text='The user who accepted or declined, whoever the person is linked to later', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deputy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deputy_for', to='people.person', verbose_name='deputy')),
                ('ended_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('responsible', models.ForeignKey(blank=True, help_text="The team that does the work; empty: the accountable person's", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='responsible_for', to='people.team', verbose_name='responsible')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='inventory.site', verbose_name='site')),
                ('team', models.ForeignKey(help_text='In whose name the accountable person answers', on_delete=django.db.models.deletion.PROTECT, related_name='accountable_for', to='people.team', verbose_name='team')),
            ],
            options={
                'indexes': [models.Index(fields=['site', 'item'], name='assignment_site_item'), models.Index(fields=['accountable'], name='assignment_accountable')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('site', 'item'), name='assignment_one_proposal', violation_error_message='Somebody is asked for this item already.'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('confirmed_at', None), ('ended_at', None), ('state', 'proposed')), models.Q(('answered_at__isnull', False), ('confirmed_at__isnull', False), ('state', 'accepted')), models.Q(('answered_at__isnull', False), ('confirmed_at', None), ('ended_at', None), ('state', 'declined')), models.Q(('ended_at__isnull', False), ('state', 'ended')), _connector='OR'), name='assignment_state_has_its_dates'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), ('answered_by__isnull', False), _connector='OR'), name='assignment_accepted_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('due_at', None)), models.Q(('due_at', django.db.models.expressions.CombinedExpression(models.F('confirmed_at'), '+', models.Value(datetime.timedelta(days=180)))), ('due_at__isnull', False)), _connector='OR'), name='assignment_due_after_confirmation'), models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at', None), ('ended_by', None)), models.Q(('end_reason__regex', '\\S'), ('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='assignment_ended_by_somebody', violation_error_message='Say why it ends.'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'declined'), _negated=True), ('answer_note__regex', '\\S'), _connector='OR'), name='assignment_declined_for_a_reason', violation_error_message='Enter a reason.'), models.CheckConstraint(condition=models.Q(('deputy', None), models.Q(('deputy', models.F('accountable')), _negated=True), _connector='OR'), name='assignment_deputy_is_another', violation_error_message='The deputy and the accountable person must be two people.'), models.CheckConstraint(condition=models.Q(('decision_rights__regex', '\\S')), name='assignment_has_rights', violation_error_message='Enter what the person may decide.'), models.CheckConstraint(condition=models.Q(('item__in', ['orchestration', 'compute-network', 'network-energy', 'compute-energy', 'compute', 'network', 'energy'])), name='assignment_item_known'), models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'accepted', 'declined', 'ended'])), name='assignment_state_known')],
                'verbose_name': 'assignment',
                'verbose_name_plural': 'assignments',
                'ordering': ['-proposed_at', '-id'],
                'permissions': [('end_assignment', 'Can end assignments and withdraw proposals')],
                'default_permissions': ('view', 'add'),
            },
        ),
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('confirmed_at', models.DateTimeField()),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='ownership.assignment')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('assignment', 'confirmed_at'), name='confirmation_once_an_instant')],
                'ordering': ['-confirmed_at', '-id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='HandoverStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('text', models.CharField(max_length=200)),
                ('done_at', models.DateTimeField(null=True)),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='ownership.assignment')),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('assignment', 'number'), name='handover_step_one_number'), models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='handover_step_done_by_somebody')],
                'ordering': ['number', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('confirmed_at__isnull', False)), expressions=[('site', '='), ('item', '='), (web.ranges.TsTzRange(django.db.models.functions.comparison.Least('effective_at', 'ended_at'), 'ended_at'), '&&')], name='assignment_one_accountable', violation_error_message='Somebody is accountable for this item in that time.'),
        ),
    ]
