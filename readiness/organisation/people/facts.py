"""Facts about the people of sites, for scoring at any instant: what sites require, who covers it, and what is kept of
both; a fixed number of statements, however many sites.

What is installed is that of now: the inventory has no past. Whoever left, was revoked or was exempt counts as at the
instant asked about.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Greatest, Least

from accounts.models import User
from inventory.models import CapacityEvent, Device, DeviceType, Manufacturer, Site
from inventory.queries import ACCELERATOR, FABRIC_DEVICES, Equipment, SiteFacts, end_of_day
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
    StackItem,
)
from readiness.organisation.people.core.facts import SitePeople
from readiness.organisation.people.core.on_call import HOUR, OnCallStanding, full_hour
from readiness.organisation.people.models import CapabilityRule
from readiness.organisation.people.models.skills import DUAL_FEED, GENERATOR, SUBJECT_VALUES, UPS
from readiness.organisation.people.queries import standing
from readiness.organisation.people.queries.reach import OnCall, next_on_call, people_on_call
from readiness.organisation.people.queries.rotations import NEVER
from web.cached import CachedAnswer
from web.rows import rows_as
from web.units import plural

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
    return {site_id: _people_now(people, called[site_id], now) for site_id, people in facts.items()}


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


def _people_now(people: SitePeople, called: OnCallStanding | None, now: datetime) -> SitePeople:
    """The same people at another instant, which what they practised is judged by."""
    practised = replace(people.practice, now=now) if people.practice else None
    return replace(people, on_call=called, practice=practised)


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
        site_id: core.required(installed(site, here[site_id].workloads), rules)
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
            for requirement in core.required(installed(site, here.workloads), rules)
        ),
        assigned=frozenset(here.people),
        on_call=on_call,
        training={each: known_people.training[each] for each in people if each in known_people.training},
        until=min((moment for moment in moments if moment is not None and moment > now), default=None),
    )


Subject = CapabilityRule.Subject
ROLES = {
    ACCELERATOR: ("accelerator", "accelerators"),
    Device.Role.SWITCH: ("switch", "switches"),
    Device.Role.ROUTER: ("router", "routers"),
    Device.Role.GATEWAY: ("gateway", "gateways"),
}


def installed(site: SiteFacts, workloads: Iterable[str]) -> tuple[StackItem, ...]:
    return (
        StackItem(Subject.SITE, site.slug, "needed at every site"),
        *_made(Subject.ACCELERATOR_VENDOR, site.equipment, {ACCELERATOR}),
        *_made(Subject.FABRIC_VENDOR, site.equipment, FABRIC_DEVICES),
        *_known(Subject.FABRIC, site.fabrics, "{} between accelerators"),
        *_known(Subject.COOLING, site.cooling_media, "{} cooling"),
        *_power(site),
        *_known(Subject.WORKLOAD, workloads, "{} is placed here"),
    )


def _made(subject: str, equipment: Iterable[Equipment], roles: Iterable[str]) -> Iterator[StackItem]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in equipment:
        if each.role in roles:
            counts[each.vendor, each.vendor_name][each.role] += each.count
    for (vendor, name), by_role in sorted(counts.items()):
        words = " and ".join(
            plural(count, *(f"{count} {word}" for word in ROLES[role]))
            for role, count in sorted(by_role.items())
        )
        yield StackItem(subject, vendor, f"{words} of {name}", vendor)


def _known(subject: Subject, values: Iterable[str], words: str) -> Iterator[StackItem]:
    for value in sorted(values):
        yield StackItem(subject, value, words.format(SUBJECT_VALUES[subject.value].get(value, value)))


def _power(site: SiteFacts) -> Iterator[StackItem]:
    if site.ups_units:
        yield StackItem(Subject.POWER, UPS, plural(site.ups_units, "1 UPS", f"{site.ups_units} UPS units"))
    if site.generator_start_s is not None:
        yield StackItem(Subject.POWER, GENERATOR, "a generator")
    if site.dual_fed_racks:
        fed = site.dual_fed_racks
        yield StackItem(
            Subject.POWER, DUAL_FEED, plural(fed, "1 rack with two feeds", f"{fed} racks with two feeds")
        )
