"""Give rotations, teams and people a home: their one site, or the smallest region with all of their sites.

What has no site, or sites without a region in common, is left to an administrator.
"""

from django.db import migrations

_SITES = {
    "people_rotation": "SELECT DISTINCT rotation_id AS id, site_id FROM people_rotationsite",
    "people_team": """SELECT DISTINCT team_id AS id, site_id FROM people_staffing
        WHERE ends_at IS NULL OR ends_at > now()""",
    "people_person": """SELECT DISTINCT membership.person_id AS id, staffing.site_id
        FROM people_membership AS membership JOIN people_staffing AS staffing USING (team_id)
        WHERE staffing.ends_at IS NULL OR staffing.ends_at > now()""",
}
_BY_UPGRADE = """SELECT set_config('muster.acting',
    '{"username": "upgrade", "message": "The home follows from the sites"}', true);"""
# Of the regions that contain all sites, the smallest is the fewest steps above them.
_FILL = """
WITH RECURSIVE served AS ({sites}), above AS (
    SELECT id AS region_id, id AS around_id, 0 AS steps FROM inventory_region
    UNION ALL SELECT above.region_id, region.parent_id, above.steps + 1
    FROM above JOIN inventory_region AS region ON region.id = above.around_id WHERE region.parent_id IS NOT NULL
), counted AS (
    SELECT id, count(*) AS sites, min(site_id) AS site_id FROM served GROUP BY id
), shared AS (
    SELECT DISTINCT ON (served.id) served.id, above.around_id AS region_id
    FROM served JOIN inventory_site AS site ON site.id = served.site_id
    JOIN above ON above.region_id = site.region_id JOIN counted ON counted.id = served.id
    GROUP BY served.id, above.around_id, counted.sites HAVING count(*) = counted.sites
    ORDER BY served.id, sum(above.steps)
)
UPDATE {table} AS homeless SET
    home_site_id = CASE WHEN counted.sites = 1 THEN counted.site_id END,
    home_region_id = CASE WHEN counted.sites > 1 THEN shared.region_id END,
    is_home_chosen = COALESCE(counted.sites = 1 OR shared.region_id IS NOT NULL, false)
FROM {table} AS same LEFT JOIN counted ON counted.id = same.id LEFT JOIN shared ON shared.id = same.id
WHERE same.id = homeless.id
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0004_homes")]

    operations = [
        migrations.RunSQL(
            "\n".join([_BY_UPGRADE, *(_FILL.format(table=table, sites=sites) + ";" for table, sites in _SITES.items())]),
            migrations.RunSQL.noop,
            elidable=True,
        )
    ]
