import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FrameworkVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=50, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=64)),
                ('revision', models.PositiveIntegerField(default=1, help_text='Which step of the draft this is')),
                ('created_at', models.DateTimeField()),
                ('edited_at', models.DateTimeField(editable=False, null=True)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('retired', 'Retired')], default='draft', max_length=16)),
                ('definition', models.JSONField(help_text='The whole definition, as readiness.assessment.framework.core reads it')),
                ('changes', models.JSONField(blank=True, default=list, help_text='What differs from the version that it was made from')),
                ('note', models.TextField(blank=True, editable=False, help_text='What whoever published it said', max_length=2000)),
                ('override_reason', models.TextField(blank=True, editable=False, help_text='Why it was published without a dry-run of it, or by who edited it', max_length=2000)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('edited_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_from', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
                ('published_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rolls_back_to', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='framework.frameworkversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('status',), name='one_published_framework'), models.CheckConstraint(condition=models.Q(models.Q(('published_at', None), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), ('published_at__isnull', False)), _connector='OR'), name='framework_published_at_a_time'), models.CheckConstraint(condition=models.Q(('published_by', None), ('edited_by', None), models.Q(('published_by', models.F('edited_by')), _negated=True), ('override_reason__regex', '\\S'), _connector='OR'), name='framework_publisher_is_another', violation_error_message='Whoever edited it publishes it only with a reason.'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'published', 'retired'])), name='frameworkversion_status_known')],
                'ordering': ['-created_at', '-id'],
                'permissions': [('publish_frameworkversion', 'Can publish and roll back the framework')],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DraftStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('changes', models.JSONField(default=list)),
                ('by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='framework.frameworkversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'revision'), name='draft_step_unique')],
                'ordering': ['version', '-revision'],
                'default_permissions': ('view',),
            },
        ),
    ]
