"""Who is among those on call at sites, 30 days back and ahead, and when that changes; each by one statement."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import connection

from readiness.organisation.people.core.growth import ON_CALL_REACH

type OnCall = Mapping[int, frozenset[str]]
"""Domains of the rotations in which each person has shifts, by person."""
_ON_CALL_AT = """
    SELECT domain, sites, ARRAY(
        SELECT DISTINCT person_id FROM people_shift LEFT JOIN people_person AS person ON person.id = person_id
        LEFT JOIN accounts_user AS signed_in ON signed_in.id = person.user_id
        WHERE rotation_id = served.rotation_id AND person_id IS NOT NULL
            AND starts_at < %(now)s + %(near)s AND ends_at > %(now)s - %(near)s
            AND signed_in.is_active IS NOT FALSE AND (left_at IS NULL OR left_at > %(now)s)
    ) FROM (
        SELECT rotation_id, array_agg(site_id) AS sites FROM people_rotationsite
        WHERE site_id = ANY(%(sites)s) GROUP BY rotation_id
    ) AS served JOIN people_rotation AS rotation ON rotation.id = rotation_id ORDER BY rotation_id
"""


def people_on_call(site_ids: Collection[int], *, now: datetime) -> dict[int, OnCall]:
    """Who is on call at each site that a rotation serves, without those who have left. One statement."""
    with connection.cursor() as cursor:
        parameters = {"near": ON_CALL_REACH, "now": now, "sites": list(site_ids)}
        cursor.execute(_ON_CALL_AT, parameters)  # type: ignore[arg-type]
        rotations = cursor.fetchall()
    serving: dict[int, list[int]] = defaultdict(list)
    for place, (_domain, served_ids, _people) in enumerate(rotations):
        for site_id in served_ids:
            serving[site_id].append(place)
    # Sites that the same rotations serve share one mapping.
    shared: dict[tuple[int, ...], OnCall] = {}
    called = {}
    for site_id, places in serving.items():
        key = tuple(places)
        if key not in shared:
            shared[key] = _domains_by_person((rotations[place][0], rotations[place][2]) for place in places)
        called[site_id] = shared[key]
    return called


def _domains_by_person(rotations: Iterable[tuple[str, Iterable[int]]]) -> OnCall:
    domains: dict[int, set[str]] = defaultdict(set)
    for domain, people in rotations:
        for person_id in people:
            domains[person_id].add(domain)
    return {person_id: frozenset(of_person) for person_id, of_person in domains.items()}


_NEXT_ON_CALL = """
    SELECT site_id, min(moment) FROM people_rotationsite JOIN (
        SELECT rotation_id, min(moment) AS moment
        FROM people_shift JOIN people_person AS person ON person.id = person_id
        CROSS JOIN LATERAL (VALUES (starts_at - %(near)s), (ends_at + %(near)s), (left_at)) AS change (moment)
        WHERE ends_at > %(now)s - %(near)s AND moment > %(now)s GROUP BY rotation_id
    ) AS change USING (rotation_id) WHERE site_id = ANY(%(sites)s) GROUP BY site_id
"""


def next_on_call(site_ids: Collection[int], *, now: datetime) -> dict[int, datetime]:
    """The next instants at which others are on call. One statement."""
    with connection.cursor() as cursor:
        parameters = {"near": ON_CALL_REACH, "now": now, "sites": list(site_ids)}
        cursor.execute(_NEXT_ON_CALL, parameters)  # type: ignore[arg-type]
        return dict(cursor.fetchall())
