"""What is recorded of the people who run a site; each part is None where nobody recorded anything of its kind."""

from dataclasses import dataclass

from readiness.people.core.coverage import SiteCoverage
from readiness.people.core.growth import QualifiedGrowth
from readiness.people.core.on_call import OnCallStanding
from readiness.people.core.practice import SitePractice


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePeople:
    coverage: SiteCoverage | None = None
    on_call: OnCallStanding | None = None
    practice: SitePractice | None = None
    growth: QualifiedGrowth | None = None


NOBODY_RECORDED = SitePeople()
