"""How many qualified people sites had, and have."""

from collections.abc import Mapping
from datetime import datetime

from inventory.queries import SiteFacts
from readiness.people.core.growth import QualifiedGrowth


def growth_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, QualifiedGrowth]:
    return {}
