"""The part of the matrix that the filters select: columns by pillar and gate, cells by state, tier and expiry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.http import QueryDict

from inventory.models import Site
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.core.combine import WORST_FIRST
from readiness.assessment.scoring.core.gap import CapacityFigures, Gap, SiteCapacity, gap_of
from readiness.assessment.scoring.core.states import CheckState, Verdict
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.queries.rows import SiteRef, ref_of
from readiness.assessment.scoring.queries.standing import present_capacity, score_of
from readiness.boards.sites import queries as sites_queries

EXPIRES_SOON = timedelta(days=14)
TRUE = {"true", "1"}


@dataclass(frozen=True, slots=True)
class CellFilters:
    """Empty means any. With states, tiers or expiry, only sites and checks with such a cell are shown."""

    pillars: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    expiring: bool = False

    @classmethod
    def read(cls, data: QueryDict) -> CellFilters:
        return cls(
            pillars=frozenset(filter(None, data.getlist("pillar"))),
            gates=frozenset(filter(None, data.getlist("gate"))),
            states=frozenset(filter(None, data.getlist("state"))),
            tiers=frozenset(filter(None, data.getlist("tier"))),
            expiring=data.get("expiring", "").lower() in TRUE,
        )

    @property
    def picks_cells(self) -> bool:
        return bool(self.states) or self.picks_by_row

    @property
    def picks_by_row(self) -> bool:
        return bool(self.tiers) or self.expiring

    def checks(self, every: Iterable[Check]) -> tuple[Check, ...]:
        """Checks of the pillars and gates. The gate is the definition's; the gate at a site may differ."""
        return tuple(
            check
            for check in every
            if (not self.pillars or check.pillar in self.pillars)
            and (not self.gates or check.gate in self.gates)
        )

    def cells(self, *, now: datetime) -> Q:
        condition = Q(state__in=self.states) if self.states else Q()
        if self.tiers:
            condition &= Q(tier__in=self.tiers)
        if self.expiring:
            condition &= Q(expires_at__gt=now, expires_at__lte=now + EXPIRES_SOON)
        return condition


class CheckCell(NamedTuple):
    state: str
    since: datetime
    value: float | None
    unit: str
    threshold_text: str
    expires_at: datetime | None
    tier: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """`stored` is empty for a site that was never evaluated. A check that was never evaluated has no cell."""

    site: SiteRef
    stored: SiteScore
    deployed: CapacityFigures
    framework_version: str
    cells: dict[str, CheckCell]

    @property
    def verdict(self) -> str:
        return self.stored.confirmed_verdict

    @property
    def gap_kw(self) -> float:
        return 0.0 if self.verdict == Verdict.READY else self.deployed.it_kw


@dataclass(frozen=True, slots=True)
class CheckCount:
    """Sites by state of one check; `matching` counts the sites whose cell matches the filters."""

    states: dict[str, int] = field(default_factory=dict)
    matching: int = 0

    @property
    def applicable(self) -> int:
        return sum(self.states.values()) - self.states.get(CheckState.NOT_APPLICABLE, 0)

    @property
    def pass_rate(self) -> float | None:
        """Share of passing sites among those that the check applies to; None if no site is judged."""
        judged = self.applicable - self.states.get(CheckState.UNKNOWN, 0)
        return self.states.get(CheckState.PASS, 0) / self.applicable if judged else None


@dataclass(frozen=True, slots=True)
class Extent:
    sites: int
    gap_kw: float
    evaluated_at: datetime | None


def table(*, now: datetime, by_check: str = "") -> QuerySet[Site]:
    sites = sites_queries.table(now=now).exclude(stage=Site.Stage.RETIRED)
    sites = sites.annotate(gap_kw=F("deployed_kw") - F("ready_kw"))
    if by_check:
        result = CheckResult.objects.filter(site=OuterRef("pk"), check_id=by_check)
        sites = sites.annotate(state_order=Subquery(result.values(order=_severity())[:1]))
    return sites


def _severity() -> Case:
    places = [When(state=state, then=place) for place, state in enumerate(WORST_FIRST)]
    return Case(*places, default=len(places), output_field=IntegerField())


def rows(sites: Iterable[Site], check_ids: Collection[str], *, now: datetime) -> list[MatrixRow]:
    """The rows of these sites, in their order, with these checks; five statements, however many sites."""
    page_sites = list(sites)
    capacity = present_capacity(page_sites, now=now)
    cells: dict[int, dict[str, CheckCell]] = defaultdict(dict)
    results = CheckResult.objects.filter(site__in=page_sites, check_id__in=check_ids).order_by()
    for row in results.values_list("site_id", "check_id", *CheckCell._fields):
        cells[row[0]][row[1]] = CheckCell._make(row[2:])
    versions = dict(FrameworkVersion.objects.order_by().values_list("pk", "version"))
    matrix_rows = []
    for site in page_sites:
        stored = score_of(site) or SiteScore()
        version = versions.get(stored.framework_version_id, "")
        matrix_rows.append(
            MatrixRow(ref_of(site), stored, capacity[site.pk].deployed, version, cells[site.pk])
        )
    return matrix_rows


@dataclass(frozen=True, slots=True)
class Left:
    """Totals of the sites that match the filters, also by region. `gap_kw` counts as the rows do."""

    ids: tuple[int, ...]
    extent: Extent
    regions: dict[str, Extent]


def left(sites: QuerySet[Site]) -> Left:
    """One statement. It counts by site ids, because PostgreSQL plans nested filters badly."""
    members: dict[str, list[tuple[float, datetime | None]]] = defaultdict(list)
    ids = []
    values = sites.order_by().values_list("pk", "region__name", "gap_kw", "score__evaluated_at")  # type: ignore[misc]
    for site_id, region, gap_kw, evaluated_at in values:
        ids.append(site_id)
        members[region].append((gap_kw, evaluated_at))
    every = [member for several in members.values() for member in several]
    return Left(tuple(ids), _extent(every), {region: _extent(several) for region, several in members.items()})


def _extent(members: Sequence[tuple[float, datetime | None]]) -> Extent:
    return Extent(
        sites=len(members),
        gap_kw=sum(gap_kw for gap_kw, _ in members),
        evaluated_at=max((at for _, at in members if at), default=None),
    )


def counts(
    site_ids: Collection[int], checks: Sequence[Check], filters: CellFilters, *, now: datetime
) -> dict[str, CheckCount]:
    """One statement, which an index answers; one more for a filter by tier or expiry, which reads matching rows."""
    results = CheckResult.objects.filter(site__in=site_ids).order_by()
    states: dict[str, dict[str, int]] = {check.id: {} for check in checks}
    for check_id, state, total in results.values_list("check_id", "state").annotate(total=Count("*")):
        if check_id in states:
            states[check_id][state] = total
    if filters.picks_by_row:
        matching_results = results.filter(filters.cells(now=now))
        matching = dict(matching_results.values_list("check_id").annotate(total=Count("*")))
    else:
        matching = {
            check_id: sum(of_check.get(state, 0) for state in filters.states)
            for check_id, of_check in states.items()
        }
    return {
        check_id: CheckCount(of_check, matching.get(check_id, 0)) for check_id, of_check in states.items()
    }


def every_site() -> int:
    return Site.objects.exclude(stage=Site.Stage.RETIRED).count()


def gap(matrix_rows: Iterable[MatrixRow], *, now: datetime) -> Gap:
    verdicts = [(row, Verdict(row.verdict) if row.verdict else None) for row in matrix_rows]
    return gap_of([SiteCapacity(row.site.slug, row.deployed, verdict) for row, verdict in verdicts], at=now)
