"""How free the fleet is to do otherwise: alternatives for critical workloads, tested fallbacks, vendor concentration.

Set against conformance, of which the figure is attested: keeping to one standard makes a fleet easier to run, and can
leave it no way out. The figures stand side by side; there is no one number, for nobody publishes what to weigh them by.

**Concentration** is the Herfindahl-Hirschman index, the sum of the squared shares in percent, up to 10,000 for one
vendor. Above 1,800 it is called high, from 1,000 on moderate (U.S. Department of Justice and Federal Trade Commission,
"Merger Guidelines", 2023, guideline 1, and the Department's note on the index); shares here are of accelerators owned.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

HIGH_HHI = 1_800
MODERATE_HHI = 1_000


class FallbackState(StrEnum):
    TESTED = "tested"
    TEST_OLD = "test-old"
    UNTESTED = "untested"
    NOT_FEASIBLE = "not-feasible"
    NONE = "none"


class FlexibilityLevel(StrEnum):
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Freedom:
    """One workload's alternatives: other feasible sites, and undecided sites that may turn out feasible."""

    runs_at: tuple[str, ...]
    alternatives: tuple[str, ...]
    undecided: tuple[str, ...]
    fallback: FallbackState

    @property
    def remaining(self) -> int:
        """Number of sites left if one of its sites is lost: its other sites and the alternatives."""
        return len(self.alternatives) + max(len(self.runs_at) - 1, 0)


@dataclass(frozen=True, slots=True)
class Concentration:
    """The index and its level, unknown if nothing is counted; `shares` are percents by vendor."""

    hhi: float | None
    level: FlexibilityLevel
    shares: Mapping[str, float]


def freedom(
    runs_at: Collection[str],
    feasible: Collection[str],
    undecided: Collection[str],
    *,
    has_fallback: bool,
    tested_on: date | None,
    on: date,
    tested_within: timedelta,
) -> Freedom:
    """How free a workload at these sites is; a test of its fallback counts for as long as `tested_within`."""
    # A site where it already runs is not a fallback.
    alternatives = sorted(set(feasible) - set(runs_at))
    fallback = FallbackState.NONE
    if has_fallback and not alternatives:
        fallback = FallbackState.NOT_FEASIBLE
    elif has_fallback and (tested_on is None or tested_on > on):
        fallback = FallbackState.UNTESTED
    elif has_fallback and tested_on is not None:
        fallback = FallbackState.TESTED if on - tested_on <= tested_within else FallbackState.TEST_OLD
    unclear = sorted(set(undecided) - set(runs_at))
    return Freedom(tuple(sorted(runs_at)), tuple(alternatives), tuple(unclear), fallback)


def concentration(units: Mapping[str, float]) -> Concentration:
    total = sum(units.values())
    if total <= 0:
        return Concentration(None, FlexibilityLevel.UNKNOWN, {})
    shares = {vendor: 100 * count / total for vendor, count in sorted(units.items()) if count > 0}
    hhi = sum(share**2 for share in shares.values())
    return Concentration(hhi, _level(hhi), shares)


def _level(hhi: float) -> FlexibilityLevel:
    if hhi > HIGH_HHI:
        return FlexibilityLevel.HIGH
    return FlexibilityLevel.MODERATE if hhi >= MODERATE_HHI else FlexibilityLevel.LOW
