"""How many qualified people sites had, and have, at any instant; a fixed number of statements, however many sites.

What a site requires is that of now, as the inventory has no past; so is who is in which team.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Count, Max

from accounts.models import User
from inventory import queries as inventory
from inventory.models import DeviceType
from inventory.queries import Capacity, CapacityStep
from readiness.people.core.coverage import CoveredRequirement, SiteCoverage
from readiness.people.core.growth import (
    EVER,
    GROWTH_SPAN,
    NEVER,
    ON_CALL_REACH,
    Asked,
    Held,
    People,
    QualifiedGrowth,
    QualifiedSite,
    Stretch,
    later,
    merged,
    qualified_sites,
    without,
)
from readiness.people.core.qualified_fleet import QualifiedFleet
from readiness.people.models import (
    Membership,
    Person,
    Qualification,
    Rotation,
    RotationSite,
    Shift,
    SkillExemption,
    Staffing,
    Team,
)
from web.audit import stamp_of

_READ = (
    *(Person, User, Team, Membership, Staffing, Qualification, SkillExemption, DeviceType),
    *(Rotation, RotationSite),
)


def recorded(covered: Mapping[int, SiteCoverage]) -> dict[int, SiteCoverage]:
    """Sites that require something, and of whose people anything is known."""
    return {
        site_id: of_site
        for site_id, of_site in covered.items()
        if of_site.requirements and (of_site.is_staffed or of_site.has_rotation)
    }


def growth_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, QualifiedGrowth]:
    """Sites that are not `recorded` have none."""
    staffed = recorded(covered)
    if not staffed:
        return {}
    counts, then = _counts(staffed, now), now - GROWTH_SPAN
    steps: dict[int, list[CapacityStep]] = defaultdict(list)
    for step in inventory.capacity_events(list(staffed)):
        steps[step.site_id].append(step)
    return {
        site_id: _growth(
            of_people, _capacity(steps[site_id], then), _capacity(steps[site_id], now), steps[site_id], now
        )
        for site_id, of_people in counts.items()
    }


def _growth(
    people: _SiteCount, then: Capacity, now: Capacity, steps: Sequence[CapacityStep], at: datetime
) -> QualifiedGrowth:
    until = min((people.until, *later((step.at for step in steps), at)))
    return QualifiedGrowth(
        qualified_then=people.then,
        qualified_now=people.now,
        accelerators_then=then.accelerators,
        accelerators_now=now.accelerators,
        kw_then=then.it_kw,
        kw_now=now.it_kw,
        is_on_call=people.is_on_call,
        until=None if until == NEVER else until,
    )


def _capacity(steps: Sequence[CapacityStep], at: datetime) -> Capacity:
    return sum((step.change for step in steps if step.at <= at), Capacity())


def qualified_at(covered: Mapping[int, SiteCoverage]) -> dict[int, QualifiedSite]:
    """Kept until anything is written that it is read from."""
    return {site_id: kept.site for site_id, kept in _kept(covered).items()}


def _counts(covered: Mapping[int, SiteCoverage], now: datetime) -> dict[int, _SiteCount]:
    """Count anew only where the clock moved past something."""
    counts = {}
    for site_id, kept in _kept(covered).items():
        if kept.count is None or not kept.count.at <= now < kept.count.until:
            kept.count = _count(kept.site, now)
        counts[site_id] = kept.count
    return counts


def _count(site: QualifiedSite, now: datetime) -> _SiteCount:
    alone = QualifiedFleet.of({0: site}, recorded=frozenset())
    [[then, present]] = alone.counts({0: 0}, (now - GROWTH_SPAN, now), now=now).tolist()
    until = min(site.changes_at(now), default=NEVER)
    return _SiteCount(now, until, then, present, is_on_call=site.counts_on_call(now))


def _kept(covered: Mapping[int, SiteCoverage]) -> dict[int, _KeptSite]:
    shifts = Shift.objects.aggregate(Max("pk"), Count("pk"))
    staff = _staff_since(stamp_of(*_READ), tuple(shifts.values()))
    asked = {site_id: tuple(map(_asked, of_site.requirements)) for site_id, of_site in covered.items()}
    unread = {site_id: wanted for site_id, wanted in asked.items() if (site_id, wanted) not in staff.kept}
    made = qualified_sites(unread, staff.holders, staff.assigned, staff.on_call)
    staff.kept.update(((site_id, unread[site_id]), _KeptSite(site)) for site_id, site in made.items())
    return {site_id: staff.kept[site_id, wanted] for site_id, wanted in asked.items()}


def _asked(covered: CoveredRequirement) -> Asked:
    requirement = covered.requirement
    return Asked(requirement.domain, requirement.skill_id, requirement.level, requirement.vendor)


@dataclass(frozen=True, slots=True)
class _SiteCount:
    """Qualified people now and 180 days before, from `at` on and before `until`."""

    at: datetime
    until: datetime
    then: int
    now: int
    is_on_call: bool


@dataclass(slots=True)
class _KeptSite:
    site: QualifiedSite
    count: _SiteCount | None = None


@dataclass(frozen=True, slots=True)
class _KnownStaff:
    """Everybody, at all sites that the reader may see; `kept` is by site and what it asks for."""

    holders: Sequence[Held]
    assigned: Mapping[int, People]
    on_call: Mapping[int, Mapping[str, People]]
    kept: dict[tuple[int, tuple[Asked, ...]], _KeptSite] = field(default_factory=dict)


@lru_cache(maxsize=2)
def _staff_since(stamp: Any, shifts: tuple[int | None, ...]) -> _KnownStaff:
    left = {
        person_id: EVER if is_active is False else left_at or NEVER
        for person_id, left_at, is_active in Person.objects.order_by().values_list(
            "pk", "left_at", "user__is_active"
        )
    }
    exempt: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
    rows = SkillExemption.objects.order_by().values_list("person_id", "skill_id", "begins_at", "ends_at")
    for person_id, skill_id, *stretch in rows:
        exempt[person_id, skill_id].append((stretch[0], stretch[1]))
    return _KnownStaff(list(_holders(left, exempt)), _assigned(left), _on_call(left))


def _holders(
    left: Mapping[int, datetime], exempt: Mapping[tuple[int, int], Collection[Stretch]]
) -> Iterator[Held]:
    rows = Qualification.objects.order_by().values_list(
        *("person_id", "skill_id", "level", "device_type__manufacturer__slug"),
        *("shown_at", "valid_until", "revoked_at"),
    )
    for person_id, skill_id, level, vendor, shown_at, *ends in rows:
        ends_at = min((end for end in (*ends, left[person_id]) if end), default=NEVER)
        if shown_at < ends_at:
            for stretch in without((shown_at, ends_at), exempt.get((person_id, skill_id), ())):
                yield Held(person_id, skill_id, level, vendor or "", stretch)


def _assigned(left: Mapping[int, datetime]) -> dict[int, People]:
    members: dict[int, list[int]] = defaultdict(list)
    for team_id, person_id in Membership.objects.order_by().values_list("team_id", "person_id"):
        members[team_id].append(person_id)
    staffings = Staffing.objects.order_by().values_list(
        "site_id", "team_id", "begins_at", "ends_at", "team__dissolved_at"
    )
    assigned: dict[int, dict[int, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
    for site_id, team_id, begins_at, *ends in staffings:
        ends_at = min((end for end in ends if end), default=NEVER)
        for person_id in members[team_id]:
            if begins_at < (until := min(ends_at, left[person_id])):
                assigned[site_id][person_id].append((begins_at, until))
    return {
        site_id: {person_id: merged(each) for person_id, each in people.items()}
        for site_id, people in assigned.items()
    }


# Shifts that are close enough to each other make one time on call: a year of them is a row or two.
_ON_CALL = """
    SELECT rotation_id, person_id, min(starts_at), max(ends_at) FROM (
        SELECT rotation_id, person_id, starts_at, ends_at,
               count(*) FILTER (WHERE is_apart) OVER (
                   PARTITION BY rotation_id, person_id ORDER BY starts_at, id
               ) AS turn
        FROM (
            SELECT id, rotation_id, person_id, starts_at, ends_at, starts_at > %s + max(ends_at) OVER (
                       PARTITION BY rotation_id, person_id ORDER BY starts_at, id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                   ) AS is_apart
            FROM people_shift WHERE person_id IS NOT NULL
        ) AS shift
    ) AS shift GROUP BY rotation_id, person_id, turn
"""


def _on_call(left: Mapping[int, datetime]) -> dict[int, dict[str, People]]:
    served: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rotations = RotationSite.objects.order_by().values_list("rotation_id", "site_id", "rotation__domain")
    for rotation_id, site_id, domain in rotations:
        served[rotation_id].append((site_id, domain))
    with connection.cursor() as cursor:
        cursor.execute(_ON_CALL, [2 * ON_CALL_REACH])  # type: ignore[list-item]
        rows = cursor.fetchall()
    people: dict[int, dict[str, dict[int, list[Stretch]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for rotation_id, person_id, starts_at, ends_at in rows:
        stretch = (starts_at - ON_CALL_REACH, min(ends_at + ON_CALL_REACH, left[person_id]))
        for site_id, domain in served[rotation_id] if stretch[0] < stretch[1] else ():
            people[site_id][domain][person_id].append(stretch)
    return {
        site_id: {
            domain: {person_id: merged(each) for person_id, each in of_domain.items()}
            for domain, of_domain in domains.items()
        }
        for site_id, domains in people.items()
    }
