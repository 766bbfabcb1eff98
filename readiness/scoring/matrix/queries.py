"""The matrix: a queryset of sites to filter and sort, the rows of one page of it, and counts over all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, QuerySet, Subquery, Sum, When

from inventory.models import Site
from readiness.framework.core.definition import Check
from readiness.scoring.core.combine import WORST_FIRST
from readiness.scoring.core.gap import Capacity, Gap, SiteCapacity, gap_of
from readiness.scoring.core.states import CheckState, Verdict
from readiness.scoring.matrix.wanted import Wanted
from readiness.scoring.models import CheckResult
from readiness.scoring.queries import sites as site_queries
from readiness.scoring.queries.rows import SiteRef, ref_of
from readiness.scoring.queries.standing import score_of, standing_of


class Cell(NamedTuple):
    """One check at one site, as much of it as the matrix shows."""

    state: str
    since: datetime
    value: float | None
    unit: str
    threshold_text: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """`gap_kw` is what is deployed while the site is not ready. A check that was never evaluated has no cell."""

    site: SiteRef
    verdict: str
    verdict_since: datetime | None
    first_blocker: str
    deciding: tuple[str, ...]
    deployed: Capacity
    gap_kw: float
    score: float | None
    upper: float | None
    coverage: float | None
    evaluated_at: datetime | None
    framework_version: str
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class CheckCount:
    """Sites by state of one check; `matching` have a cell as the address asks for."""

    states: dict[str, int] = field(default_factory=dict)
    matching: int = 0

    @property
    def applicable(self) -> int:
        return sum(self.states.values()) - self.states.get(CheckState.NOT_APPLICABLE, 0)

    @property
    def pass_rate(self) -> float | None:
        """Share of the sites that the check concerns, 0 to 1."""
        return self.states.get(CheckState.PASS, 0) / self.applicable if self.applicable else None


@dataclass(frozen=True, slots=True)
class Extent:
    """Over the sites that the filters leave. `gap_kw` by the days of UTC, as the order by gap is."""

    sites: int
    gap_kw: float
    evaluated_at: datetime | None


def table(*, now: datetime, by_check: str = "") -> QuerySet[Site]:
    """Sites that are not retired, with `gap_kw` to order by and, `by_check`, how bad that check is."""
    sites = site_queries.table(now=now).exclude(stage=Site.Stage.RETIRED)
    sites = sites.annotate(
        gap_kw=F("deployed_kw") - F("ready_kw"), judged_by=F("score__framework_version__version")
    )
    if by_check:
        result = CheckResult.objects.filter(site=OuterRef("pk"), check_id=by_check)
        sites = sites.annotate(state_order=Subquery(result.values(order=_severity())[:1]))
    return sites


def _severity() -> Case:
    places = [When(state=state, then=place) for place, state in enumerate(WORST_FIRST)]
    return Case(*places, default=len(places), output_field=IntegerField())


def rows(sites: Iterable[Site], check_ids: Collection[str], *, now: datetime) -> list[MatrixRow]:
    """The rows of these sites, in their order, with these checks; three statements, however many sites.

    Sites that come from `table()` bring their region and score along.
    """
    known = standing_of(sites, now=now)
    cells: dict[int, dict[str, Cell]] = defaultdict(dict)
    results = CheckResult.objects.filter(site__in=known.sites, check_id__in=check_ids).order_by()
    for site_id, check_id, *shown in results.values_list("site_id", "check_id", *Cell._fields):
        cells[site_id][check_id] = Cell(*shown)
    return [_row(site, known.capacity[site.pk].deployed, cells[site.pk]) for site in known.sites]


def _row(site: Site, deployed: Capacity, cells: dict[str, Cell]) -> MatrixRow:
    score = score_of(site)
    verdict = score.verdict if score else ""
    return MatrixRow(
        site=ref_of(site),
        verdict=verdict,
        verdict_since=score.verdict_since if score else None,
        first_blocker=score.first_blocker if score else "",
        deciding=tuple(score.deciding) if score else (),
        deployed=deployed,
        gap_kw=0.0 if verdict == Verdict.READY else deployed.it_kw,
        score=score.score if score else None,
        upper=score.score_upper if score else None,
        coverage=score.coverage if score else None,
        evaluated_at=score.evaluated_at if score else None,
        framework_version=getattr(site, "judged_by", None) or "",
        cells=cells,
    )


def counts(
    sites: QuerySet[Site], checks: Sequence[Check], wanted: Wanted, *, now: datetime
) -> dict[str, CheckCount]:
    """By check id, over all of these sites and not only a page of them; one statement."""
    results = CheckResult.objects.filter(
        site__in=sites.order_by().values("pk"), check_id__in=[check.id for check in checks]
    )
    states: dict[str, dict[str, int]] = {check.id: {} for check in checks}
    matching = dict.fromkeys(states, 0)
    counted = results.order_by().values_list("check_id", "state")
    # Without a condition every row matches, and PostgreSQL counts rows faster than it tests them.
    matches = Count("pk", filter=wanted.cells(now=now)) if wanted.picks_cells else Count("pk")
    for check_id, state, total, there in counted.annotate(total=Count("pk"), there=matches):
        states[check_id][state] = total
        matching[check_id] += there
    return {check_id: CheckCount(states[check_id], matching[check_id]) for check_id in states}


def extent(sites: QuerySet[Site]) -> Extent:
    """One statement."""
    found = sites.order_by().aggregate(there=Count("pk"), gap=Sum("gap_kw"), at=Max("score__evaluated_at"))
    return Extent(found["there"], found["gap"] or 0.0, found["at"])


def regions(sites: QuerySet[Site]) -> dict[str, Extent]:
    """The same by region; one statement."""
    found = sites.order_by().values("region__name")
    counted = found.annotate(there=Count("pk"), gap=Sum("gap_kw"), at=Max("score__evaluated_at")).values_list(
        "region__name", "there", "gap", "at"
    )
    return {name: Extent(there, gap or 0.0, at) for name, there, gap, at in counted}


def every_site() -> int:
    """How many there are without any filter; one statement."""
    return Site.objects.exclude(stage=Site.Stage.RETIRED).count()


def gap(found: Iterable[MatrixRow], *, now: datetime) -> Gap:
    """Of these rows alone."""
    return gap_of(
        [
            SiteCapacity(row.site.slug, row.deployed, Verdict(row.verdict) if row.verdict else None)
            for row in found
        ],
        at=now,
    )
