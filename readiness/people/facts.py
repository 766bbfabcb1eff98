"""Facts about the people of sites, for scoring at any instant; a fixed number of statements, however many sites."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import connection

from accounts.models import User
from inventory.models import CapacityEvent, DeviceType
from inventory.queries import SiteFacts
from readiness.people.core.coverage import SiteCoverage
from readiness.people.core.facts import SitePeople
from readiness.people.core.on_call import full_hour
from readiness.people.models import (
    AlertRule,
    CapabilityRule,
    Course,
    Drill,
    Exercise,
    Layer,
    LayerMember,
    Membership,
    Participant,
    Person,
    Procedure,
    Qualification,
    Rotation,
    RotationSite,
    Skill,
    SkillExemption,
    Staffing,
    Survey,
    SurveyQuestion,
    Team,
    Training,
)
from readiness.people.queries import coverage, growth, on_call, practice
from readiness.people.queries.coverage import OnCall
from readiness.people.queries.rotations import NEVER
from readiness.workloads.models import Placement, WorkloadClass
from web.audit import stamp_of
from web.audit.stamps import Stamp

COVERED_FROM = (
    *(Person, User, Team, Membership, Staffing, Skill, Qualification, SkillExemption, CapabilityRule),
    *(Course, Training, DeviceType, WorkloadClass, Placement),
)
"""Coverage is read from these models and from shifts. They change seldom, and each site needs coverage every minute."""


_READ_FROM = (
    *COVERED_FROM,
    *(Rotation, RotationSite, Layer, LayerMember, CapacityEvent),
    *(Drill, Participant, Exercise, Procedure, AlertRule, Survey, SurveyQuestion),
)
HOUR = timedelta(hours=1)
# These are not audited. Shifts that stay change in their end; whoever answers anew does so later.
_MARK = """
    SELECT (SELECT count(*) FROM people_rotationcalendar), shift.*, answer.* FROM (
        SELECT count(*), sum(timestamp_hash_extended(ends_at AT TIME ZONE 'UTC', id)) FROM people_shift
    ) AS shift CROSS JOIN (
        SELECT count(*), sum(timestamp_hash_extended(answered_at AT TIME ZONE 'UTC', id)) FROM people_surveyanswer
    ) AS answer
"""


@dataclass(frozen=True, slots=True)
class _KeptFacts:
    """Facts about a site's people, which hold from `at` on until something of it runs out or begins; time on call
    is counted anew each hour."""

    at: datetime
    until: datetime
    people: SitePeople


def people_facts(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePeople]:
    """Read anew only those sites where anything changed, or the clock moved past something."""
    if not sites:
        return {}
    covered = kept_coverage_of(sites, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        [mark] = cursor.fetchall()
    kept = _facts_since(stamp_of(*_READ_FROM), mark)
    changed = {
        site_id: site
        for site_id, site in sites.items()
        if (held := kept.get(site_id)) is None
        or held.people.coverage is not covered[site_id]
        or not held.at <= now < held.until
    }
    for site_id, people in _read_facts(changed, covered, now=now).items():
        until = min(full_hour(now) + HOUR, people.changes_at or NEVER)
        kept[site_id] = _KeptFacts(now, until, people)
    return {site_id: _at(kept[site_id].people, now) for site_id in sites}


def _at(people: SitePeople, now: datetime) -> SitePeople:
    """The same people at another instant, which what they practised is judged by."""
    return replace(people, practice=replace(people.practice, now=now)) if people.practice else people


@lru_cache(maxsize=2)
def _facts_since(stamp: Stamp, mark: tuple[object, ...]) -> dict[int, _KeptFacts]:
    """Return what was read since this stamp; whoever asks for more fills it."""
    return {}


def _read_facts(
    sites: Mapping[int, SiteFacts], covered: Mapping[int, SiteCoverage], *, now: datetime
) -> dict[int, SitePeople]:
    if not sites:
        return {}
    coverages = {site_id: covered[site_id] for site_id in sites}
    called = on_call.standing_of(sites, coverages, now=now)
    practised = practice.practice_of(coverages, now=now)
    until = coverage.next_on_call(sites, now=now)
    grown = growth.growth_of(coverages, now=now)
    return {
        site_id: SitePeople(
            coverage=coverage,
            on_call=called.get(site_id),
            practice=practised.get(site_id),
            growth=grown.get(site_id),
            on_call_until=until.get(site_id),
        )
        for site_id, coverage in coverages.items()
    }


@dataclass(frozen=True, slots=True)
class _Kept:
    """The coverage of a site, which holds from `at` on until something of it runs out or begins."""

    site: SiteFacts
    at: datetime
    called: OnCall | None
    coverage: SiteCoverage

    def holds(self, site: SiteFacts, called: OnCall | None, now: datetime) -> bool:
        until = self.coverage.until
        is_in_time = self.at <= now and (until is None or now < until)
        return is_in_time and self.site == site and self.called == called


def kept_coverage_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SiteCoverage]:
    """Read anew only those sites where anything changed, or the clock moved past something."""
    if not sites:
        return {}
    kept = _kept_since(stamp_of(*COVERED_FROM))
    called = coverage.on_call_of(sites, now=now)
    changed = {
        site_id: site
        for site_id, site in sites.items()
        if (held := kept.get(site_id)) is None or not held.holds(site, called.get(site_id), now)
    }
    for site_id, of_site in coverage.coverage_of(changed, now=now, on_call=called).items():
        kept[site_id] = _Kept(sites[site_id], now, called.get(site_id), of_site)
    return {site_id: kept[site_id].coverage for site_id in sites}


@lru_cache(maxsize=2)
def _kept_since(stamp: Stamp) -> dict[int, _Kept]:
    """Return what was read since this stamp; whoever asks for more fills it."""
    return {}
