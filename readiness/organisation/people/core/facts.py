"""Records about the people who run a site; each part is None where nobody recorded anything of its kind."""

from dataclasses import dataclass, replace
from datetime import datetime

from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.growth import QualifiedGrowth
from readiness.organisation.people.core.on_call import OnCallStanding
from readiness.organisation.people.core.practice import SitePractice


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePeople:
    """`on_call_until` is the next instant at which others are on call, 30 days back and ahead."""

    coverage: SiteCoverage | None = None
    on_call: OnCallStanding | None = None
    practice: SitePractice | None = None
    growth: QualifiedGrowth | None = None
    on_call_until: datetime | None = None

    @property
    def changes_at(self) -> datetime | None:
        """The next instant at which anything of it runs out or begins."""
        parts = (self.coverage, self.on_call, self.practice, self.growth)
        due = (self.on_call_until, *(getattr(part, "until", None) for part in parts))
        return min((until for until in due if until is not None), default=None)

    def judged_at(self, now: datetime) -> "SitePeople":
        """The same people at another instant, which what they practised is judged by."""
        return replace(self, practice=replace(self.practice, now=now)) if self.practice else self


NOBODY_RECORDED = SitePeople()
