"""The factors of sources become unit rules."""

from django.db import migrations

_RULES = r"""
INSERT INTO telemetry_unitrule (source_id, metric, unit, factor, "offset")
SELECT source.id, factor.key, '', (factor.value #>> '{}')::double precision, 0
FROM telemetry_source source CROSS JOIN LATERAL jsonb_each(source.unit_scale) AS factor
WHERE jsonb_typeof(factor.value) = 'number' AND (factor.value #>> '{}')::numeric > 0
    AND length(factor.key) <= 200 AND factor.key ~ '^[^\s?*\[\]{}"]+$'
ORDER BY source.id, factor.key
"""
_FACTORS = """
UPDATE telemetry_source source SET unit_scale = plain.factors FROM (
    SELECT source_id, jsonb_object_agg(metric, factor) AS factors FROM telemetry_unitrule
    WHERE unit = '' AND "offset" = 0 AND strpos(metric, '*') = 0 GROUP BY source_id
) AS plain WHERE plain.source_id = source.id;
DELETE FROM telemetry_unitrule
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0018_unit_rules")]
    operations = [migrations.RunSQL(_RULES, _FACTORS, elidable=True)]
