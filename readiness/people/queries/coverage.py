"""What sites require, and who covers it."""

from collections.abc import Mapping
from datetime import datetime

from inventory.queries import SiteFacts
from readiness.people.core.coverage import SiteCoverage


def coverage_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SiteCoverage]:
    return {}
