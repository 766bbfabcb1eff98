"""SQL for scopes: the places that they can name, and the sites and regions that they include."""

PLACES = """
SELECT 'region', slug, name FROM inventory_region UNION ALL SELECT 'site', slug, name FROM inventory_site
ORDER BY 1, 3, 2
"""
# `regions` are the scope's regions with all below them; `around` adds all regions above a visible site.
_RESOLVED = """
WITH RECURSIVE below AS (
    SELECT id FROM inventory_region WHERE slug = ANY(%(region)s)
    UNION SELECT region.id FROM inventory_region AS region JOIN below ON region.parent_id = below.id
), seen AS (
    SELECT id, region_id FROM inventory_site
    WHERE slug = ANY(%(site)s) OR region_id IN (SELECT id FROM below)
), around AS (
    SELECT id, parent_id FROM inventory_region
    WHERE id IN (SELECT id FROM below UNION SELECT region_id FROM seen)
    UNION SELECT region.id, region.parent_id FROM inventory_region AS region JOIN around ON region.id = around.parent_id
)
SELECT {seen} AS "muster.sites", {below} AS "muster.regions", {around} AS "muster.around"
"""
# A flag for each key from 1 on: the cheapest test for a row.
_MASK = """ARRAY(SELECT place.id IS NOT NULL FROM generate_series(1, (SELECT max(id) FROM {0})) AS key
    LEFT JOIN {0} AS place ON place.id = key ORDER BY key)::text"""
RESOLVED = _RESOLVED.format(**{name: _MASK.format(name) for name in ("seen", "below", "around")})
