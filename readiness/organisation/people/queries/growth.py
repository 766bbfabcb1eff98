"""How many qualified people sites had, and have, at any instant; a fixed number of statements, however many sites.

What a site requires is that of now, as the inventory has no past; so is who is in which team.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection

from accounts.models import User
from inventory import queries as inventory
from inventory.models import DeviceType, Manufacturer
from inventory.queries import Capacity, CapacityStep
from readiness.organisation.people import models
from readiness.organisation.people.core import growth as core
from readiness.organisation.people.core.coverage import CoveredRequirement, SiteCoverage
from readiness.organisation.people.core.qualified_fleet import QualifiedFleet
from web.cached import CachedAnswer

type Asked = tuple[str, int, int, str]
"""Domain, skill, level and vendor of a requirement."""
# What a site asks for is its basis.
QUALIFIED: CachedAnswer[int, core.QualifiedSite] = CachedAnswer(
    "qualified people of sites",
    models=(
        *(models.Person, User, models.Team, models.Membership, models.Staffing, models.Qualification),
        *(models.SkillExemption, DeviceType, Manufacturer, models.Rotation, models.RotationSite),
    ),
    rows=(models.Shift,),
)


def recorded(covered: Mapping[int, SiteCoverage]) -> dict[int, SiteCoverage]:
    """Sites that require something, and of whose people anything is known."""
    return {
        site_id: of_site
        for site_id, of_site in covered.items()
        if of_site.requirements and (of_site.is_staffed or of_site.has_rotation)
    }


def growth_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, core.QualifiedGrowth]:
    """Sites that are not `recorded` have none."""
    if not (staffed := recorded(covered)):
        return {}
    sites = qualified_at(staffed)
    fleet = QualifiedFleet.build(sites, recorded=frozenset(sites))
    places = {site_id: place for place, site_id in enumerate(sites)}
    counts = fleet.counts(places, (now - core.GROWTH_SPAN, now), now=now).tolist()
    steps: dict[int, list[CapacityStep]] = defaultdict(list)
    for step in inventory.capacity_events(list(sites)):
        steps[step.site_id].append(step)
    return {
        site_id: _growth(site, counts[places[site_id]], steps[site_id], now)
        for site_id, site in sites.items()
    }


def _growth(
    site: core.QualifiedSite, people: Sequence[int], steps: Sequence[CapacityStep], now: datetime
) -> core.QualifiedGrowth:
    before, present = (
        sum((step.change for step in steps if step.at <= at), Capacity())
        for at in (now - core.GROWTH_SPAN, now)
    )
    return core.QualifiedGrowth(
        qualified_then=people[0],
        qualified_now=people[1],
        accelerators_then=before.accelerators,
        accelerators_now=present.accelerators,
        kw_then=before.it_kw,
        kw_now=present.it_kw,
        is_on_call=site.counts_on_call(now),
        until=min((*site.changes_at(now), *core.later((step.at for step in steps), now)), default=None),
    )


def qualified_at(covered: Mapping[int, SiteCoverage]) -> dict[int, core.QualifiedSite]:
    requirements = {site_id: tuple(map(_asked, of_site.requirements)) for site_id, of_site in covered.items()}
    return QUALIFIED.values(
        requirements, lambda changed: _read({site_id: requirements[site_id] for site_id in changed})
    )


def _asked(covered: CoveredRequirement) -> Asked:
    requirement = covered.requirement
    return requirement.domain, requirement.skill_id, requirement.level, requirement.vendor


# When people were assigned to each site, or among those on call there, and were qualified for what it asks for.
# Holders are materialized: the planner takes a skill for rarer than it is, and would pair it with every site first.
_SPANS = """
    WITH asked AS (
        SELECT * FROM unnest(%(sites)s::bigint[], %(domains)s::text[], %(skills)s::bigint[], %(levels)s::int[],
            %(vendors)s::text[]) AS asked (site_id, domain, skill_id, level, vendor)
    ), staff AS (
        SELECT person.id AS person_id,
            CASE WHEN NOT signed_in.is_active THEN '-infinity' ELSE coalesce(left_at, 'infinity') END AS gone_at
        FROM people_person AS person LEFT JOIN accounts_user AS signed_in ON signed_in.id = person.user_id
    ), exempt AS (
        SELECT person_id, skill_id, range_agg(tstzrange(begins_at, ends_at)) AS during
        FROM people_skillexemption GROUP BY person_id, skill_id
    ), held AS (
        SELECT person_id, skill_id, level, coalesce(maker.slug, '') AS vendor, tstzmultirange(tstzrange(
            shown_at, greatest(shown_at, least(valid_until, revoked_at, gone_at))
        )) - coalesce(exempt.during, '{}') AS during
        FROM people_qualification JOIN staff USING (person_id) LEFT JOIN exempt USING (person_id, skill_id)
        LEFT JOIN inventory_devicetype AS hardware ON hardware.id = device_type_id
        LEFT JOIN inventory_manufacturer AS maker ON maker.id = hardware.manufacturer_id
        WHERE skill_id IN (SELECT skill_id FROM asked)
    ), assigned AS (
        SELECT site_id, person_id, range_agg(tstzrange(
            begins_at, greatest(begins_at, least(ends_at, dissolved_at, gone_at))
        )) AS during
        FROM people_staffing JOIN people_team AS team ON team.id = team_id
        JOIN people_membership USING (team_id) JOIN staff USING (person_id)
        WHERE site_id IN (SELECT site_id FROM asked) GROUP BY site_id, person_id
    ), turns AS (
        SELECT rotation_id, person_id, range_agg(tstzrange(
            starts_at - %(reach)s, greatest(starts_at - %(reach)s, least(ends_at + %(reach)s, gone_at))
        )) AS during
        FROM people_shift JOIN staff USING (person_id) GROUP BY rotation_id, person_id
    ), on_call AS (
        SELECT site_id, domain, person_id, during
        FROM turns JOIN people_rotationsite USING (rotation_id)
        JOIN people_rotation AS rotation ON rotation.id = rotation_id
        WHERE site_id IN (SELECT site_id FROM asked)
    ), called AS (
        SELECT site_id, min(lower(during)) AS first, max(upper(during)) AS last FROM on_call GROUP BY site_id
    ), there AS (
        SELECT site_id, NULL AS domain, person_id, during, false AS is_on_call FROM assigned
        UNION ALL SELECT site_id, domain, person_id, during, true FROM on_call
    ), holders AS MATERIALIZED (
        SELECT site_id, domain, person_id, is_on_call, skill_id, level, vendor, there.during * held.during AS during
        FROM there JOIN held USING (person_id)
    ), qualified AS (
        SELECT site_id, person_id, is_on_call, range_agg(during) AS during
        FROM holders JOIN asked USING (site_id, skill_id)
        WHERE asked.domain = coalesce(holders.domain, asked.domain)
            AND asked.level <= holders.level AND asked.vendor IN ('', holders.vendor)
        GROUP BY site_id, person_id, is_on_call
    )
    SELECT site_id, first, last, is_on_call, person_id, lower(span), least(upper(span), %(never)s)
    FROM (SELECT DISTINCT site_id FROM asked) AS site LEFT JOIN called USING (site_id)
    LEFT JOIN (qualified CROSS JOIN unnest(during) AS span) USING (site_id)
"""


def _read(requirements: Mapping[int, Collection[Asked]]) -> dict[int, core.QualifiedSite]:
    """One statement."""
    if not requirements:
        return {}
    rows = [
        (site_id, *each) for site_id, site_requirements in requirements.items() for each in site_requirements
    ]
    columns = zip(
        ("sites", "domains", "skills", "levels", "vendors"), map(list, zip(*rows, strict=True)), strict=True
    )
    with connection.cursor() as cursor:
        asked_of = dict(columns) | {"reach": core.ON_CALL_REACH, "never": core.NEVER}
        cursor.execute(_SPANS, asked_of)  # type: ignore[arg-type]
        spans = cursor.fetchall()
    called: dict[int, tuple[datetime, datetime] | None] = {}
    people: dict[tuple[int, bool], list[core.QualifiedSpan]] = defaultdict(list)
    for site_id, first, last, is_on_call, *span in spans:
        called[site_id] = (first, last) if first else None
        if is_on_call is not None:
            people[site_id, is_on_call].append(core.QualifiedSpan(*span))
    return {
        site_id: core.QualifiedSite(
            assigned=tuple(people[site_id, False]),
            on_call=tuple(people[site_id, True]),
            called=called[site_id],
        )
        for site_id in called
    }
