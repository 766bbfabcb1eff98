"""Facts about the people of sites, for scoring at any instant: what sites require, who covers it and is on call near
then, and what is kept of these; a fixed number of statements, however many sites.

What is installed is that of now: the inventory has no past. Whoever left, was revoked or was exempt counts as at the
instant asked about.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Greatest, Least

from accounts.models import User
from inventory.models import CapacityEvent, DeviceType, Manufacturer, Site
from inventory.queries import SiteFacts, end_of_day
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.organisation.people import models
from readiness.organisation.people.core import coverage as core
from readiness.organisation.people.core import training
from readiness.organisation.people.core.coverage import (
    EXPIRING,
    Holder,
    Requirement,
    RuleInForce,
    SiteCoverage,
)
from readiness.organisation.people.core.facts import SitePeople
from readiness.organisation.people.core.growth import ON_CALL_REACH
from readiness.organisation.people.core.installed import installed
from readiness.organisation.people.core.on_call import HOUR, OnCallStanding, full_hour
from readiness.organisation.people.models.skills import SUBJECT_VALUES
from readiness.organisation.people.queries import standing
from readiness.organisation.people.queries.rotations import NEVER
from web.cached import CachedAnswer
from web.rows import rows_as

# Each site needs coverage every minute. Who is on call at a site is its basis.
COVERAGE: CachedAnswer[int, SiteCoverage] = CachedAnswer(
    "coverage of sites",
    models=(
        *(models.Person, User, models.Team, models.Membership, models.Staffing, models.Skill),
        *(models.Qualification, models.SkillExemption, models.CapabilityRule, models.Course, models.Training),
        *(DeviceType, Manufacturer, WorkloadClass, Placement),
    ),
)
_PEOPLE: CachedAnswer[int, SitePeople] = CachedAnswer(
    "people of sites",
    models=(
        *(models.RotationSite, models.Drill, models.Participant, models.Exercise, models.Procedure),
        *(models.AlertRule, models.SurveyQuestion, CapacityEvent, Site),
    ),
    rows=(models.Shift, models.SurveyAnswer),
    answers=(COVERAGE, standing.QUALIFIED),
)
# Apart from the rest, because each hour it is another one at every site.
_ON_CALL: CachedAnswer[int, OnCallStanding | None] = CachedAnswer(
    "who is on call at sites",
    models=(*(models.Rotation, models.RotationSite, models.Layer, models.LayerMember, models.Person, User),),
    rows=(models.Shift, models.RotationCalendar),
)


def kept_coverage_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SiteCoverage]:
    if not sites:
        return {}
    called = people_on_call(sites, now=now)

    def read(changed: Collection[int]) -> dict[int, SiteCoverage]:
        return coverage_of({site_id: sites[site_id] for site_id in changed}, now=now, on_call=called)

    bases = {site_id: (site, called.get(site_id)) for site_id, site in sites.items()}
    return COVERAGE.values(bases, read, now=now, until=attrgetter("until"))


def people_facts(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePeople]:
    """Time on call is counted anew each hour."""
    covered = kept_coverage_of(sites, now=now)

    def read(changed: Collection[int]) -> dict[int, SitePeople]:
        coverages = {site_id: covered[site_id] for site_id in changed}
        until = next_on_call(changed, now=now)
        practised = standing.practice_of(coverages, now=now)
        grown = standing.growth_of(coverages, now=now)
        return {
            site_id: SitePeople(
                coverage=of_site,
                practice=practised.get(site_id),
                growth=grown.get(site_id),
                on_call_until=until.get(site_id),
            )
            for site_id, of_site in coverages.items()
        }

    facts = _PEOPLE.values(covered, read, now=now, until=attrgetter("changes_at"))
    called = _kept_standing_of(covered, now=now)
    return {
        site_id: replace(people.judged_at(now), on_call=called[site_id]) for site_id, people in facts.items()
    }


def _kept_standing_of(
    covered: Mapping[int, SiteCoverage], *, now: datetime
) -> dict[int, OnCallStanding | None]:
    def read(changed: Collection[int]) -> dict[int, OnCallStanding | None]:
        called = standing.standing_of({site_id: covered[site_id] for site_id in changed}, now=now)
        return {site_id: called.get(site_id) for site_id in changed}

    return _ON_CALL.values(
        covered,
        read,
        now=now,
        until=lambda called: min(full_hour(now) + HOUR, (called and called.until) or NEVER),
    )


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


def coverage_of(
    sites: Mapping[int, SiteFacts],
    *,
    now: datetime,
    on_call: Mapping[int, OnCall] | None = None,
) -> dict[int, SiteCoverage]:
    if not sites:
        return {}
    called = people_on_call(sites, now=now) if on_call is None else on_call
    rules, here = rules_in_force(), {site_id: _Here() for site_id in sites}
    _add_staff(here, now)
    _add_workloads(here, sites, now)
    everybody = {person_id for each in here.values() for person_id in each.people}
    everybody.update(person_id for site_id in sites for person_id in called.get(site_id, ()))
    known_people = KnownPeople(everybody, now)
    return {
        site_id: _site_coverage(site, rules, here[site_id], called.get(site_id), known_people, now)
        for site_id, site in sites.items()
    }


def requirements_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, tuple[Requirement, ...]]:
    rules, here = rules_in_force(), {site_id: _Here() for site_id in sites}
    _add_workloads(here, sites, now)
    return {
        site_id: core.required(installed(site, here[site_id].workloads, SUBJECT_VALUES), rules)
        for site_id, site in sites.items()
    }


def rules_in_force() -> list[RuleInForce]:
    rows = models.CapabilityRule.objects.filter(is_in_force=True).order_by("slug")
    of_skill = {"skill": "skill__slug", "skill_name": "skill__name", "domain": "skill__domain"}
    return list(rows_as(RuleInForce, rows, **of_skill))


@dataclass(slots=True)
class _Here:
    """Who is assigned to a site, with the end of their last day, kinds of workloads placed there, and the moments at
    which that changes."""

    is_staffed: bool = False
    people: dict[int, datetime | None] = field(default_factory=dict)
    workloads: set[str] = field(default_factory=set)
    moments: list[datetime | None] = field(default_factory=list)


def _add_staff(here: Mapping[int, _Here], now: datetime) -> None:
    sites_of_team: dict[int, list[int]] = defaultdict(list)
    staffings = models.Staffing.objects.filter(site__in=here).order_by()
    for site_id, team_id, begins_at, ends_at, dissolved_at in staffings.values_list(
        "site_id", "team_id", "begins_at", "ends_at", "team__dissolved_at"
    ):
        staff = here[site_id]
        staff.moments += (begins_at, ends_at, dissolved_at)
        if begins_at <= now:
            staff.is_staffed = True
            if all(end is None or end > now for end in (ends_at, dissolved_at)):
                sites_of_team[team_id].append(site_id)
    members = models.Membership.objects.filter(
        Q(person__left_at=None) | Q(person__left_at__gt=now),
        Q(person__user=None) | Q(person__user__is_active=True),
        team__in=list(sites_of_team),
    )
    for team_id, person_id, left_at in members.order_by().values_list(
        "team_id", "person_id", "person__left_at"
    ):
        for site_id in sites_of_team[team_id]:
            here[site_id].people[person_id] = left_at
            here[site_id].moments.append(left_at)


def _add_workloads(here: Mapping[int, _Here], sites: Mapping[int, SiteFacts], now: datetime) -> None:
    rows = Placement.objects.filter(
        Q(ended_on=None) | Q(ended_on__gte=now.date() - timedelta(days=1)), site__in=sites
    )
    for site_id, kind, started_on, ended_on in rows.order_by().values_list(
        "site_id", "workload_class__kind", "started_on", "ended_on"
    ):
        zone = sites[site_id].time_zone
        begins_at = end_of_day(started_on - timedelta(days=1), zone) if started_on > date.min else None
        ends_at = end_of_day(ended_on, zone) if ended_on else None
        here[site_id].moments += (begins_at, ends_at)
        if (begins_at is None or begins_at <= now) and (ends_at is None or ends_at > now) and kind:
            here[site_id].workloads.add(kind)


def holders_of(person_ids: Collection[int], *, now: datetime) -> Iterator[Holder]:
    """Confirmed qualifications that have not ended; some may not have begun to count. One statement."""
    lasting = models.Qualification.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=now),
        Q(revoked_at=None) | Q(revoked_at__gt=now),
        person__in=person_ids,
        confirmed_at__isnull=False,
    ).annotate(
        begins_at=Greatest("shown_at", "confirmed_at"),
        until=Least("valid_until", "revoked_at", "person__left_at"),
        vendor=Coalesce("device_type__manufacturer__slug", Value("")),
    )
    return rows_as(Holder, lasting.order_by(), domain="skill__domain")


class KnownPeople:
    """Records of people: qualifications, exemptions and training, and the moments at which these change."""

    def __init__(self, person_ids: Collection[int], now: datetime) -> None:
        self.holders: dict[int, list[Holder]] = defaultdict(list)
        self.exempt: dict[int, set[int]] = defaultdict(set)
        self.training: dict[int, training.PersonTraining] = {}
        self.moments: dict[int, list[datetime | None]] = defaultdict(list)
        self._read_qualifications(person_ids, now)
        self._read_exemptions(person_ids, now)
        self._read_training(person_ids, now)

    def _read_qualifications(self, person_ids: Collection[int], now: datetime) -> None:
        for holder in holders_of(person_ids, now=now):
            warned_at = holder.until - EXPIRING if holder.until else None
            self.moments[holder.person_id] += (holder.begins_at, holder.until, warned_at)
            if holder.begins_at <= now:
                self.holders[holder.person_id].append(holder)

    def _read_exemptions(self, person_ids: Collection[int], now: datetime) -> None:
        rows = models.SkillExemption.objects.filter(
            person__in=person_ids, ends_at__gt=now, approved_at__isnull=False
        ).order_by()
        for person_id, skill_id, begins_at, ends_at in rows.values_list(
            "person_id", "skill_id", Greatest("begins_at", "approved_at"), "ends_at"
        ):
            self.moments[person_id] += (begins_at, ends_at)
            if begins_at <= now:
                self.exempt[person_id].add(skill_id)

    def _read_training(self, person_ids: Collection[int], now: datetime) -> None:
        assigned: dict[int, list[training.Assigned]] = defaultdict(list)
        rows = models.Training.objects.filter(person__in=person_ids).order_by()
        of_course = {"kind": "course__kind", "domain": "course__domain", "skill_id": "course__skill_id"}
        for assignment in rows_as(training.Assigned, rows, **of_course):
            assigned[assignment.person_id].append(assignment)
            self.moments[assignment.person_id] += assignment.moments()
        for person_id, given_to in assigned.items():
            standing = training.standing_of(given_to, self.exempt.get(person_id, ()), now=now)
            if standing is not None:
                self.training[person_id] = standing


def _site_coverage(
    site: SiteFacts,
    rules: Iterable[RuleInForce],
    here: _Here,
    called: OnCall | None,
    known_people: KnownPeople,
    now: datetime,
) -> SiteCoverage:
    on_call = called or {}
    people = here.people.keys() | on_call.keys()
    holders: dict[int, list[Holder]] = defaultdict(list)
    exempt: dict[int, set[int]] = defaultdict(set)
    moments = list(here.moments)
    for person_id in people:
        moments += known_people.moments.get(person_id, ())
        for holder in known_people.holders.get(person_id, ()):
            holders[holder.skill_id].append(holder)
        for skill_id in known_people.exempt.get(person_id, ()):
            exempt[skill_id].add(person_id)
    device_types = {each.device_type_id for each in site.equipment}
    return SiteCoverage(
        is_staffed=here.is_staffed,
        has_rotation=called is not None,
        requirements=tuple(
            core.covered(
                requirement,
                holders.get(requirement.skill_id, ()),
                assigned=here.people,
                on_call=on_call,
                exempt=frozenset(exempt.get(requirement.skill_id, ())),
                device_types=device_types,
                now=now,
            )
            for requirement in core.required(installed(site, here.workloads, SUBJECT_VALUES), rules)
        ),
        assigned=frozenset(here.people),
        on_call=on_call,
        training={each: known_people.training[each] for each in people if each in known_people.training},
        until=min((moment for moment in moments if moment is not None and moment > now), default=None),
    )
