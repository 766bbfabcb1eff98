"""Facts about the people of sites, for scoring at any instant; a fixed number of statements, however many sites."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from accounts.models import User
from inventory.models import CapacityEvent, DeviceType, Manufacturer, Site
from inventory.queries import SiteFacts
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.organisation.people import models
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.facts import SitePeople
from readiness.organisation.people.core.on_call import HOUR, full_hour
from readiness.organisation.people.queries import coverage, growth, on_call, practice
from readiness.organisation.people.queries.rotations import NEVER
from web.cached import CachedAnswer

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
        *(
            models.Rotation,
            models.RotationSite,
            models.Layer,
            models.LayerMember,
            CapacityEvent,
            models.Drill,
        ),
        *(models.Participant, models.Exercise, models.Procedure, models.AlertRule),
        *(models.SurveyQuestion, Site),
    ),
    rows=(models.Shift, models.RotationCalendar, models.SurveyAnswer),
    answers=(COVERAGE, growth.QUALIFIED),
)


def kept_coverage_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SiteCoverage]:
    if not sites:
        return {}
    called = coverage.people_on_call(sites, now=now)

    def read(changed: Collection[int]) -> dict[int, SiteCoverage]:
        return coverage.coverage_of({site_id: sites[site_id] for site_id in changed}, now=now, on_call=called)

    bases = {site_id: (site, called.get(site_id)) for site_id, site in sites.items()}
    return COVERAGE.values(bases, read, now=now, until=attrgetter("until"))


def people_facts(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePeople]:
    """Time on call is counted anew each hour."""
    covered = kept_coverage_of(sites, now=now)

    def read(changed: Collection[int]) -> dict[int, SitePeople]:
        coverages = {site_id: covered[site_id] for site_id in changed}
        until = coverage.next_on_call(changed, now=now)
        called = on_call.standing_of(coverages, now=now)
        practised = practice.practice_of(coverages, now=now)
        grown = growth.growth_of(coverages, now=now)
        return {
            site_id: SitePeople(
                coverage=of_site,
                on_call=called.get(site_id),
                practice=practised.get(site_id),
                growth=grown.get(site_id),
                on_call_until=until.get(site_id),
            )
            for site_id, of_site in coverages.items()
        }

    facts = _PEOPLE.values(
        covered, read, now=now, until=lambda people: min(full_hour(now) + HOUR, people.changes_at or NEVER)
    )
    return {site_id: _people_now(people, now) for site_id, people in facts.items()}


def _people_now(people: SitePeople, now: datetime) -> SitePeople:
    """The same people at another instant, which what they practised is judged by."""
    return replace(people, practice=replace(people.practice, now=now)) if people.practice else people
