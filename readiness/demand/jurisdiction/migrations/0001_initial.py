import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workloads', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RulePack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=50, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=64)),
                ('revision', models.PositiveIntegerField(default=1, help_text='Which step of the draft this is')),
                ('created_at', models.DateTimeField()),
                ('edited_at', models.DateTimeField(editable=False, null=True)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'In force'), ('withdrawn', 'Withdrawn')], default='draft', max_length=16)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('as_of', models.DateField(help_text='Up to when the law is described')),
                ('check_again_days', models.PositiveIntegerField(help_text='Days after which a rule that nobody checked decides nothing any more', verbose_name='check again after')),
                ('categories', models.JSONField(default=list, verbose_name='kinds of data')),
                ('bases', models.JSONField(default=list)),
                ('published_because', models.TextField(blank=True, editable=False, max_length=2000)),
                ('withdrawn_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('edited_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_from', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jurisdiction.rulepack')),
                ('published_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'published')), fields=('status',), name='one_published_rule_pack'), models.CheckConstraint(condition=models.Q(models.Q(('published_at', None), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), ('published_at__isnull', False)), _connector='OR'), name='rule_pack_published_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'withdrawn'), ('withdrawn_at__isnull', False)), models.Q(models.Q(('status', 'withdrawn'), _negated=True), ('withdrawn_at', None)), _connector='OR'), name='rule_pack_withdrawn_at_a_time'), models.CheckConstraint(condition=models.Q(('check_again_days__gte', 1)), name='rule_pack_checked_again'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'published', 'withdrawn'])), name='rulepack_status_known')],
                'ordering': ['-created_at', '-id'],
                'permissions': [('publish_rulepack', 'Can publish and withdraw rules of jurisdiction')],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0, help_text='Its place in the file')),
                ('slug', models.SlugField(max_length=60)),
                ('title', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('residency', 'Residency'), ('sovereignty', 'Sovereignty')], max_length=16)),
                ('jurisdiction', models.CharField(help_text='Whose law it is', max_length=100)),
                ('sector', models.CharField(blank=True, max_length=100)),
                ('instrument', models.CharField(max_length=200)),
                ('article', models.CharField(max_length=200)),
                ('source_url', models.URLField(max_length=500, verbose_name='source')),
                ('effect', models.CharField(choices=[('allowed', 'Allowed'), ('needs-basis', 'Needs a basis'), ('forbidden', 'Forbidden')], max_length=16)),
                ('origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list)),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, verbose_name='kinds of data')),
                ('places', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list)),
                ('places_except', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, verbose_name='places left out')),
                ('bases', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list)),
                ('instead_of', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list)),
                ('in_force_from', models.DateField(blank=True, null=True)),
                ('in_force_until', models.DateField(blank=True, null=True)),
                ('checked_on', models.DateField(blank=True, null=True)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('pack', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='jurisdiction.rulepack')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('pack', 'slug'), name='rule_slug_unique'), models.CheckConstraint(condition=models.Q(('article__regex', '\\S'), ('instrument__regex', '\\S'), ('source_url__regex', '^https?://\\S+$')), name='rule_cited', violation_error_message='A citation is an instrument, a place in it, and an address of the web.'), models.CheckConstraint(condition=models.Q(('in_force_from', None), ('in_force_until', None), ('in_force_until__gte', models.F('in_force_from')), _connector='OR'), name='rule_ends_after_start', violation_error_message='It ends before it begins.'), models.CheckConstraint(condition=models.Q(models.Q(('bases__len__gt', 0), ('effect', 'needs-basis')), models.Q(models.Q(('effect', 'needs-basis'), _negated=True), ('bases', [])), _connector='OR'), name='rule_bases_where_needed'), models.CheckConstraint(condition=models.Q(models.Q(('effect', 'forbidden'), _negated=True), ('instead_of', []), _connector='OR'), name='rule_that_forbids_stands_beside'), models.CheckConstraint(condition=models.Q(('categories__len__gt', 0), ('origins__len__gt', 0), ('places__len__gt', 0)), name='rule_covers_something'), models.CheckConstraint(condition=models.Q(('kind__in', ['residency', 'sovereignty'])), name='rule_kind_known'), models.CheckConstraint(condition=models.Q(('effect__in', ['allowed', 'needs-basis', 'forbidden'])), name='rule_effect_known')],
                'ordering': ['pack', 'position', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='CountryGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0)),
                ('slug', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=200)),
                ('instrument', models.CharField(max_length=200)),
                ('article', models.CharField(max_length=200)),
                ('source_url', models.URLField(max_length=500)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('pack', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='groups', to='jurisdiction.rulepack')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('pack', 'slug'), name='country_group_slug_unique'), models.CheckConstraint(condition=models.Q(('article__regex', '\\S'), ('instrument__regex', '\\S'), ('source_url__regex', '^https?://\\S+$')), name='country_group_cited', violation_error_message='A citation is an instrument, a place in it, and an address of the web.')],
                'ordering': ['pack', 'position', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='DataOrigin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(help_text='ISO 3166-1 alpha-2', max_length=2)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('workload_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='data_origins', to='workloads.workloadclass')),
            ],
            options={
                'ordering': ['workload_class__name', 'country', 'id'],
                'constraints': [models.UniqueConstraint(fields=('workload_class', 'country'), name='data_origin_unique'), models.CheckConstraint(condition=models.Q(('country__in', ['AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB', 'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BV', 'BW', 'BY', 'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GS', 'GT', 'GU', 'GW', 'GY', 'HK', 'HM', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE', 'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC', 'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK', 'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM', 'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF', 'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UM', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI', 'VN', 'VU', 'WF', 'WS', 'YE', 'YT', 'ZA', 'ZM', 'ZW'])), name='data_origin_country_known', violation_error_message='No country has this code.')],
            },
        ),
        migrations.CreateModel(
            name='GroupMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0)),
                ('country', models.CharField(max_length=2)),
                ('since', models.DateField()),
                ('until', models.DateField(blank=True, null=True)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='jurisdiction.countrygroup')),
            ],
            options={
                'ordering': ['group', 'position', 'id'],
                'constraints': [models.UniqueConstraint(fields=('group', 'country', 'since'), name='group_member_unique'), models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='group_member_country_iso'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='group_member_leaves_after_joining')],
            },
        ),
        migrations.CreateModel(
            name='HeldBasis',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.SlugField(max_length=60)),
                ('destination', models.CharField(blank=True, help_text="A country's code; empty: wherever it goes", max_length=2, verbose_name='destination')),
                ('held_from', models.DateField()),
                ('held_until', models.DateField(blank=True, null=True)),
                ('reference', models.CharField(help_text='Where it is written: a contract, a certificate, a file', max_length=500, verbose_name='reference')),
                ('workload_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held_bases', to='workloads.workloadclass')),
            ],
            options={
                'verbose_name_plural': 'held bases',
                'ordering': ['workload_class__name', 'basis', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('held_until', None), ('held_until__gte', models.F('held_from')), _connector='OR'), name='held_basis_ends_after_start', violation_error_message='It ends before it begins.'), models.CheckConstraint(condition=models.Q(('reference__regex', '\\S')), name='held_basis_has_a_reference'), models.CheckConstraint(condition=models.Q(('destination__in', ['', 'AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB', 'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BV', 'BW', 'BY', 'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GS', 'GT', 'GU', 'GW', 'GY', 'HK', 'HM', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE', 'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC', 'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK', 'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM', 'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF', 'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UM', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI', 'VN', 'VU', 'WF', 'WS', 'YE', 'YT', 'ZA', 'ZM', 'ZW'])), name='held_basis_destination_known', violation_error_message='No country has this code.')],
            },
        ),
    ]
