import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
import inventory.models.constraints
import inventory.models.places
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DeviceType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=100, verbose_name='model')),
                ('slug', models.SlugField(max_length=100, unique=True, verbose_name='slug')),
                ('part_number', models.CharField(blank=True, max_length=50, verbose_name='part number')),
                ('kind', models.CharField(choices=[('accelerator', 'Accelerator'), ('node', 'Accelerator node'), ('server', 'Server'), ('storage', 'Storage'), ('switch', 'Switch'), ('router', 'Router'), ('gateway', 'Gateway'), ('pdu', 'PDU'), ('ups', 'UPS'), ('meter', 'Power meter'), ('other', 'Other')], default='other', help_text='Decides which attributes it has', max_length=16, verbose_name='kind')),
                ('domain', models.CharField(choices=[('compute', 'Compute'), ('network', 'Network'), ('energy', 'Energy')], max_length=8, verbose_name='domain')),
                ('nameplate_w', models.FloatField(blank=True, help_text='Maximum power on the name plate, W', null=True, verbose_name='nameplate power')),
                ('u_height', models.DecimalField(decimal_places=1, default=1, help_text='Rack units', max_digits=4, verbose_name='height')),
                ('attributes', models.JSONField(blank=True, default=dict, verbose_name='attributes')),
                ('source', models.CharField(blank=True, help_text='Where the figures come from', max_length=200, verbose_name='source')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('nameplate_w__isnull', True), ('nameplate_w__gte', 0), _connector='OR'), name='device_type_nameplate_not_negative'), models.CheckConstraint(condition=models.Q(('u_height__gte', 0)), name='device_type_height_not_negative'), models.CheckConstraint(condition=django.db.models.lookups.Exact(models.Func(models.F('attributes'), function='jsonb_typeof', output_field=models.TextField()), models.Value('object')), name='device_type_attributes_object'), models.CheckConstraint(condition=models.Q(('kind__in', ['accelerator', 'node', 'server', 'storage', 'switch', 'router', 'gateway', 'pdu', 'ups', 'meter', 'other'])), name='devicetype_kind_known'), models.CheckConstraint(condition=models.Q(('domain__in', ['compute', 'network', 'energy'])), name='devicetype_domain_known')],
                'verbose_name': 'device type',
                'verbose_name_plural': 'device types',
                'ordering': ['manufacturer__name', 'model', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Manufacturer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('slug', models.SlugField(max_length=100, unique=True, verbose_name='slug')),
                ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
            ],
            options={
                'verbose_name': 'manufacturer',
                'verbose_name_plural': 'manufacturers',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Rack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('u_height', models.PositiveSmallIntegerField(default=48, help_text='Rack units', verbose_name='height')),
                ('rated_kw', models.FloatField(blank=True, help_text='Power the rack is built for, kW', null=True, verbose_name='rated power')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('rated_kw__isnull', True), ('rated_kw__gt', 0), _connector='OR'), name='rack_rated_positive')],
                'verbose_name': 'rack',
                'verbose_name_plural': 'racks',
                'ordering': ['site__name', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('role', models.CharField(choices=[('node', 'Accelerator node'), ('server', 'Server'), ('storage', 'Storage'), ('switch', 'Switch'), ('router', 'Router'), ('pdu', 'PDU'), ('ups', 'UPS'), ('meter', 'Power meter'), ('gateway', 'Gateway')], max_length=16, verbose_name='role')),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('active', 'Active'), ('drained', 'Drained'), ('failed', 'Failed'), ('offline', 'Offline'), ('retired', 'Retired')], default='active', max_length=16, verbose_name='status')),
                ('serial', models.CharField(blank=True, max_length=100, verbose_name='serial')),
                ('management_address', models.GenericIPAddressField(blank=True, help_text='Address that exporters are scraped at', null=True, verbose_name='management address')),
                ('firmware_version', models.CharField(blank=True, max_length=100, verbose_name='firmware version')),
                ('software_version', models.CharField(blank=True, help_text='Driver, NOS or agent version', max_length=100, verbose_name='software version')),
                ('position', models.DecimalField(blank=True, decimal_places=1, help_text='Lowest rack unit', max_digits=4, null=True, verbose_name='position')),
                ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
                ('device_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='inventory.devicetype', verbose_name='device type')),
                ('rack', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='devices', to='inventory.rack', verbose_name='rack')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('serial', ''), _negated=True), fields=['serial'], name='device_serial')],
                'constraints': [models.CheckConstraint(condition=models.Q(('position__isnull', True), ('position__gt', 0), _connector='OR'), name='device_position_positive'), models.CheckConstraint(condition=models.Q(('role__in', ['node', 'server', 'storage', 'switch', 'router', 'pdu', 'ups', 'meter', 'gateway'])), name='device_role_known'), models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'active', 'drained', 'failed', 'offline', 'retired'])), name='device_status_known')],
                'verbose_name': 'device',
                'verbose_name_plural': 'devices',
                'ordering': ['site__name', 'name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='devicetype',
            name='manufacturer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='device_types', to='inventory.manufacturer', verbose_name='manufacturer'),
        ),
        migrations.CreateModel(
            name='Region',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('slug', models.SlugField(max_length=100, unique=True, verbose_name='slug')),
                ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='inventory.region', verbose_name='parent')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='region_not_its_own_parent')],
                'verbose_name': 'region',
                'verbose_name_plural': 'regions',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('slug', models.SlugField(max_length=100, unique=True, verbose_name='slug')),
                ('stage', models.CharField(choices=[('planned', 'Planned'), ('building', 'Building'), ('commissioning', 'Commissioning'), ('production', 'Production'), ('retired', 'Retired')], default='planned', max_length=16, verbose_name='stage')),
                ('kind', models.CharField(choices=[('core', 'Core'), ('regional', 'Regional'), ('edge', 'Edge'), ('colo', 'Colocation')], default='core', max_length=16, verbose_name='kind')),
                ('profiles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('training', 'Training'), ('inference', 'Inference'), ('edge', 'Edge')], max_length=16), blank=True, default=list, verbose_name='profiles')),
                ('facility', models.CharField(blank=True, help_text="The operator's or landlord's own code", max_length=50, verbose_name='facility')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', models.CharField(help_text='ISO 3166-1 alpha-2', max_length=2, validators=[django.core.validators.RegexValidator('^[A-Z]{2}$', 'Two capital letters, ISO 3166-1 alpha-2.')], verbose_name='country')),
                ('operator', models.CharField(blank=True, help_text='The legal entity that operates the site', max_length=200, verbose_name='operator')),
                ('operator_country', models.CharField(blank=True, help_text="Where whoever controls the operator is: the owner's country, not a subsidiary's. ISO 3166-1 alpha-2; empty: not known", max_length=2, validators=[django.core.validators.RegexValidator('^[A-Z]{2}$', 'Two capital letters, ISO 3166-1 alpha-2.')], verbose_name="operator's country")),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, help_text='Degrees, north positive', max_digits=8, null=True, verbose_name='latitude')),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, help_text='Degrees, east positive', max_digits=8, null=True, verbose_name='longitude')),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[inventory.models.places.validate_time_zone], verbose_name='time zone')),
                ('contracted_kw', models.FloatField(blank=True, help_text='Power contracted or commissioned at the meter, kW', null=True, verbose_name='contracted power')),
                ('power_step_limit_kw', models.FloatField(blank=True, help_text='Largest step the interconnection allows in 1 s, kW', null=True, verbose_name='power step limit')),
                ('cooling_class', models.CharField(choices=[('A1', 'A1'), ('A2', 'A2'), ('A3', 'A3'), ('A4', 'A4'), ('H1', 'H1 (high density)')], default='A2', max_length=4, verbose_name='cooling class')),
                ('liquid_supply_max_c', models.FloatField(blank=True, help_text='Design limit of the liquid supply, °C', null=True, verbose_name='liquid supply limit')),
                ('generator_start_s', models.FloatField(blank=True, help_text='Generator start and transfer time, s; empty: no generator', null=True, verbose_name='generator start')),
                ('owner', models.CharField(blank=True, help_text='Who answers for the site, in words', max_length=100, verbose_name='owner')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sites', to='inventory.region', verbose_name='region')),
            ],
            options={
                'indexes': [models.Index(fields=['region', 'stage'], name='site_region_stage')],
                'constraints': [models.CheckConstraint(condition=models.Q(('latitude__isnull', True), ('latitude__range', (-90, 90)), _connector='OR'), name='site_latitude_range'), models.CheckConstraint(condition=models.Q(('longitude__isnull', True), ('longitude__range', (-180, 180)), _connector='OR'), name='site_longitude_range'), models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='site_country_iso'), models.CheckConstraint(condition=models.Q(('operator_country', ''), ('operator_country__regex', '^[A-Z]{2}$'), _connector='OR'), name='site_operator_country_iso'), models.CheckConstraint(condition=models.Q(('contracted_kw__isnull', True), ('contracted_kw__gt', 0), _connector='OR'), name='site_contracted_kw_positive'), models.CheckConstraint(condition=models.Q(('power_step_limit_kw__isnull', True), ('power_step_limit_kw__gt', 0), _connector='OR'), name='site_power_step_positive'), models.CheckConstraint(condition=models.Q(('generator_start_s__isnull', True), ('generator_start_s__gte', 0), _connector='OR'), name='site_generator_start_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', True), ('longitude__isnull', True)), models.Q(('latitude__isnull', False), ('longitude__isnull', False)), _connector='OR'), name='site_position_whole', violation_error_message='Give both latitude and longitude, or neither.'), models.CheckConstraint(condition=models.Q(('stage__in', ['planned', 'building', 'commissioning', 'production', 'retired'])), name='site_stage_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['core', 'regional', 'edge', 'colo'])), name='site_kind_known'), models.CheckConstraint(condition=models.Q(('profiles__contained_by', ['training', 'inference', 'edge'])), name='site_profiles_known'), models.CheckConstraint(condition=models.Q(('cooling_class__in', ['A1', 'A2', 'A3', 'A4', 'H1'])), name='site_cooling_class_known')],
                'verbose_name': 'site',
                'verbose_name_plural': 'sites',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='rack',
            name='site',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='racks', to='inventory.site', verbose_name='site'),
        ),
        migrations.CreateModel(
            name='PowerFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('leg', models.CharField(choices=[('A', 'A'), ('B', 'B'), ('single', 'Single')], default='single', max_length=8, verbose_name='leg')),
                ('rated_kw', models.FloatField(help_text='What the feed may carry, kW', verbose_name='rated power')),
                ('breaker_rating_a', models.FloatField(blank=True, help_text='A', null=True, verbose_name='breaker rating')),
                ('voltage_v', models.FloatField(blank=True, help_text='V, between lines when it has three phases', null=True, verbose_name='voltage')),
                ('phases', models.PositiveSmallIntegerField(default=3, help_text='1 or 3', verbose_name='phases')),
                ('device', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='power_feeds', to='inventory.device', verbose_name='device')),
                ('rack', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='power_feeds', to='inventory.rack', verbose_name='rack')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='power_feeds', to='inventory.site', verbose_name='site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'name'), name='power_feed_unique_in_site'), models.CheckConstraint(condition=models.Q(('rated_kw__gt', 0)), name='power_feed_rated_positive'), models.CheckConstraint(condition=models.Q(('breaker_rating_a__isnull', True), ('breaker_rating_a__gt', 0), _connector='OR'), name='power_feed_breaker_positive'), models.CheckConstraint(condition=models.Q(('voltage_v__isnull', True), ('voltage_v__gt', 0), _connector='OR'), name='power_feed_voltage_positive'), models.CheckConstraint(condition=models.Q(('phases__in', [1, 3])), name='power_feed_phases_known', violation_error_message='A feed has 1 or 3 phases.'), models.CheckConstraint(condition=models.Q(('leg__in', ['A', 'B', 'single'])), name='powerfeed_leg_known')],
                'verbose_name': 'power feed',
                'verbose_name_plural': 'power feeds',
                'ordering': ['site__name', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Port',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text="As the exporter's label says it: eth0, mlx5_0, Ethernet1/1", max_length=64, verbose_name='name')),
                ('kind', models.CharField(choices=[('ethernet', 'Ethernet'), ('roce', 'RoCE'), ('infiniband', 'InfiniBand')], default='ethernet', max_length=16, verbose_name='kind')),
                ('speed_gbps', models.FloatField(blank=True, help_text='Line rate, Gb/s', null=True, verbose_name='speed')),
                ('back_end', models.BooleanField(default=False, help_text="Part of the accelerators' own fabric", verbose_name='back end')),
                ('status', models.CharField(choices=[('active', 'Active'), ('disabled', 'Disabled')], default='active', max_length=16, verbose_name='status')),
                ('device', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='ports', to='inventory.device', verbose_name='device')),
                ('site', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='inventory.site', verbose_name='site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('device', 'name'), name='port_unique_in_device'), models.CheckConstraint(condition=models.Q(('speed_gbps__isnull', True), ('speed_gbps__gt', 0), _connector='OR'), name='port_speed_positive'), models.CheckConstraint(condition=models.Q(('kind__in', ['ethernet', 'roce', 'infiniband'])), name='port_kind_known'), models.CheckConstraint(condition=models.Q(('status__in', ['active', 'disabled'])), name='port_status_known')],
                'verbose_name': 'port',
                'verbose_name_plural': 'ports',
                'ordering': ['device', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('kind', models.CharField(choices=[('fabric', 'Fabric'), ('front-end', 'Front end'), ('wan', 'Between sites')], default='fabric', max_length=16, verbose_name='kind')),
                ('capacity_gbps', models.FloatField(blank=True, help_text='Gb/s', null=True, verbose_name='capacity')),
                ('design_latency_ms', models.FloatField(blank=True, help_text='Round trip the link was designed for, ms', null=True, verbose_name='design latency')),
                ('provider', models.CharField(blank=True, max_length=100, verbose_name='provider')),
                ('port_a', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='links_from', to='inventory.port', verbose_name='first port')),
                ('port_b', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='links_to', to='inventory.port', verbose_name='second port')),
                ('site_a', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='links_from', to='inventory.site', verbose_name='first site')),
                ('site_b', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links_to', to='inventory.site', verbose_name='second site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site_a', 'name'), name='link_unique_in_site'), models.CheckConstraint(condition=models.Q(('port_a__isnull', True), ('port_b__isnull', True), models.Q(('port_a', models.F('port_b')), _negated=True), _connector='OR'), name='link_ends_differ', violation_error_message='Both ends are the same port.'), models.CheckConstraint(condition=models.Q(('kind', 'wan'), models.Q(('site_a', models.F('site_b')), ('port_a__isnull', False), ('port_b__isnull', False)), _connector='OR'), name='link_inside_site_has_ports', violation_error_message='A link inside a site has two ports at that site; one between sites is of the kind wan.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'wan'), _negated=True), models.Q(('site_a', models.F('site_b')), _negated=True), _connector='OR'), name='link_between_sites_differ', violation_error_message='A link between sites has two different sites.'), models.CheckConstraint(condition=models.Q(('capacity_gbps__isnull', True), ('capacity_gbps__gt', 0), _connector='OR'), name='link_capacity_positive'), models.CheckConstraint(condition=models.Q(('design_latency_ms__isnull', True), ('design_latency_ms__gt', 0), _connector='OR'), name='link_latency_positive'), models.CheckConstraint(condition=models.Q(('kind__in', ['fabric', 'front-end', 'wan'])), name='link_kind_known')],
                'verbose_name': 'link',
                'verbose_name_plural': 'links',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='device',
            name='site',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='devices', to='inventory.site', verbose_name='site'),
        ),
        migrations.CreateModel(
            name='CoolingUnit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('medium', models.CharField(choices=[('air', 'Air'), ('liquid', 'Liquid')], default='air', max_length=8, verbose_name='medium')),
                ('capacity_kw', models.FloatField(help_text='Heat it can remove, kW', verbose_name='cooling capacity')),
                ('management_address', models.GenericIPAddressField(blank=True, null=True, verbose_name='management address')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cooling_units', to='inventory.site', verbose_name='site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'name'), name='cooling_unit_unique_in_site'), models.CheckConstraint(condition=models.Q(('capacity_kw__gt', 0)), name='cooling_unit_capacity_positive'), models.CheckConstraint(condition=models.Q(('medium__in', ['air', 'liquid'])), name='coolingunit_medium_known')],
                'verbose_name': 'cooling unit',
                'verbose_name_plural': 'cooling units',
                'ordering': ['site__name', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CapacityEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('commission', 'Commissioned'), ('decommission', 'Decommissioned')], default='commission', max_length=16, verbose_name='kind')),
                ('happened_on', models.DateField(help_text="The day at whose end, in the site's zone, it counts", verbose_name='day')),
                ('it_kw', models.FloatField(help_text='IT power, kW', verbose_name='IT power')),
                ('accelerators', models.PositiveIntegerField(default=0, verbose_name='accelerators')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('site', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='capacity_events', to='inventory.site', verbose_name='site')),
            ],
            options={
                'indexes': [models.Index(fields=['site', 'happened_on'], name='capacity_site_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('it_kw__gte', 0)), name='capacity_it_kw_not_negative'), models.CheckConstraint(condition=models.Q(('kind__in', ['commission', 'decommission'])), name='capacityevent_kind_known')],
                'verbose_name': 'capacity event',
                'verbose_name_plural': 'capacity events',
                'ordering': ['happened_on', 'site', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Accelerator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.PositiveSmallIntegerField(help_text="The driver's number, from 0", verbose_name='index')),
                ('uuid', models.CharField(blank=True, max_length=64, verbose_name='UUID')),
                ('serial', models.CharField(blank=True, max_length=100, verbose_name='serial')),
                ('status', models.CharField(choices=[('active', 'Active'), ('drained', 'Drained'), ('failed', 'Failed'), ('retired', 'Retired')], default='active', max_length=16, verbose_name='status')),
                ('firmware_version', models.CharField(blank=True, max_length=100, verbose_name='firmware version')),
                ('device', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='accelerators', to='inventory.device', verbose_name='device')),
                ('device_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accelerators', to='inventory.devicetype', verbose_name='device type')),
                ('site', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='inventory.site', verbose_name='site')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'active'), _negated=True), fields=['status'], name='accelerator_not_active'), models.Index(condition=models.Q(('serial', ''), _negated=True), fields=['serial'], name='accelerator_serial')],
                'constraints': [models.UniqueConstraint(fields=('device', 'index'), name='accelerator_index_unique'), models.UniqueConstraint(django.db.models.functions.text.Lower('uuid'), condition=models.Q(('uuid', ''), _negated=True), name='accelerator_uuid_unique', violation_error_message='There is an accelerator with this UUID.'), models.CheckConstraint(condition=models.Q(('status__in', ['active', 'drained', 'failed', 'retired'])), name='accelerator_status_known')],
                'verbose_name': 'accelerator',
                'verbose_name_plural': 'accelerators',
                'ordering': ['device', 'index', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SiteChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('origin', models.CharField(choices=[('inventory', 'Inventory'), ('telemetry', 'Telemetry'), ('source', 'Source state'), ('workload', 'Workload'), ('evidence', 'Evidence'), ('framework', 'Framework')], max_length=16)),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.site')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('origin__in', ['inventory', 'telemetry', 'source', 'workload', 'evidence', 'framework'])), name='sitechange_origin_known')],
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='devicetype',
            constraint=models.UniqueConstraint(fields=('manufacturer', 'model'), name='device_type_unique'),
        ),
        migrations.AddConstraint(
            model_name='rack',
            constraint=models.UniqueConstraint(fields=('site', 'name'), name='rack_unique_in_site'),
        ),
        migrations.AddConstraint(
            model_name='rack',
            constraint=inventory.models.constraints.SiteReference(name='rack_site_reference'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=inventory.models.constraints.SiteReference(name='device_site_reference'),
        ),
        migrations.AddConstraint(
            model_name='powerfeed',
            constraint=inventory.models.constraints.SameSite(field='rack', follows=False, name='power_feed_rack_at_same_site', violation_error_message='This rack is at another site.'),
        ),
        migrations.AddConstraint(
            model_name='powerfeed',
            constraint=inventory.models.constraints.SameSite(field='device', follows=False, name='power_feed_device_at_same_site', violation_error_message='This device is at another site.'),
        ),
        migrations.AddConstraint(
            model_name='port',
            constraint=inventory.models.constraints.SameSite(field='device', follows=True, name='port_at_site_of_device'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(models.F('site'), django.db.models.functions.text.Lower('name'), name='device_unique_in_site', violation_error_message='The site has a device of this name.'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=inventory.models.constraints.SameSite(field='rack', follows=False, name='device_rack_at_same_site', violation_error_message='This rack is at another site.'),
        ),
        migrations.AddConstraint(
            model_name='accelerator',
            constraint=inventory.models.constraints.SameSite(field='device', follows=True, name='accelerator_at_site_of_device'),
        ),
    ]
