import django.db.models.deletion
import inventory.models.places
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('user_confirmed_at', models.DateTimeField(editable=False, help_text='When the user confirmed the link', null=True, verbose_name='link confirmed at')),
                ('requested_at', models.DateTimeField(editable=False, null=True, verbose_name='link requested at')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[inventory.models.places.validate_time_zone], verbose_name='time zone')),
                ('left_at', models.DateTimeField(blank=True, help_text="End of the last day, in the person's own time zone", null=True, verbose_name='left at')),
                ('requested_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='link requested by')),
                ('requested_user', models.ForeignKey(editable=False, help_text='Who is to confirm that they are this person', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requested_people', to=settings.AUTH_USER_MODEL, verbose_name='requested user')),
                ('user', models.OneToOneField(blank=True, editable=False, help_text='Who signs in as this person; without one nothing can be accepted', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='person', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('name__regex', '\\S')), name='person_has_name', violation_error_message='A name is required.'), models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('email',), name='person_email_unique', violation_error_code='unique', violation_error_message='Somebody else has this e-mail.'), models.CheckConstraint(condition=models.Q(models.Q(('user', None), ('user_confirmed_at', None)), models.Q(('user__isnull', False), ('user_confirmed_at__isnull', False)), _connector='OR'), name='person_link_is_confirmed'), models.CheckConstraint(condition=models.Q(models.Q(('requested_at', None), ('requested_by', None), ('requested_user', None)), models.Q(('requested_at__isnull', False), ('requested_by__isnull', False), ('requested_user__isnull', False), ('user', None)), _connector='OR'), name='person_link_request_is_whole'), models.CheckConstraint(condition=models.Q(('requested_by', models.F('requested_user')), _negated=True), name='person_link_requested_by_another', violation_error_message='Nobody requests a link to their own user.')],
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'ordering': ['name', 'id'],
                'permissions': [('link_person', 'Can request and end links of people to users')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, help_text='Such as lead; in words', max_length=100, verbose_name='role')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='people.person', verbose_name='person')),
            ],
            options={
                'verbose_name': 'team membership',
                'verbose_name_plural': 'team memberships',
                'ordering': ['team__name', 'person__name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('slug', models.SlugField(max_length=100, unique=True, verbose_name='slug')),
                ('contact', models.CharField(blank=True, help_text="A shared address, channel or pager; no person's own", max_length=200, verbose_name='contact')),
                ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
                ('dissolved_at', models.DateTimeField(blank=True, help_text='From this instant on nobody answers under its name', null=True, verbose_name='dissolved at')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
                'ordering': ['name', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('name__regex', '\\S')), name='team_has_name')],
            },
        ),
        migrations.AddField(
            model_name='person',
            name='teams',
            field=models.ManyToManyField(blank=True, related_name='people', through='people.Membership', to='people.team', verbose_name='teams'),
        ),
        migrations.AddField(
            model_name='membership',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='people.team', verbose_name='team'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('person', 'team'), name='membership_once', violation_error_message='This person is in this team already.'),
        ),
    ]
