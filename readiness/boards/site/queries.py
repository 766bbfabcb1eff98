"""One site for its page: checks by pillar, sources, flips and inventory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, Func, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from inventory.models import Accelerator, CoolingUnit, Device, Link, Port, PowerFeed, Rack, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.models import CheckResult, Flip
from readiness.assessment.scoring.queries.results import check_row
from readiness.assessment.scoring.queries.rows import CheckRow, FlipRow, PillarFigure, flip_row
from readiness.assessment.scoring.queries.standing import present_capacity
from readiness.boards.health.queries import DomainDetail, domain_details
from readiness.boards.sites.queries import SiteRow, site_row
from telemetry.models import Series, Source, SourceState

SUBJECTS = ("check", "verdict", "health")
RECENT_FLIPS, MOST_FLIPS = 6, 200


@dataclass(frozen=True, slots=True)
class PillarChecks:
    pillar: PillarFigure
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class SitePage:
    """`deciding` are the checks that hold the verdict, `counts` checks by state."""

    framework: Framework
    row: SiteRow
    checks: tuple[PillarChecks, ...]
    counts: dict[str, int]
    deciding: tuple[CheckRow, ...]
    domains: tuple[DomainDetail, ...]

    @property
    def results(self) -> list[CheckRow]:
        return [check for pillar in self.checks for check in pillar.checks]

    @property
    def unwell(self) -> list[DomainDetail]:
        return [detail for detail in self.domains if detail.is_unwell]


def site_page(site: Site, *, now: datetime) -> SitePage:
    """Five statements. The site needs its region and score joined in, or they cost two more."""
    _version, framework = framework_queries.current()
    domains = domain_details(site, now=now)
    capacity = present_capacity([site], now=now)[site.pk]
    row = site_row(site, framework, capacity, now, health=tuple(detail.mark for detail in domains), weeks=())
    results = {
        result.check_id: check_row(result, framework, now=now)
        for result in CheckResult.objects.filter(site=site)
    }
    return SitePage(
        framework=framework,
        row=row,
        checks=_group_by_pillar(framework, row.pillars, results),
        counts=dict(Counter(result.state for result in results.values())),
        deciding=tuple(results[check_id] for check_id in row.stored.deciding or () if check_id in results),
        domains=domains,
    )


def _group_by_pillar(
    framework: Framework, pillars: Sequence[PillarFigure], results: dict[str, CheckRow]
) -> tuple[PillarChecks, ...]:
    return tuple(
        PillarChecks(
            pillar,
            tuple(results[check.id] for check in framework.checks_of(pillar.id) if check.id in results),
        )
        for pillar in pillars
    )


def sources(site: Site) -> list[Source]:
    """The site's own sources, and those that name the site by a label and have sent data for it."""
    labelled_series = Series.objects.filter(source=OuterRef("pk"), site=site)
    rows = Source.objects.filter(Q(site=site) | (Q(site__isnull=True) & Q(Exists(labelled_series))))
    waiting = Value(SourceState.WAITING.value)
    return list(
        rows.annotate(
            state=Coalesce("status__state", waiting), last_sample_at=F("status__last_sample_at")
        ).order_by("name")
    )


def recent_flips(site: Site, framework: Framework) -> tuple[FlipRow, ...]:
    recent = Flip.objects.filter(site=site, subject__in=SUBJECTS).select_related("site")
    return tuple(flip_row(flip, framework) for flip in recent[:RECENT_FLIPS])


def flips(site: Site, *, start: datetime, end: datetime) -> tuple[FlipRow, ...]:
    _, framework = framework_queries.current()
    rows = Flip.objects.filter(site=site, at__gte=start, at__lte=end, subject__in=SUBJECTS)
    return tuple(flip_row(flip, framework) for flip in rows.select_related("site")[:MOST_FLIPS])


# The paths from rows to their site.
KINDS: tuple[tuple[type[Model], str], ...] = (
    *((Rack, "site"), (Device, "site"), (Accelerator, "device__site"), (Port, "device__site")),
    *((Link, "site_a"), (PowerFeed, "site"), (CoolingUnit, "site")),
)


def inventory_counts(site: Site) -> tuple[tuple[type[Model], int], ...]:
    counts = Site.objects.filter(pk=site.pk).values_list(*(_count(model, path) for model, path in KINDS))
    [row] = counts
    return tuple((model, count) for (model, _path), count in zip(KINDS, row, strict=True))


def _count(model: type[Model], path: str) -> Subquery:
    rows: QuerySet = model._default_manager.filter(**{path: OuterRef("pk")}).order_by()
    counted = rows.annotate(all=Func(F("pk"), function="COUNT", output_field=IntegerField())).values("all")
    return Subquery(counted, output_field=IntegerField())
