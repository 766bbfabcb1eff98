"""What was read of all sites for a placement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from readiness.evidence.circuits import CircuitLoads
from readiness.tradeoffs.core.factors import Rates, SiteFactors
from readiness.tradeoffs.placing.candidates import Standing


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """All sites but the retired by name, what scoring has of each by slug, and rates, as of `at`.

    `circuits` has the sites, by slug, whose circuits of racks are all metered.
    """

    at: datetime
    sites: tuple[SiteFactors, ...]
    standings: Mapping[str, Standing]
    rates: Rates
    framework: str
    circuits: Mapping[str, CircuitLoads] = field(default_factory=dict)
