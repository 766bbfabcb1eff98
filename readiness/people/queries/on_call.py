"""Who is on call at sites."""

from collections.abc import Mapping
from datetime import datetime

from inventory.queries import SiteFacts
from readiness.people.core.coverage import SiteCoverage
from readiness.people.core.on_call import OnCallStanding


def standing_of(
    sites: Mapping[int, SiteFacts], covered: Mapping[int, SiteCoverage], *, now: datetime
) -> dict[int, OnCallStanding]:
    return {}
