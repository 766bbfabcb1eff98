"""The facts about all sites that a placement reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from readiness.evidence.queries import CircuitLoads
from readiness.tradeoffs.core.factors import Rates, SiteFactors


@dataclass(frozen=True, slots=True)
class StoredScore:
    """The score and verdict that scoring has stored of a site. Scores are from 0 to 1."""

    verdict: str
    score: float | None
    score_upper: float | None
    evaluated_at: datetime
    weakest: str = ""
    weakest_score: float | None = None

    @property
    def weakest_points(self) -> int | None:
        return None if self.weakest_score is None else round(self.weakest_score * 100)


@dataclass(frozen=True, slots=True, eq=False)
class FleetFacts:
    """All sites but the retired by name, what scoring has stored by slug, and rates, as of `at`.

    `circuits` has the sites, by slug, whose circuits of racks are all metered.
    """

    at: datetime
    sites: tuple[SiteFactors, ...]
    scores: Mapping[str, StoredScore]
    rates: Rates
    framework: str
    circuits: Mapping[str, CircuitLoads] = field(default_factory=dict)
