"""One site's page: its verdict and why, every check, health by domain, sources and what changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from inventory.models import (
    Accelerator,
    CoolingUnit,
    Device,
    DomainChoices,
    Link,
    Port,
    PowerFeed,
    Rack,
    Site,
)
from readiness.boards.queries.sites import DOMAINS, rows
from readiness.framework import queries as framework_queries
from readiness.framework.core.definition import Framework
from readiness.scoring.core.silence import HealthAt
from readiness.scoring.figures import FIGURES, of_site
from readiness.scoring.models import CheckResult, DomainHealth, Flip
from readiness.scoring.queries.results import check_row
from readiness.scoring.queries.rows import (
    CheckRow,
    DomainFigure,
    FlipRow,
    HealthReason,
    PillarFigure,
    SiteRow,
    flip_row,
)
from readiness.scoring.reasons import as_it_was
from telemetry.models import Series, Source, SourceState

SUBJECTS = ("check", "verdict", "health")
RECENT_FLIPS, MOST_FLIPS = 20, 200


@dataclass(frozen=True, slots=True)
class PillarChecks:
    pillar: PillarFigure
    checks: tuple[CheckRow, ...]


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


@dataclass(frozen=True, slots=True)
class SitePage:
    """`deciding` are the checks that hold the verdict, `counts` checks by state."""

    row: SiteRow
    checks: tuple[PillarChecks, ...]
    counts: dict[str, int]
    deciding: tuple[CheckRow, ...]
    domains: tuple[DomainDetail, ...]
    sources: list[Source]
    flips: tuple[FlipRow, ...]


def site_page(site: Site, *, now: datetime) -> SitePage:
    """Ten statements. Give a site with its region and score joined in, or they cost two more."""
    _version, framework = framework_queries.current()
    [row] = rows([site], now=now)
    results = {
        result.check_id: check_row(result, framework, now=now)
        for result in CheckResult.objects.filter(site=site)
    }
    score = getattr(site, "score", None)
    deciding = score.deciding if score else []
    return SitePage(
        row=row,
        checks=_by_pillar(framework, row.pillars, results),
        counts=dict(Counter(result.state for result in results.values())),
        deciding=tuple(results[check_id] for check_id in deciding if check_id in results),
        domains=domain_details(site, now=now),
        sources=sources(site),
        flips=_recent_flips(site, framework),
    )


def _by_pillar(
    framework: Framework, pillars: Sequence[PillarFigure], results: dict[str, CheckRow]
) -> tuple[PillarChecks, ...]:
    return tuple(
        PillarChecks(
            pillar,
            tuple(results[check.id] for check in framework.checks_of(pillar.id) if check.id in results),
        )
        for pillar in pillars
    )


def domain_details(site: Site, *, now: datetime) -> tuple[DomainDetail, ...]:
    details = []
    for row in sorted(DomainHealth.objects.filter(site=site), key=lambda row: DOMAINS.index(row.domain)):
        current = row.at(now)
        kinds = [kind for kind in FIGURES if kind.domain == DomainChoices(row.domain)]
        figures = tuple(of_site(kind, dict(current.figures)) for kind in kinds)
        details.append(DomainDetail(row.domain, row.clock, current, reasons_of(row, now=now), figures))
    return tuple(details)


def reasons_of(row: DomainHealth, *, now: datetime) -> tuple[HealthReason, ...]:
    holds = row.at(now).health == row.health
    return tuple(_reason(stored if holds else as_it_was(stored)) for stored in row.reasons)


def _reason(stored: Mapping[str, Any]) -> HealthReason:
    at = stored.get("taken_at")
    known: dict[str, Any] = dict.fromkeys(("metric", "title", "unit", "direction", "source", "was"), "")
    known |= {"value": None, "threshold": None} | stored
    known["taken_at"] = datetime.fromisoformat(at) if at else None
    return HealthReason(**{name: known[name] for name in HealthReason.__slots__})


def sources(site: Site) -> list[Source]:
    """The site's own sources, and those that name it by a label and have sent something for it."""
    named = Series.objects.filter(source=OuterRef("pk"), site=site)
    rows = Source.objects.filter(Q(site=site) | (Q(site__isnull=True) & Q(Exists(named))))
    waiting = Value(SourceState.WAITING.value)
    return list(
        rows.annotate(
            state=Coalesce("status__state", waiting), last_sample_at=F("status__last_sample_at")
        ).order_by("name")
    )


def _recent_flips(site: Site, framework: Framework) -> tuple[FlipRow, ...]:
    recent = Flip.objects.filter(site=site, subject__in=SUBJECTS).select_related("site")
    return tuple(flip_row(flip, framework) for flip in recent[:RECENT_FLIPS])


def flips(site: Site, *, start: datetime, end: datetime) -> tuple[FlipRow, ...]:
    _, framework = framework_queries.current()
    rows = Flip.objects.filter(site=site, at__gte=start, at__lte=end, subject__in=SUBJECTS)
    return tuple(flip_row(flip, framework) for flip in rows.select_related("site")[:MOST_FLIPS])


# Noun of the list page, and how its rows lead to a site.
KINDS: tuple[tuple[str, type, str], ...] = (
    ("rack", Rack, "site"),
    ("device", Device, "site"),
    ("accelerator", Accelerator, "device__site"),
    ("port", Port, "device__site"),
    ("link", Link, "site_a"),
    ("power-feed", PowerFeed, "site"),
    ("cooling-unit", CoolingUnit, "site"),
)


def inventory_counts(site: Site) -> tuple[tuple[str, int], ...]:
    counts = Site.objects.filter(pk=site.pk).values_list(
        *(_count(model, path) for _noun, model, path in KINDS)
    )
    [row] = counts
    return tuple((noun, count) for (noun, _model, _path), count in zip(KINDS, row, strict=True))


def _count(model: type, path: str) -> Subquery:
    rows: QuerySet = model.objects.filter(**{path: OuterRef("pk")}).order_by()
    counted = rows.annotate(all=Func(F("pk"), function="COUNT", output_field=IntegerField())).values("all")
    return Subquery(counted, output_field=IntegerField())
