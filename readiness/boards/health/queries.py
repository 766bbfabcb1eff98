"""Health of the domains of a site at an instant, with reasons and figures."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from inventory.models import DomainChoices, Site
from readiness.assessment.scoring.core.states import HealthAt, ReasonStanding
from readiness.assessment.scoring.figures import FIGURES, DomainFigure, site_figure
from readiness.assessment.scoring.models import DomainHealth, HealthReason
from readiness.assessment.scoring.queries.rows import (
    HealthMark,
    ReasonRow,
    copied,
    reason_of_stored,
)
from readiness.assessment.scoring.reasons import mark_last_known
from web import watch

DOMAINS = tuple(DomainChoices.values)
UNWELL = ("critical", "warn", "unknown")


@dataclass(frozen=True, slots=True)
class DomainDetail:
    """`reasons` are the worst few. A domain that `is_blind` was evaluated before all of it fell silent."""

    domain: str
    clock: str
    at: HealthAt
    reasons: tuple[ReasonRow, ...]
    figures: tuple[DomainFigure, ...]
    is_blind: bool = False

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
        return HealthMark(
            self.domain, at.health, self.clock, at.since, at.last_health, at.heard_at, at.is_last_known
        )


def domain_details(site: Site, *, now: datetime) -> tuple[DomainDetail, ...]:
    details, judged_at = [], watch.instant_reached(now)
    for row in sorted(DomainHealth.objects.filter(site=site), key=lambda row: DOMAINS.index(row.domain)):
        current = row.state_at(judged_at)
        kinds = [kind for kind in FIGURES if kind.domain == DomainChoices(row.domain)]
        figures = tuple(site_figure(kind, dict(current.figures)) for kind in kinds)
        reasons = reasons_of(row, now=judged_at)
        details.append(
            DomainDetail(row.domain, row.clock, current, reasons, figures, row.is_blind_at(judged_at))
        )
    return tuple(details)


def reasons_of(row: DomainHealth, *, now: datetime) -> tuple[ReasonRow, ...]:
    """The worst few reasons of a domain; `open_reasons` has all."""
    is_blind = row.is_blind_at(now)
    return tuple(reason_of_stored(mark_last_known(stored) if is_blind else stored) for stored in row.reasons)


def open_reasons(site: Site, domain: str) -> QuerySet[HealthReason]:
    return HealthReason.objects.counting().filter(site=site, domain=domain)


def reason_row(reason: HealthReason, *, is_blind: bool = False) -> ReasonRow:
    row = copied(ReasonRow, reason)
    if is_blind and row.metric:
        return replace(row, is_last_known=True, standing=ReasonStanding.SILENT.value)
    return row
