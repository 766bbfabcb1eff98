"""Make a row of each reason that the health of a domain holds, so that an upgrade forgets none.

A reason of a silent object said what it was before. Metrics with parts wrote the part into the title alone.
"""

from django.db import migrations

_WITH_PARTS = (
    *("idrac_sensors_temperature", "ipmi_current_state", "ipmi_fan_speed_state", "ipmi_power_state"),
    *("ipmi_sensor_state", "ipmi_temperature_celsius", "ipmi_temperature_state", "ipmi_voltage_state"),
    *("network_ups_tools_ups_status", "up"),
)
_CARRY = f"""
INSERT INTO scoring_healthreason (
    site_id, domain, object_kind, object_id, object, metric, part, measure, direction, health, title, value, unit,
    threshold, source, since, taken_at, is_last_known, standing, rank, counts_from
)
SELECT DISTINCT ON (site_id, domain, object_kind, object_id, metric, part, measure, direction)
    site_id, domain, object_kind, object_id, object, metric, part, measure, direction,
    CASE WHEN was IN ('critical', 'warn') THEN was ELSE health END,
    CASE WHEN metric = '' THEN 'Not seen' ELSE title END,
    value, unit, threshold, source, since, taken_at,
    was IN ('critical', 'warn'),
    CASE WHEN metric = '' THEN 'silent' WHEN was IN ('critical', 'warn') THEN 'last-known' ELSE 'live' END,
    CASE WHEN 'critical' IN (was, health) THEN 1 WHEN 'warn' IN (was, health) THEN 3 ELSE 4 END,
    since
FROM (
    SELECT site_id, domain, nth, reason->>'object_kind' AS object_kind, (reason->>'object_id')::bigint AS object_id,
        coalesce(reason->>'object', '') AS object, coalesce(reason->>'metric', '') AS metric,
        CASE WHEN reason->>'metric' IN ({", ".join(f"'{name}'" for name in _WITH_PARTS)})
            THEN coalesce(substring(reason->>'title' FROM '^[^(]*\\((.*)\\)$'), '') ELSE '' END AS part,
        coalesce(reason->>'measure', '') AS measure, coalesce(reason->>'direction', '') AS direction,
        reason->>'health' AS health,
        CASE WHEN reason->>'health' = 'unknown' THEN coalesce(reason->>'was', '') ELSE '' END AS was,
        coalesce(reason->>'title', '') AS title, (reason->>'value')::float8 AS value,
        coalesce(reason->>'unit', '') AS unit, (reason->>'threshold')::float8 AS threshold,
        coalesce(reason->>'source', '') AS source,
        coalesce((reason->>'since')::timestamptz, (reason->>'taken_at')::timestamptz, since) AS since,
        (reason->>'taken_at')::timestamptz AS taken_at
    FROM scoring_domainhealth, jsonb_array_elements(reasons) WITH ORDINALITY AS each (reason, nth)
    WHERE reason->>'health' IN ('critical', 'warn', 'unknown')
) AS stored
ORDER BY site_id, domain, object_kind, object_id, metric, part, measure, direction, nth
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0004_health_reasons")]

    operations = [migrations.RunSQL(_CARRY, "DELETE FROM scoring_healthreason", elidable=True)]
