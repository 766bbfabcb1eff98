"""Facts about the people of sites, for scoring at any instant; a fixed number of statements, however many sites."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from accounts.models import User
from inventory.models import DeviceType
from inventory.queries import SiteFacts
from readiness.people.core.coverage import SiteCoverage
from readiness.people.core.facts import SitePeople
from readiness.people.models import (
    CapabilityRule,
    Course,
    Membership,
    Person,
    Qualification,
    Skill,
    SkillExemption,
    Staffing,
    Team,
    Training,
)
from readiness.people.queries import coverage, growth, on_call, practice
from readiness.people.queries.coverage import OnCall
from readiness.workloads.models import Placement, WorkloadClass
from web.audit import stamp_of
from web.audit.stamps import Stamp

COVERED_FROM = (
    *(Person, User, Team, Membership, Staffing, Skill, Qualification, SkillExemption, CapabilityRule),
    *(Course, Training, DeviceType, WorkloadClass, Placement),
)
"""Coverage is read from these models and from shifts. They change seldom, and each site needs coverage every minute."""


def people_facts(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePeople]:
    covered = kept_coverage_of(sites, now=now)
    called = on_call.standing_of(sites, covered, now=now)
    practised = practice.practice_of(covered, now=now)
    until = coverage.next_on_call(sites, now=now)
    grown = growth.growth_of(covered, now=now)
    return {
        site_id: SitePeople(
            coverage=covered.get(site_id),
            on_call=called.get(site_id),
            practice=practised.get(site_id),
            growth=grown.get(site_id),
            on_call_until=until.get(site_id),
        )
        for site_id in sites
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
