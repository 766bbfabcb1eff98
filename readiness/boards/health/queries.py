"""Health of the domains of a site at an instant, with reasons and figures."""

from dataclasses import dataclass
from datetime import datetime

from inventory.models import DomainChoices, Site
from readiness.assessment.scoring.core.states import HealthAt
from readiness.assessment.scoring.figures import FIGURES, DomainFigure, site_figure
from readiness.assessment.scoring.models import DomainHealth
from readiness.assessment.scoring.queries.rows import HealthMark, HealthReason, reason_of_stored
from readiness.assessment.scoring.reasons import mark_unknown
from web import watch

DOMAINS = tuple(DomainChoices.values)
UNWELL = ("critical", "warn", "unknown")


@dataclass(frozen=True, slots=True)
class DomainDetail:
    domain: str
    clock: str
    at: HealthAt
    reasons: tuple[HealthReason, ...]
    figures: tuple[DomainFigure, ...]

    @property
    def title(self) -> str:
        return str(DomainChoices(self.domain).label)

    @property
    def objects(self) -> int:
        return sum(self.at.objects_by_health.values())

    @property
    def unwell(self) -> int:
        """Number of objects that are critical, warn or unknown."""
        return sum(count for health, count in self.at.objects_by_health.items() if health in UNWELL)

    @property
    def is_unwell(self) -> bool:
        return self.at.health in UNWELL

    @property
    def mark(self) -> HealthMark:
        at = self.at
        return HealthMark(self.domain, at.health, self.clock, at.since, at.last_health, at.heard_at)


def domain_details(site: Site, *, now: datetime) -> tuple[DomainDetail, ...]:
    details, judged_at = [], watch.instant_reached(now)
    for row in sorted(DomainHealth.objects.filter(site=site), key=lambda row: DOMAINS.index(row.domain)):
        current = row.state_at(judged_at)
        kinds = [kind for kind in FIGURES if kind.domain == DomainChoices(row.domain)]
        figures = tuple(site_figure(kind, dict(current.figures)) for kind in kinds)
        details.append(DomainDetail(row.domain, row.clock, current, reasons_of(row, now=judged_at), figures))
    return tuple(details)


def reasons_of(row: DomainHealth, *, now: datetime) -> tuple[HealthReason, ...]:
    holds = row.state_at(now).health == row.health
    return tuple(reason_of_stored(stored if holds else mark_unknown(stored)) for stored in row.reasons)
