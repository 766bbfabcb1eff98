"""Facts about the people of sites, for scoring at any instant; a fixed number of statements, however many sites."""

from collections.abc import Mapping
from datetime import datetime

from inventory.queries import SiteFacts
from readiness.people.core.facts import SitePeople
from readiness.people.queries import coverage, growth, on_call, practice


def people_facts(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePeople]:
    covered = coverage.coverage_of(sites, now=now)
    called = on_call.standing_of(sites, covered, now=now)
    practised = practice.practice_of(sites, now=now)
    grown = growth.growth_of(sites, now=now)
    return {
        site_id: SitePeople(
            coverage=covered.get(site_id),
            on_call=called.get(site_id),
            practice=practised.get(site_id),
            growth=grown.get(site_id),
        )
        for site_id in sites
    }
