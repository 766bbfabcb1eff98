
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0008_entries_by_table_and_message'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SecurityBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(unique=True, verbose_name='batch number')),
                ('chained_at', models.DateTimeField()),
                ('events', models.PositiveIntegerField()),
                ('digest', models.BinaryField(max_length=32)),
                ('head', models.BinaryField(max_length=32)),
                ('dropped_at', models.DateTimeField(null=True)),
                ('signature', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'verbose_name': 'batch of security events',
                'verbose_name_plural': 'batches of security events',
                'ordering': ['number'],
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('dropped_at', None), ('signature', '')), models.Q(('dropped_at__isnull', False), models.Q(('signature', ''), _negated=True)), _connector='OR'), name='security_batch_dropped_is_signed')],
            },
        ),
        migrations.CreateModel(
            name='SecurityEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='first at')),
                ('last_at', models.DateTimeField(verbose_name='at')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
                ('action', models.CharField(choices=[('signed-in', 'Signed in'), ('sign-in-failed', 'Sign-in failed'), ('sign-in-delayed', 'Sign-in refused: too many attempts'), ('signed-out', 'Signed out'), ('refused', 'Refused: no permission'), ('token-refused', 'Token refused'), ('exported', 'File taken'), ('account-made', 'Account added'), ('account-changed', 'Account changed'), ('account-deleted', 'Account deleted'), ('password-set', 'Password set'), ('password-rehashed', 'Password hashed anew'), ('role-given', 'Role given'), ('role-taken', 'Role taken'), ('permission-given', 'Permission given'), ('permission-taken', 'Permission taken'), ('scope-given', 'Scope given'), ('scope-taken', 'Scope taken'), ('token-made', 'Token made'), ('token-changed', 'Token changed'), ('token-revoked', 'Token revoked'), ('addresses-erased', 'Addresses erased'), ('events-dropped', 'Old events dropped'), ('heads-differed', 'Heads outside differed')], max_length=20, verbose_name='event')),
                ('part', models.CharField(blank=True, max_length=150, verbose_name='part of Muster')),
                ('token', models.CharField(blank=True, max_length=12, verbose_name='token')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='address')),
                ('salt', models.CharField(blank=True, editable=False, max_length=32)),
                ('address_proof', models.CharField(blank=True, editable=False, max_length=64)),
                ('place', models.CharField(blank=True, max_length=200, verbose_name='page or endpoint')),
                ('detail', models.JSONField(blank=True, default=dict, verbose_name='detail')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('fold_key', models.CharField(blank=True, editable=False, max_length=64)),
                ('digest', models.BinaryField(max_length=32, null=True)),
                ('account', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='concerned account')),
                ('actor', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='acting account')),
                ('batch', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='chained_events', to='web.securitybatch')),
            ],
            options={
                'verbose_name': 'security event',
                'verbose_name_plural': 'security events',
                'ordering': ['-last_at', '-id'],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['last_at', 'id'], name='security_event_newest'), models.Index(condition=models.Q(('batch', None)), fields=['id'], name='security_event_open'), models.Index(condition=models.Q(('action', 'heads-differed')), fields=['last_at'], name='security_event_differed')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('fold_key', ''), _negated=True), fields=('fold_key',), name='security_event_counts_repeats'), models.CheckConstraint(condition=models.Q(('batch', None), ('fold_key', ''), _connector='OR'), name='security_event_chained_counts_none'), models.CheckConstraint(condition=models.Q(models.Q(('batch', None), ('digest', None)), models.Q(('batch__isnull', False), ('digest__isnull', False)), _connector='OR'), name='security_event_chained_has_digest')],
            },
        ),
    ]
