"""The question about the gap: its grouping, its measure, its sites."""

from dataclasses import dataclass

from readiness.scoring.core.closing import ClosingTarget
from readiness.scoring.core.gap import CapacityMeasure

FIRST_BLOCKER, PILLAR, REGION, KIND, SITE = "first-blocker", "pillar", "region", "kind", "site"
POINTS, GROUPS, CHECKS = 120, 6, 10


@dataclass(frozen=True, slots=True)
class Question:
    """`by` "" asks for no groups. `regions`, `kinds`, `profiles` empty: of all. `checks` is how many are resolved."""

    measure: CapacityMeasure = CapacityMeasure.POWER
    by: str = ""
    target: ClosingTarget = ClosingTarget.CONDITIONAL
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    points: int = POINTS
    groups: int = GROUPS
    checks: int = CHECKS

    @property
    def of_all_sites(self) -> bool:
        return not (self.regions or self.kinds or self.profiles)

    @property
    def by_blocker(self) -> bool:
        return self.by in (FIRST_BLOCKER, PILLAR)
