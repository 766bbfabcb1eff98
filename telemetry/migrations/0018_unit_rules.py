"""Unit rules say in which units a source sends."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0017_imported_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnitRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(help_text='The name as it is sent. * stands for any part: hw.* means every metric that begins with hw.', max_length=200, validators=[django.core.validators.RegexValidator('^[^\\s?\\[\\]{}"]+$', 'Enter the name of a metric; * stands for any part of it.')], verbose_name='metric')),
                ('unit', models.CharField(blank=True, choices=[('%', '%'), ('A', 'A'), ('GB', 'GB'), ('GB/s', 'GB/s'), ('GHz', 'GHz'), ('Gb/s', 'Gb/s'), ('GiB', 'GiB'), ('GiB/s', 'GiB/s'), ('Hz', 'Hz'), ('J', 'J'), ('K', 'K'), ('KiB', 'KiB'), ('KiB/s', 'KiB/s'), ('MB', 'MB'), ('MB/s', 'MB/s'), ('MHz', 'MHz'), ('MJ', 'MJ'), ('MVA', 'MVA'), ('MW', 'MW'), ('MWh', 'MWh'), ('Mb/s', 'Mb/s'), ('MiB', 'MiB'), ('MiB/s', 'MiB/s'), ('Pa', 'Pa'), ('V', 'V'), ('VA', 'VA'), ('W', 'W'), ('Wh', 'Wh'), ('b/s', 'b/s'), ('bar', 'bar'), ('bits', 'bits'), ('bytes', 'bytes'), ('bytes/s', 'bytes/s'), ('h', 'h'), ('hPa', 'hPa'), ('kA', 'kA'), ('kB', 'kB'), ('kHz', 'kHz'), ('kJ', 'kJ'), ('kPa', 'kPa'), ('kV', 'kV'), ('kVA', 'kVA'), ('kW', 'kW'), ('kWh', 'kWh'), ('kb/s', 'kb/s'), ('l/min', 'l/min'), ('l/s', 'l/s'), ('m3/h', 'm3/h'), ('mA', 'mA'), ('mV', 'mV'), ('mW', 'mW'), ('mbar', 'mbar'), ('min', 'min'), ('ms', 'ms'), ('psi', 'psi'), ('ratio', 'ratio'), ('s', 's'), ('us', 'us'), ('°C', '°C'), ('°F', '°F')], default='', help_text='The unit that the sender uses. Muster converts it to its own. Empty if the factor and the offset below say how.', max_length=10, verbose_name='sent in')),
                ('factor', models.FloatField(db_default=1.0, default=1.0, help_text='Without a unit: a sent value times this is what Muster expects of the metric.', verbose_name='factor')),
                ('offset', models.FloatField(db_default=0.0, default=0.0, help_text='Without a unit: this is added after the factor.', verbose_name='offset')),
                ('in_force_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, help_text='Samples that arrived since then are read by the rule.', verbose_name='since')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unit_rules', to='telemetry.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'unit rule',
                'verbose_name_plural': 'unit rules',
                'ordering': ['source__name', 'metric', 'id'],
                'constraints': [models.UniqueConstraint(fields=('source', 'metric'), name='unit_rule_unique_in_source', violation_error_message='The source has a rule for this metric already.'), models.CheckConstraint(condition=models.Q(('metric__regex', '^[^\\s?\\[\\]{}"]+$')), name='unit_rule_metric'), models.CheckConstraint(condition=models.Q(('factor__gt', 0), ('factor__lt', float("inf"))), name='unit_rule_factor', violation_error_message='Enter a factor above 0.'), models.CheckConstraint(condition=models.Q(('offset__gt', float("-inf")), ('offset__lt', float("inf"))), name='unit_rule_offset', violation_error_message='Enter a finite offset.'), models.CheckConstraint(condition=models.Q(('unit', ''), models.Q(('factor', 1), ('offset', 0)), _connector='OR'), name='unit_rule_unit_or_factor', violation_error_message='A unit has its own factor: leave the factor at 1 and the offset at 0, or choose no unit.'), models.CheckConstraint(condition=models.Q(('unit__in', ['%', 'A', 'GB', 'GB/s', 'GHz', 'Gb/s', 'GiB', 'GiB/s', 'Hz', 'J', 'K', 'KiB', 'KiB/s', 'MB', 'MB/s', 'MHz', 'MJ', 'MVA', 'MW', 'MWh', 'Mb/s', 'MiB', 'MiB/s', 'Pa', 'V', 'VA', 'W', 'Wh', 'b/s', 'bar', 'bits', 'bytes', 'bytes/s', 'h', 'hPa', 'kA', 'kB', 'kHz', 'kJ', 'kPa', 'kV', 'kVA', 'kW', 'kWh', 'kb/s', 'l/min', 'l/s', 'm3/h', 'mA', 'mV', 'mW', 'mbar', 'min', 'ms', 'psi', 'ratio', 's', 'us', '°C', '°F', ''])), name='unitrule_unit_known')],
            },
        ),
    ]
