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
        migrations.RunSQL(AUDIT_ENTRY, 'DROP TABLE audit_entry; DROP SEQUENCE audit_entry_id'),
    ]
