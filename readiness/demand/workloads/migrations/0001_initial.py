import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import readiness.demand.workloads.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('inventory', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UserRegion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('slug', models.SlugField(max_length=100, unique=True)),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True)),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True)),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ServedRegion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requests_per_s', models.FloatField(blank=True, help_text='Of the users of this region at peak; empty: not known', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='requests per second')),
                ('user_region', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workloads.userregion')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('requests_per_s__isnull', True), models.Q(('requests_per_s__gte', 0), ('requests_per_s__lte', 1000000000000.0)), _connector='OR'), name='served_region_requests_in_range')],
                'ordering': ['workload_class', 'user_region'],
            },
        ),
        migrations.CreateModel(
            name='WorkloadClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('slug', models.SlugField(max_length=100, unique=True)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('kind', models.CharField(blank=True, choices=[('interactive', 'Interactive'), ('batch', 'Batch'), ('training', 'Training')], max_length=16, verbose_name='kind')),
                ('criticality', models.CharField(choices=[('critical', 'Critical'), ('important', 'Important'), ('standard', 'Standard'), ('best-effort', 'Best effort')], default='standard', max_length=16, verbose_name='criticality')),
                ('it_kw', models.FloatField(blank=True, help_text='Of one placement, kW', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='IT power')),
                ('bandwidth_gbps', models.FloatField(blank=True, help_text='Between one placement and its users and data, Gb/s', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='bandwidth')),
                ('latency_limit_ms', models.FloatField(blank=True, help_text='Of the round trip to each user region at the percentile, ms; empty: none declared', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='latency limit')),
                ('latency_percentile', models.FloatField(default=99.0, help_text='At which the latency limit holds, above 0 and below 100', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='percentile')),
                ('cost_ceiling', models.FloatField(blank=True, help_text='The most that one unit may cost', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='unit-cost ceiling')),
                ('cost_currency', models.CharField(blank=True, help_text='ISO 4217', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three capital letters, ISO 4217.')], verbose_name='currency')),
                ('cost_unit', models.CharField(blank=True, choices=[('accelerator-hour', 'per accelerator-hour'), ('million-tokens', 'per 1 M output tokens'), ('million-requests', 'per 1 M requests'), ('month', 'per month')], max_length=20, verbose_name='unit')),
                ('allowed_jurisdictions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5, validators=[readiness.demand.workloads.models.validate_jurisdiction]), blank=True, default=list, help_text='Countries (ISO 3166-1 alpha-2) or EU, EEA, WORLD; empty: none declared', verbose_name='allowed jurisdictions')),
                ('forbidden_jurisdictions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5, validators=[readiness.demand.workloads.models.validate_jurisdiction]), blank=True, default=list, help_text='They go before the allowed ones', verbose_name='forbidden jurisdictions')),
                ('residency', models.CharField(blank=True, help_text='The country or group that its data has to stay in; empty: none asked for', max_length=5, validators=[readiness.demand.workloads.models.validate_jurisdiction], verbose_name='residency')),
                ('data_categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('public', 'Public'), ('confidential', 'Confidential'), ('personal', 'Personal'), ('special-category', 'Special category of personal data'), ('health', 'Health'), ('financial', 'Financial'), ('export-controlled', 'Export-controlled')], max_length=20), blank=True, default=list, verbose_name='data categories')),
                ('carbon_g_per_kwh', models.FloatField(blank=True, help_text='Of its electricity, gCO2e/kWh', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='carbon intensity limit')),
                ('carbon_kg_per_month', models.FloatField(blank=True, help_text='What one placement may emit, kgCO2e a month', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000.0)], verbose_name='carbon limit')),
                ('min_verdict', models.CharField(blank=True, choices=[('conditional', 'Conditional or ready'), ('ready', 'Ready')], max_length=16, verbose_name='least verdict')),
                ('min_score', models.FloatField(blank=True, help_text='Of a site that may hold it, from 0 to 1', null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='least score')),
                ('deferrable_h', models.FloatField(default=0.0, help_text='Hours by which work may be put off; 0: it may not', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(8784)], verbose_name='deferrable')),
                ('source', models.CharField(blank=True, help_text='Where the figures come from', max_length=500, verbose_name='source')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16, verbose_name='provenance')),
                ('declared_on', models.DateField(blank=True, help_text='The day on which the envelope was declared as it is', null=True, verbose_name='declared')),
                ('user_regions', models.ManyToManyField(blank=True, related_name='workload_classes', through='workloads.ServedRegion', to='workloads.userregion')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('latency_limit_ms__isnull', True), models.Q(('latency_limit_ms__gt', 0), ('latency_limit_ms__lte', 1000000000000.0)), _connector='OR'), name='workload_latency_limit_positive', violation_error_message='A latency limit is above 0 ms.'), models.CheckConstraint(condition=models.Q(('latency_percentile__gt', 0), ('latency_percentile__lt', 100)), name='workload_percentile_inside', violation_error_message='A percentile is above 0 and below 100.'), models.CheckConstraint(condition=models.Q(models.Q(('cost_ceiling__isnull', True), ('cost_currency', ''), ('cost_unit', '')), models.Q(('cost_ceiling__gt', 0), ('cost_ceiling__lte', 1000000000000.0), ('cost_currency__regex', '^[A-Z]{3}$'), models.Q(('cost_unit', ''), _negated=True)), _connector='OR'), name='workload_cost_whole', violation_error_message='A unit-cost ceiling has an amount above 0, a currency and a unit, or none of them.'), models.CheckConstraint(condition=models.Q(('allowed_jurisdictions__contained_by', ['EEA', 'EU', 'WORLD', 'AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB', 'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BV', 'BW', 'BY', 'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GS', 'GT', 'GU', 'GW', 'GY', 'HK', 'HM', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE', 'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC', 'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK', 'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM', 'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF', 'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UM', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI', 'VN', 'VU', 'WF', 'WS', 'YE', 'YT', 'ZA', 'ZM', 'ZW'])), name='workload_allowed_known'), models.CheckConstraint(condition=models.Q(('forbidden_jurisdictions__contained_by', ['EEA', 'EU', 'WORLD', 'AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB', 'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BV', 'BW', 'BY', 'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GS', 'GT', 'GU', 'GW', 'GY', 'HK', 'HM', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE', 'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC', 'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK', 'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM', 'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF', 'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UM', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI', 'VN', 'VU', 'WF', 'WS', 'YE', 'YT', 'ZA', 'ZM', 'ZW'])), name='workload_forbidden_known'), models.CheckConstraint(condition=models.Q(('allowed_jurisdictions__overlap', models.F('forbidden_jurisdictions')), _negated=True), name='workload_allowed_or_forbidden', violation_error_message='A jurisdiction is allowed or forbidden, not both.'), models.CheckConstraint(condition=models.Q(('residency__in', ['', 'EEA', 'EU', 'WORLD', 'AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB', 'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BV', 'BW', 'BY', 'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GS', 'GT', 'GU', 'GW', 'GY', 'HK', 'HM', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE', 'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC', 'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK', 'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM', 'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF', 'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UM', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI', 'VN', 'VU', 'WF', 'WS', 'YE', 'YT', 'ZA', 'ZM', 'ZW'])), name='workload_residency_known'), models.CheckConstraint(condition=models.Q(('min_score__isnull', True), models.Q(('min_score__gte', 0), ('min_score__lte', 1)), _connector='OR'), name='workload_min_score_share'), models.CheckConstraint(condition=models.Q(('deferrable_h__gte', 0), ('deferrable_h__lte', 8784)), name='workload_deferrable_h_in_range'), models.CheckConstraint(condition=models.Q(('it_kw__isnull', True), models.Q(('it_kw__gte', 0), ('it_kw__lte', 1000000000000.0)), _connector='OR'), name='workload_it_kw_in_range'), models.CheckConstraint(condition=models.Q(('bandwidth_gbps__isnull', True), models.Q(('bandwidth_gbps__gte', 0), ('bandwidth_gbps__lte', 1000000000000.0)), _connector='OR'), name='workload_bandwidth_gbps_in_range'), models.CheckConstraint(condition=models.Q(('carbon_g_per_kwh__isnull', True), models.Q(('carbon_g_per_kwh__gte', 0), ('carbon_g_per_kwh__lte', 1000000000000.0)), _connector='OR'), name='workload_carbon_g_per_kwh_in_range'), models.CheckConstraint(condition=models.Q(('carbon_kg_per_month__isnull', True), models.Q(('carbon_kg_per_month__gte', 0), ('carbon_kg_per_month__lte', 1000000000000.0)), _connector='OR'), name='workload_carbon_kg_per_month_in_range'), models.CheckConstraint(condition=models.Q(('kind__in', ['interactive', 'batch', 'training', ''])), name='workloadclass_kind_known'), models.CheckConstraint(condition=models.Q(('criticality__in', ['critical', 'important', 'standard', 'best-effort'])), name='workloadclass_criticality_known'), models.CheckConstraint(condition=models.Q(('cost_unit__in', ['accelerator-hour', 'million-tokens', 'million-requests', 'month', ''])), name='workloadclass_cost_unit_known'), models.CheckConstraint(condition=models.Q(('data_categories__contained_by', ['public', 'confidential', 'personal', 'special-category', 'health', 'financial', 'export-controlled'])), name='workloadclass_data_categories_known'), models.CheckConstraint(condition=models.Q(('min_verdict__in', ['conditional', 'ready', ''])), name='workloadclass_min_verdict_known'), models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='workloadclass_provenance_known')],
                'verbose_name_plural': 'workload classes',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='servedregion',
            name='workload_class',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='served', to='workloads.workloadclass'),
        ),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_on', models.DateField()),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='placements', to='inventory.site')),
                ('workload_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='placements', to='workloads.workloadclass')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_on__isnull', True)), fields=('workload_class', 'site'), name='placement_once_at_a_time'), models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('ended_on__gte', models.F('started_on')), _connector='OR'), name='placement_ends_after_start')],
                'ordering': ['workload_class__name', 'site__name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='EnvelopeConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('confirmed_on', models.DateField(verbose_name='confirmed')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workload_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='workloads.workloadclass')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workload_class', 'confirmed_on'), name='envelope_confirmed_once_a_day')],
                'ordering': ['workload_class', '-confirmed_on', 'id'],
            },
        ),
        migrations.CreateModel(
            name='AcceleratorDemand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('count', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='count')),
                ('device_type', models.ForeignKey(blank=True, limit_choices_to={'kind': 'accelerator'}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.devicetype')),
                ('workload_class', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accelerators', to='workloads.workloadclass')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workload_class', 'device_type'), name='accelerator_demand_unique', nulls_distinct=False, violation_error_message='This type is stated already.'), models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='accelerator_demand_some')],
                'ordering': ['workload_class', 'device_type', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='servedregion',
            constraint=models.UniqueConstraint(fields=('workload_class', 'user_region'), name='served_region_unique'),
        ),
    ]
