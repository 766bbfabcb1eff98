"""What was written down, practised and answered at sites."""

from collections.abc import Mapping
from datetime import datetime

from inventory.queries import SiteFacts
from readiness.people.core.practice import SitePractice


def practice_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePractice]:
    return {}
