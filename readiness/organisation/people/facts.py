"""Facts about the people of sites, for scoring at any instant; a fixed number of statements, however many sites."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.db import connection

from accounts.models import User
from inventory.models import CapacityEvent, DeviceType
from inventory.queries import SiteFacts
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.organisation.people import models
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.facts import SitePeople
from readiness.organisation.people.core.on_call import HOUR, full_hour
from readiness.organisation.people.queries import coverage, growth, on_call, practice
from readiness.organisation.people.queries.rotations import NEVER
from web.audit import stamp_of
from web.audit.stamps import Stamp

COVERED_FROM = (
    *(models.Person, User, models.Team, models.Membership, models.Staffing, models.Skill),
    *(models.Qualification, models.SkillExemption, models.CapabilityRule, models.Course, models.Training),
    *(DeviceType, WorkloadClass, Placement),
)
"""Coverage is read from these models and from shifts. They change seldom, and each site needs coverage every minute."""

_READ_FROM = (
    *COVERED_FROM,
    *(models.Rotation, models.RotationSite, models.Layer, models.LayerMember, CapacityEvent, models.Drill),
    *(models.Participant, models.Exercise, models.Procedure, models.AlertRule),
    *(models.Survey, models.SurveyQuestion),
)
# These are not audited. Whoever answers anew does so later.
_MARK = f"""
    SELECT (SELECT count(*) FROM people_rotationcalendar), shift.*, answer.*
    FROM ({growth.SHIFTS}) AS shift CROSS JOIN (
        SELECT count(*), sum(timestamp_hash_extended(answered_at AT TIME ZONE 'UTC', id)) FROM people_surveyanswer
    ) AS answer
"""


@dataclass(frozen=True, slots=True)
class KeptFact[Fact]:
    """A fact that holds from `at` on until something of it runs out or begins, and while its basis is the same."""

    at: datetime
    until: datetime | None
    fact: Fact
    basis: object = None

    def holds(self, now: datetime, basis: object = None) -> bool:
        return self.at <= now and (self.until is None or now < self.until) and self.basis == basis


def _renewed[Fact](
    kept: dict[int, KeptFact[Fact]],
    bases: Mapping[int, object],
    read: Callable[[Collection[int]], Iterable[tuple[int, Fact, datetime | None]]],
    now: datetime,
) -> dict[int, Fact]:
    """Read anew only those sites where anything changed, or the clock moved past something."""
    changed = [site for site, basis in bases.items() if site not in kept or not kept[site].holds(now, basis)]
    for site_id, fact, until in read(changed) if changed else ():
        kept[site_id] = KeptFact(now, until, fact, bases[site_id])
    return {site_id: kept[site_id].fact for site_id in bases}


@lru_cache(maxsize=2)
def _coverage_since(stamp: Stamp) -> dict[int, KeptFact[SiteCoverage]]:
    """Return what was read since this stamp; whoever asks for more fills it."""
    return {}


def kept_coverage_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SiteCoverage]:
    if not sites:
        return {}
    kept = _coverage_since(stamp_of(*COVERED_FROM))
    called = coverage.on_call_of(sites, now=now)

    def read(changed: Collection[int]) -> Iterator[tuple[int, SiteCoverage, datetime | None]]:
        facts = {site_id: sites[site_id] for site_id in changed}
        for site_id, of_site in coverage.coverage_of(facts, now=now, on_call=called).items():
            yield site_id, of_site, of_site.until

    bases = {site_id: (site, called.get(site_id)) for site_id, site in sites.items()}
    return _renewed(kept, bases, read, now)


@lru_cache(maxsize=2)
def _facts_since(stamp: Stamp, mark: tuple[object, ...]) -> dict[int, KeptFact[SitePeople]]:
    """The same of facts."""
    return {}


def people_facts(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePeople]:
    """Time on call is counted anew each hour."""
    if not sites:
        return {}
    covered = kept_coverage_of(sites, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        [mark] = cursor.fetchall()
    kept = _facts_since(stamp_of(*_READ_FROM), mark)

    def read(changed: Collection[int]) -> Iterator[tuple[int, SitePeople, datetime]]:
        coverages = {site_id: covered[site_id] for site_id in changed}
        called = on_call.standing_of(coverages, now=now)
        practised = practice.practice_of(coverages, now=now)
        until = coverage.next_on_call(changed, now=now)
        grown = growth.growth_of(coverages, now=now)
        for site_id, of_site in coverages.items():
            people = SitePeople(
                coverage=of_site,
                on_call=called.get(site_id),
                practice=practised.get(site_id),
                growth=grown.get(site_id),
                on_call_until=until.get(site_id),
            )
            yield site_id, people, min(full_hour(now) + HOUR, people.changes_at or NEVER)

    facts = _renewed(kept, {site_id: (covered[site_id],) for site_id in sites}, read, now)
    return {site_id: _at(people, now) for site_id, people in facts.items()}


def _at(people: SitePeople, now: datetime) -> SitePeople:
    """The same people at another instant, which what they practised is judged by."""
    return replace(people, practice=replace(people.practice, now=now)) if people.practice else people
