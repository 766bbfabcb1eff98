import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Entries that outlive the retention stand apart; the others are split by month, by web.audit.retention.
AUDIT_ENTRY = """
CREATE SEQUENCE audit_entry_id;
CREATE TABLE audit_entry (
    id bigint NOT NULL DEFAULT nextval('audit_entry_id'),
    at timestamptz NOT NULL,
    lasts boolean NOT NULL,
    "table" varchar(63) NOT NULL,
    object_id bigint NOT NULL,
    action varchar(8) NOT NULL,
    user_id bigint,
    username varchar(150) NOT NULL,
    token varchar(12) NOT NULL,
    message text NOT NULL,
    request_id varchar(64) NOT NULL,
    before jsonb,
    after jsonb,
    PRIMARY KEY (id, lasts, at)
) PARTITION BY LIST (lasts);
CREATE INDEX audit_entry_object ON audit_entry ("table", object_id, id);
CREATE INDEX audit_entry_table ON audit_entry ("table", id);
CREATE INDEX audit_entry_request ON audit_entry (request_id) WHERE request_id <> '';
CREATE INDEX audit_entry_username ON audit_entry (username, id) WHERE username <> '';
CREATE INDEX audit_entry_at ON audit_entry USING brin (at);
CREATE TABLE audit_entry_lasting PARTITION OF audit_entry FOR VALUES IN (true);
CREATE TABLE audit_entry_passing PARTITION OF audit_entry FOR VALUES IN (false) PARTITION BY RANGE (at);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('lasts', models.BooleanField()),
                ('table', models.CharField(max_length=63)),
                ('object_id', models.BigIntegerField()),
                ('action', models.CharField(choices=[('created', 'Created'), ('changed', 'Changed'), ('deleted', 'Deleted')], max_length=8)),
                ('user_id', models.BigIntegerField(null=True)),
                ('username', models.CharField(max_length=150)),
                ('token', models.CharField(max_length=12)),
                ('message', models.TextField()),
                ('request_id', models.CharField(max_length=64)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'db_table': 'audit_entry',
                'managed': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='FileImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=100)),
                ('state', models.CharField(choices=[('mapping', 'To be mapped'), ('checking', 'Being checked'), ('checked', 'Checked'), ('applying', 'Being imported'), ('done', 'Imported'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='mapping', max_length=10)),
                ('file_name', models.CharField(max_length=200)),
                ('content', models.BinaryField()),
                ('head', models.JSONField(default=list)),
                ('mapping', models.JSONField(default=dict)),
                ('keeps_good', models.BooleanField(default=False)),
                ('message', models.CharField(blank=True, max_length=200)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('cancel_asked', models.BooleanField(default=False)),
                ('begun_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('problems', models.JSONField(default=list)),
                ('changes', models.JSONField(default=list)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'import',
                'ordering': ['-begun_at', '-id'],
                'default_permissions': (),
            },
        ),
        migrations.RunSQL(AUDIT_ENTRY, 'DROP TABLE audit_entry; DROP SEQUENCE audit_entry_id'),
    ]
