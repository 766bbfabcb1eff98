import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('inventory', '0001_initial'),
        ('workloads', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workload_slug', models.SlugField(editable=False, max_length=100)),
                ('workload_name', models.CharField(editable=False, max_length=100)),
                ('previous_name', models.CharField(blank=True, editable=False, max_length=100)),
                ('state', models.CharField(choices=[('recorded', 'Waits for approval'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn')], default='recorded', editable=False, max_length=10, verbose_name='state')),
                ('rationale', models.TextField(help_text='Why this site', max_length=4000, verbose_name='rationale')),
                ('demand', models.JSONField(default=dict, editable=False, help_text='What the envelope asked for when it was decided', verbose_name='demand')),
                ('weights', models.JSONField(default=dict, verbose_name='weights')),
                ('what_if', models.JSONField(blank=True, default=dict, verbose_name='what if')),
                ('options', models.JSONField(default=list, editable=False, verbose_name='options')),
                ('sensitivity', models.JSONField(default=dict, editable=False, verbose_name='sensitivity')),
                ('snapshot', models.JSONField(default=dict, editable=False, verbose_name='snapshot')),
                ('decided_at', models.DateTimeField(editable=False, verbose_name='decided')),
                ('due_on', models.DateField(help_text='What came until this day begins, in UTC, is compared', verbose_name='review on')),
                ('answered_at', models.DateTimeField(editable=False, null=True)),
                ('answer_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('withdrawn_at', models.DateTimeField(editable=False, null=True)),
                ('withdrawal_note', models.TextField(blank=True, editable=False, max_length=2000)),
                ('reviewed_at', models.DateTimeField(editable=False, help_text='When what came was written down', null=True, verbose_name='reviewed')),
                ('answered_by', models.ForeignKey(editable=False, help_text='Who approved or rejected it: never who decided', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('previous_site', models.ForeignKey(blank=True, help_text='Where it ran when it was decided; empty: nowhere', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inventory.site', verbose_name='site before')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='inventory.site', verbose_name='chosen site')),
                ('withdrawn_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workload', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='decisions', to='workloads.workloadclass', verbose_name='workload')),
            ],
            options={
                'ordering': ['-decided_at', '-id'],
                'permissions': [('approve_decision', 'Can approve and reject decisions of others')],
                'default_permissions': ('view', 'add'),
            },
        ),
        migrations.CreateModel(
            name='DecisionForecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.FloatField(null=True, verbose_name='value')),
                ('low', models.FloatField(null=True, verbose_name='low')),
                ('high', models.FloatField(null=True, verbose_name='high')),
                ('provenance', models.CharField(blank=True, choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], max_length=16, verbose_name='provenance')),
                ('as_of', models.DateTimeField(null=True, verbose_name='as of')),
                ('source', models.CharField(blank=True, max_length=500, verbose_name='source')),
                ('objective', models.CharField(max_length=40, verbose_name='objective')),
                ('unit', models.CharField(blank=True, max_length=40, verbose_name='unit')),
                ('direction', models.CharField(choices=[('min', 'Less is better'), ('max', 'More is better')], default='min', max_length=3, verbose_name='direction')),
                ('before', models.FloatField(help_text='At the site before; empty: unknown', null=True, verbose_name='before')),
                ('decision', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='forecasts', to='tradeoffs.decision')),
            ],
            options={
                'ordering': ['decision', 'id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='DecisionOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.FloatField(null=True, verbose_name='value')),
                ('low', models.FloatField(null=True, verbose_name='low')),
                ('high', models.FloatField(null=True, verbose_name='high')),
                ('provenance', models.CharField(blank=True, choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], max_length=16, verbose_name='provenance')),
                ('as_of', models.DateTimeField(null=True, verbose_name='as of')),
                ('source', models.CharField(blank=True, max_length=500, verbose_name='source')),
                ('unknown', models.CharField(blank=True, max_length=300, verbose_name='why unknown')),
                ('forecast', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='outcome', to='tradeoffs.decisionforecast')),
            ],
            options={
                'ordering': ['forecast'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(choices=[('AED', 'AED'), ('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CLP', 'CLP'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('IDR', 'IDR'), ('ILS', 'ILS'), ('INR', 'INR'), ('ISK', 'ISK'), ('JPY', 'JPY'), ('KES', 'KES'), ('KRW', 'KRW'), ('MXN', 'MXN'), ('MYR', 'MYR'), ('NGN', 'NGN'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PHP', 'PHP'), ('PLN', 'PLN'), ('QAR', 'QAR'), ('SAR', 'SAR'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('THB', 'THB'), ('TRY', 'TRY'), ('TWD', 'TWD'), ('USD', 'USD'), ('VND', 'VND'), ('ZAR', 'ZAR')], max_length=3, verbose_name='currency')),
                ('to_currency', models.CharField(choices=[('AED', 'AED'), ('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CLP', 'CLP'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('IDR', 'IDR'), ('ILS', 'ILS'), ('INR', 'INR'), ('ISK', 'ISK'), ('JPY', 'JPY'), ('KES', 'KES'), ('KRW', 'KRW'), ('MXN', 'MXN'), ('MYR', 'MYR'), ('NGN', 'NGN'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PHP', 'PHP'), ('PLN', 'PLN'), ('QAR', 'QAR'), ('SAR', 'SAR'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('THB', 'THB'), ('TRY', 'TRY'), ('TWD', 'TWD'), ('USD', 'USD'), ('VND', 'VND'), ('ZAR', 'ZAR')], max_length=3, verbose_name='in currency')),
                ('rate', models.FloatField(help_text='How many of the second currency one of the first is', verbose_name='rate')),
                ('as_of_on', models.DateField(help_text='The first day that it holds', verbose_name='as of')),
                ('source', models.CharField(help_text='Where the rate comes from', max_length=200, verbose_name='source')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16, verbose_name='provenance')),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
            ],
            options={
                'verbose_name': 'exchange rate',
                'verbose_name_plural': 'exchange rates',
                'ordering': ['currency', 'to_currency', '-as_of_on', 'source', 'id'],
            },
        ),
        migrations.CreateModel(
            name='FactorDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('electricity_price', 'Electricity price'), ('carbon_average', 'Carbon intensity, average'), ('carbon_marginal', 'Carbon intensity, marginal'), ('carbon_market', 'Carbon intensity, market')], max_length=32, verbose_name='factor')),
                ('day_on', models.DateField(help_text='In UTC', verbose_name='day')),
                ('step_s', models.PositiveSmallIntegerField(help_text='s', verbose_name='step')),
                ('offset_s', models.PositiveSmallIntegerField(default=0, help_text='s', verbose_name='offset')),
                ('values', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(null=True), verbose_name='values')),
                ('known', models.PositiveSmallIntegerField(verbose_name='known values')),
                ('mean', models.FloatField(verbose_name='mean')),
                ('lowest', models.FloatField(verbose_name='lowest')),
                ('highest', models.FloatField(verbose_name='highest')),
                ('currency', models.CharField(blank=True, choices=[('AED', 'AED'), ('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CLP', 'CLP'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('IDR', 'IDR'), ('ILS', 'ILS'), ('INR', 'INR'), ('ISK', 'ISK'), ('JPY', 'JPY'), ('KES', 'KES'), ('KRW', 'KRW'), ('MXN', 'MXN'), ('MYR', 'MYR'), ('NGN', 'NGN'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PHP', 'PHP'), ('PLN', 'PLN'), ('QAR', 'QAR'), ('SAR', 'SAR'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('THB', 'THB'), ('TRY', 'TRY'), ('TWD', 'TWD'), ('USD', 'USD'), ('VND', 'VND'), ('ZAR', 'ZAR')], max_length=3, verbose_name='currency')),
                ('basis', models.CharField(choices=[('published', 'Published'), ('declared', 'Declared')], default='published', max_length=16, verbose_name='basis')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16, verbose_name='provenance')),
                ('source', models.CharField(max_length=200, verbose_name='source')),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='factor_days', to='inventory.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'day of a factor',
                'verbose_name_plural': 'days of factors',
                'ordering': ['-day_on', 'kind', 'source', 'id'],
            },
        ),
        migrations.CreateModel(
            name='LatencyFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(choices=[('published', 'Published'), ('declared', 'Declared')], default='declared', max_length=16, verbose_name='basis')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16, verbose_name='provenance')),
                ('source', models.CharField(help_text='Where the value comes from', max_length=200, verbose_name='source')),
                ('as_of_on', models.DateField(help_text='The first day that it holds, at the site', verbose_name='as of')),
                ('until_on', models.DateField(blank=True, help_text="The last day that it holds; empty: until the source's next value", null=True, verbose_name='until')),
                ('low', models.FloatField(blank=True, help_text='Lower end of the band', null=True, verbose_name='low')),
                ('high', models.FloatField(blank=True, help_text='Upper end of the band', null=True, verbose_name='high')),
                ('stated', models.CharField(blank=True, editable=False, help_text='Value and unit as sent', max_length=80, verbose_name='as stated')),
                ('caution', models.CharField(blank=True, editable=False, help_text='Why to look at it again', max_length=200, verbose_name='caution')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('value_ms', models.FloatField(help_text='ms', verbose_name='round trip')),
                ('percentile', models.FloatField(default=50, help_text='50 is the median', verbose_name='percentile')),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('other_site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.site', verbose_name='other site')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='latencies', to='inventory.site', verbose_name='site')),
                ('user_region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='latencies', to='workloads.userregion', verbose_name='user region')),
            ],
            options={
                'verbose_name': 'latency',
                'verbose_name_plural': 'latencies',
                'ordering': ['-as_of_on', 'source', 'id'],
            },
        ),
        migrations.CreateModel(
            name='PortfolioRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(editable=False, verbose_name='asked')),
                ('inputs', models.JSONField(editable=False, verbose_name='inputs')),
                ('digest', models.CharField(editable=False, help_text='Of the inputs', max_length=64)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='queued', editable=False, max_length=9, verbose_name='state')),
                ('workloads_total', models.PositiveIntegerField(editable=False, verbose_name='workloads')),
                ('points_total', models.PositiveIntegerField(editable=False, verbose_name='points')),
                ('points_done', models.PositiveIntegerField(default=0, editable=False, verbose_name='points found')),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('progressed_at', models.DateTimeField(editable=False, help_text='Sign of life of whoever works on it', null=True)),
                ('cancel_asked_at', models.DateTimeField(editable=False, null=True)),
                ('finished_at', models.DateTimeField(editable=False, null=True, verbose_name='ended')),
                ('result', models.JSONField(editable=False, null=True)),
                ('problem', models.TextField(blank=True, editable=False, max_length=500)),
                ('asked_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cancel_asked_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-asked_at', '-id'],
                'permissions': [('cancel_portfoliorun', 'Can cancel portfolio runs')],
                'default_permissions': ('view', 'add'),
            },
        ),
        migrations.CreateModel(
            name='SiteFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(choices=[('published', 'Published'), ('declared', 'Declared')], default='declared', max_length=16, verbose_name='basis')),
                ('provenance', models.CharField(choices=[('measured', 'Measured'), ('estimated', 'Estimated'), ('declared', 'Declared'), ('simulated', 'Simulated')], default='declared', max_length=16, verbose_name='provenance')),
                ('source', models.CharField(help_text='Where the value comes from', max_length=200, verbose_name='source')),
                ('as_of_on', models.DateField(help_text='The first day that it holds, at the site', verbose_name='as of')),
                ('until_on', models.DateField(blank=True, help_text="The last day that it holds; empty: until the source's next value", null=True, verbose_name='until')),
                ('low', models.FloatField(blank=True, help_text='Lower end of the band', null=True, verbose_name='low')),
                ('high', models.FloatField(blank=True, help_text='Upper end of the band', null=True, verbose_name='high')),
                ('stated', models.CharField(blank=True, editable=False, help_text='Value and unit as sent', max_length=80, verbose_name='as stated')),
                ('caution', models.CharField(blank=True, editable=False, help_text='Why to look at it again', max_length=200, verbose_name='caution')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('kind', models.CharField(choices=[('electricity_price', 'Electricity price'), ('demand_charge', 'Demand charge'), ('pue', 'PUE'), ('carbon_average', 'Carbon intensity, average'), ('carbon_marginal', 'Carbon intensity, marginal'), ('carbon_market', 'Carbon intensity, market'), ('egress_price', 'Egress price'), ('accelerator_hour_cost', 'Cost of an accelerator-hour held'), ('accelerator_capex', 'Accelerator capital cost'), ('depreciation_years', 'Depreciation'), ('accelerator_utilisation', 'Accelerator utilisation'), ('accelerator_power_kw', 'Power of an accelerator'), ('accelerator_idle_kw', 'Idle power of an accelerator'), ('accelerators_free', 'Accelerators free'), ('power_headroom_kw', 'Power headroom'), ('network_free_gbps', 'Network free'), ('staffing_cover', 'Staffing cover')], max_length=32, verbose_name='factor')),
                ('value', models.FloatField(help_text='In the stored unit', verbose_name='value')),
                ('currency', models.CharField(blank=True, choices=[('AED', 'AED'), ('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CLP', 'CLP'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('IDR', 'IDR'), ('ILS', 'ILS'), ('INR', 'INR'), ('ISK', 'ISK'), ('JPY', 'JPY'), ('KES', 'KES'), ('KRW', 'KRW'), ('MXN', 'MXN'), ('MYR', 'MYR'), ('NGN', 'NGN'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PHP', 'PHP'), ('PLN', 'PLN'), ('QAR', 'QAR'), ('SAR', 'SAR'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('THB', 'THB'), ('TRY', 'TRY'), ('TWD', 'TWD'), ('USD', 'USD'), ('VND', 'VND'), ('ZAR', 'ZAR')], max_length=3, verbose_name='currency')),
                ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='factors', to='inventory.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'site factor',
                'verbose_name_plural': 'site factors',
                'ordering': ['-as_of_on', 'kind', 'source', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['state', 'due_on'], name='decision_state_due'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('answered_by', models.F('decided_by')), _negated=True), name='decision_approver_is_another', violation_error_message='Nobody approves what they decided themselves.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('rationale__regex', '\\S')), name='decision_has_rationale', violation_error_message='Say why.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('answered_by', None), ('state', 'recorded')), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('state__in', ['approved', 'rejected'])), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('state', 'withdrawn')), models.Q(('answered_at', None), ('answered_by', None), ('state', 'withdrawn')), _connector='OR'), name='decision_answered_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), ('answer_note__regex', '\\S'), _connector='OR'), name='decision_rejected_with_reason', violation_error_message='Say why.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'withdrawn'), ('withdrawal_note__regex', '\\S'), ('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), models.Q(models.Q(('state', 'withdrawn'), _negated=True), ('withdrawal_note', ''), ('withdrawn_at', None), ('withdrawn_by', None)), _connector='OR'), name='decision_withdrawn_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('reviewed_at', None), ('state', 'approved'), _connector='OR'), name='decision_reviewed_if_approved'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('due_on__gt', models.F('decided_at__date'))), name='decision_reviewed_later', violation_error_message='The review is after the day of the decision.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['recorded', 'approved', 'rejected', 'withdrawn'])), name='decision_state_known'),
        ),
        migrations.AddConstraint(
            model_name='decisionforecast',
            constraint=models.UniqueConstraint(fields=('decision', 'objective'), name='forecast_once_an_objective'),
        ),
        migrations.AddConstraint(
            model_name='decisionforecast',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('low__isnull', True), ('value__isnull', True), ('low__lte', models.F('value')), _connector='OR'), models.Q(('value__isnull', True), ('high__isnull', True), ('value__lte', models.F('high')), _connector='OR'), models.Q(('low__isnull', True), ('high__isnull', True), ('low__lte', models.F('high')), _connector='OR')), name='forecast_within_its_band'),
        ),
        migrations.AddConstraint(
            model_name='decisionforecast',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated', ''])), name='decisionforecast_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='decisionforecast',
            constraint=models.CheckConstraint(condition=models.Q(('direction__in', ['min', 'max'])), name='decisionforecast_direction_known'),
        ),
        migrations.AddConstraint(
            model_name='decisionoutcome',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unknown', ''), ('value__isnull', False)), models.Q(('value', None), models.Q(('unknown', ''), _negated=True)), _connector='OR'), name='outcome_known_or_why_not'),
        ),
        migrations.AddConstraint(
            model_name='decisionoutcome',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('low__isnull', True), ('value__isnull', True), ('low__lte', models.F('value')), _connector='OR'), models.Q(('value__isnull', True), ('high__isnull', True), ('value__lte', models.F('high')), _connector='OR'), models.Q(('low__isnull', True), ('high__isnull', True), ('low__lte', models.F('high')), _connector='OR')), name='outcome_within_its_band'),
        ),
        migrations.AddConstraint(
            model_name='decisionoutcome',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated', ''])), name='decisionoutcome_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.UniqueConstraint(fields=('currency', 'to_currency', 'source', 'as_of_on'), name='exchange_rate_once_a_day', violation_error_message='This source has a rate from that day on already.'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='exchange_rate_positive'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('currency', models.F('to_currency')), _negated=True), name='exchange_rate_of_two', violation_error_message='A rate is between two currencies.'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='exchange_rate_with_source'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('currency__in', ['AED', 'AUD', 'BRL', 'CAD', 'CHF', 'CLP', 'CNY', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JPY', 'KES', 'KRW', 'MXN', 'MYR', 'NGN', 'NOK', 'NZD', 'PHP', 'PLN', 'QAR', 'SAR', 'SEK', 'SGD', 'THB', 'TRY', 'TWD', 'USD', 'VND', 'ZAR'])), name='exchangerate_currency_known'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('to_currency__in', ['AED', 'AUD', 'BRL', 'CAD', 'CHF', 'CLP', 'CNY', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JPY', 'KES', 'KRW', 'MXN', 'MYR', 'NGN', 'NOK', 'NZD', 'PHP', 'PLN', 'QAR', 'SAR', 'SEK', 'SGD', 'THB', 'TRY', 'TWD', 'USD', 'VND', 'ZAR'])), name='exchangerate_to_currency_known'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='exchangerate_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.UniqueConstraint(fields=('site', 'kind', 'source', 'day_on'), name='factor_day_once_a_source'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('offset_s__lt', models.F('step_s'))), name='factor_day_offset_in_step'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('step_s', 900), ('values__len', 96)), models.Q(('step_s', 1800), ('values__len', 48)), models.Q(('step_s', 3600), ('values__len', 24)), _connector='OR'), name='factor_day_every_interval'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('known__gt', 0), ('known__lte', models.F('values__len')), ('lowest__lte', models.F('highest'))), name='factor_day_knows_something'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'electricity_price'), ('lowest__gte', 0), _connector='OR'), name='factor_day_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['electricity_price']), models.Q(('currency', ''), _negated=True)), models.Q(models.Q(('kind__in', ['electricity_price']), _negated=True), ('currency', '')), _connector='OR'), name='factor_day_currency_of_prices'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='factor_day_with_source'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['electricity_price', 'carbon_average', 'carbon_marginal', 'carbon_market'])), name='factorday_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('currency__in', ['AED', 'AUD', 'BRL', 'CAD', 'CHF', 'CLP', 'CNY', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JPY', 'KES', 'KRW', 'MXN', 'MYR', 'NGN', 'NOK', 'NZD', 'PHP', 'PLN', 'QAR', 'SAR', 'SEK', 'SGD', 'THB', 'TRY', 'TWD', 'USD', 'VND', 'ZAR', ''])), name='factorday_currency_known'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['published', 'declared'])), name='factorday_basis_known'),
        ),
        migrations.AddConstraint(
            model_name='factorday',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='factorday_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.UniqueConstraint(fields=('site', 'user_region', 'other_site', 'percentile', 'source', 'as_of_on'), name='latency_once_a_day', nulls_distinct=False, violation_error_message='This source has a value from that day on already.'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('other_site__isnull', False), ('user_region__isnull', True)), models.Q(('other_site__isnull', True), ('user_region__isnull', False)), _connector='OR'), name='latency_to_one_place', violation_error_message='A round trip is to one user region or to one other site.'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('other_site__isnull', True), ('other_site__gt', models.F('site')), _connector='OR'), name='latency_of_a_pair_once', violation_error_message='The other site is the site itself, or the pair is turned about.'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('value_ms__gt', 0)), name='latency_positive'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('percentile__gt', 0), ('percentile__lt', 100)), name='latency_percentile_range'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='latency_with_source'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__isnull', True), ('until_on__gte', models.F('as_of_on')), _connector='OR'), name='latency_ends_after_start', violation_error_message='It ends before it begins.'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('high__isnull', True), ('low__isnull', True)), models.Q(('high__gte', models.F('value_ms')), ('high__isnull', False), ('low__isnull', False), ('low__lte', models.F('value_ms'))), _connector='OR'), name='latency_within_its_band', violation_error_message='Give both ends of the band, around the value, or neither.'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['published', 'declared'])), name='latencyfactor_basis_known'),
        ),
        migrations.AddConstraint(
            model_name='latencyfactor',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='latencyfactor_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.UniqueConstraint(condition=models.Q(('cancel_asked_at', None), ('state__in', ['queued', 'running'])), fields=('digest',), name='portfolio_open_once'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(('points_done__lte', models.F('points_total')), ('points_total__gt', 0)), name='portfolio_points_in_range'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('started_at', None), ('state', 'queued')), models.Q(('finished_at', None), ('started_at__isnull', False), ('state', 'running')), models.Q(('finished_at__isnull', False), ('state__in', ['done', 'cancelled', 'failed'])), _connector='OR'), name='portfolio_instants_of_state'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('result__isnull', False), ('state', 'done')), ('state', 'cancelled'), models.Q(('result__isnull', True), ('state__in', ['queued', 'running', 'failed'])), _connector='OR'), name='portfolio_result_of_state'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancel_asked_at', None), ('cancel_asked_by', None)), models.Q(('cancel_asked_at__isnull', False), ('cancel_asked_by__isnull', False)), _connector='OR'), name='portfolio_cancel_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'cancelled'), _negated=True), ('cancel_asked_at__isnull', False), _connector='OR'), name='portfolio_cancelled_if_asked'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), models.Q(('problem', ''), _negated=True)), models.Q(models.Q(('state', 'failed'), _negated=True), ('problem', '')), _connector='OR'), name='portfolio_failed_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='portfoliorun',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'cancelled', 'failed'])), name='portfoliorun_state_known'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.UniqueConstraint(fields=('site', 'kind', 'source', 'as_of_on'), name='site_factor_once_a_day', violation_error_message='This source has a value from that day on already.'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['accelerator_capex', 'accelerator_hour_cost', 'demand_charge', 'egress_price', 'electricity_price']), models.Q(('currency', ''), _negated=True)), models.Q(models.Q(('kind__in', ['accelerator_capex', 'accelerator_hour_cost', 'demand_charge', 'egress_price', 'electricity_price']), _negated=True), ('currency', '')), _connector='OR'), name='site_factor_currency_of_prices', violation_error_message='A price has a currency, and nothing else has.'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'electricity_price'), ('value__gte', 0), _connector='OR'), name='site_factor_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'pue'), _negated=True), ('value__gte', 1), _connector='OR'), name='site_factor_pue_from_one'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['accelerator_utilisation', 'staffing_cover']), _negated=True), ('value__lte', 1), _connector='OR'), name='site_factor_shares_of_one'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='site_factor_with_source'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__isnull', True), ('until_on__gte', models.F('as_of_on')), _connector='OR'), name='site_factor_ends_after_start', violation_error_message='It ends before it begins.'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('high__isnull', True), ('low__isnull', True)), models.Q(('high__gte', models.F('value')), ('high__isnull', False), ('low__isnull', False), ('low__lte', models.F('value'))), _connector='OR'), name='site_factor_within_its_band', violation_error_message='Give both ends of the band, around the value, or neither.'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['published', 'declared'])), name='sitefactor_basis_known'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('provenance__in', ['measured', 'estimated', 'declared', 'simulated'])), name='sitefactor_provenance_known'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['electricity_price', 'demand_charge', 'pue', 'carbon_average', 'carbon_marginal', 'carbon_market', 'egress_price', 'accelerator_hour_cost', 'accelerator_capex', 'depreciation_years', 'accelerator_utilisation', 'accelerator_power_kw', 'accelerator_idle_kw', 'accelerators_free', 'power_headroom_kw', 'network_free_gbps', 'staffing_cover'])), name='sitefactor_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='sitefactor',
            constraint=models.CheckConstraint(condition=models.Q(('currency__in', ['AED', 'AUD', 'BRL', 'CAD', 'CHF', 'CLP', 'CNY', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JPY', 'KES', 'KRW', 'MXN', 'MYR', 'NGN', 'NOK', 'NZD', 'PHP', 'PLN', 'QAR', 'SAR', 'SEK', 'SGD', 'THB', 'TRY', 'TWD', 'USD', 'VND', 'ZAR', ''])), name='sitefactor_currency_known'),
        ),
    ]
