import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
import web.ranges
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('inventory', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('waiver', 'Waiver'), ('exception', 'Go-live exception'), ('n-a', 'Declared not applicable')], max_length=10)),
                ('check_id', models.CharField(max_length=64, verbose_name='check')),
                ('part', models.CharField(blank=True, help_text='Only for a declared n-a of one sub-measure', max_length=64, verbose_name='sub-measure')),
                ('reason', models.TextField(max_length=2000)),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Approved'), ('denied', 'Denied'), ('revoked', 'Revoked')], default='requested', editable=False, max_length=10)),
                ('requested_at', models.DateTimeField(editable=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(help_text='What it covers counts as before from this instant on')),
                ('decided_at', models.DateTimeField(editable=False, null=True)),
                ('decision_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('revocation_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('approver', models.ForeignKey(editable=False, help_text='Who approved or denied it: never who asked for it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revoked_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='inventory.site')),
            ],
            options={
                'ordering': ['-requested_at', '-id'],
                'permissions': [('approve_grant', 'Can approve, deny and revoke grants')],
                'default_permissions': ('view', 'add'),
                'indexes': [models.Index(fields=['site', 'check_id'], name='grant_site_check')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state__in', ('requested', 'approved'))), expressions=[('site', '='), ('kind', '='), ('check_id', '='), ('part', '='), (web.ranges.TsTzRange('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='grant_one_at_a_time', violation_error_message='Another one of this kind is asked for or approved in that time.'), models.CheckConstraint(condition=models.Q(('approver', models.F('requested_by')), _negated=True), name='grant_approver_is_another', violation_error_message='Nobody decides what they asked for themselves.'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='grant_ends_after_start', violation_error_message='The end is not after the start.'), models.CheckConstraint(condition=models.Q(('ends_at__lte', django.db.models.expressions.CombinedExpression(models.F('starts_at'), '+', models.Value(datetime.timedelta(days=180)))), ('starts_at__lte', django.db.models.expressions.CombinedExpression(models.F('requested_at'), '+', models.Value(datetime.timedelta(days=180))))), name='grant_is_bounded', violation_error_message='It may begin within 180 days and last 180 days at most.'), models.CheckConstraint(condition=models.Q(('reason__regex', '\\S')), name='grant_has_reason', violation_error_message='A reason is required.'), models.CheckConstraint(condition=models.Q(('part', ''), ('kind', 'n-a'), _connector='OR'), name='grant_part_only_na', violation_error_message='Only a declared n-a may be of one sub-measure.'), models.CheckConstraint(condition=models.Q(models.Q(('approver', None), ('decided_at', None), ('state', 'requested')), models.Q(('approver__isnull', False), ('decided_at__isnull', False), ('state__in', ['approved', 'denied'])), models.Q(('approver__isnull', False), ('decided_at__isnull', False), ('state', 'revoked')), models.Q(('approver', None), ('decided_at', None), ('state', 'revoked')), _connector='OR'), name='grant_decided_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False), ('state', 'revoked')), models.Q(models.Q(('state', 'revoked'), _negated=True), ('revoked_at', None), ('revoked_by', None)), _connector='OR'), name='grant_revoked_by_somebody'), models.CheckConstraint(condition=models.Q(('kind__in', ['waiver', 'exception', 'n-a'])), name='grant_kind_known'), models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'approved', 'denied', 'revoked'])), name='grant_state_known')],
            },
        ),
    ]
