"""Sections of a home page: a few rows of each list, which its own page shows in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Window
from django.db.models.functions import Coalesce

from accounts.models import User
from readiness.assessment.grants.models import Grant
from readiness.assessment.grants.queries import ENDS_SOON
from readiness.assessment.scoring.core.gap import NOTHING, SiteCapacity
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.assessment.scoring.queries.standing import FleetStanding
from readiness.boards.alerts.carriers import not_taken
from readiness.boards.problems import queries as board_queries
from readiness.boards.problems.carrying import carried
from readiness.boards.problems.rows import ProblemRow, problem_rows
from readiness.golive.campaigns import operations as campaign_operations
from readiness.golive.campaigns import queries as campaigns
from readiness.golive.campaigns.queries import CampaignRow, ItemRow
from readiness.golive.models import Campaign, CampaignItem, Progress
from readiness.loop.problems import queries as problem_queries
from readiness.loop.problems.core.states import ProblemState
from readiness.organisation.ownership import gaps
from readiness.organisation.ownership.core.standing import Item, ItemStanding
from readiness.organisation.ownership.gaps import BoardSite
from readiness.organisation.ownership.queries import OwnershipCell
from readiness.organisation.ownership.tables import presence_words
from readiness.tradeoffs.models import Decision
from telemetry.models import SourceState, SourceStatus

SHOWN, SHOWN_OF_MANY = 5, 3
"""Rows of a section; fewer if the reader has several duties."""
LOOKED_AT = 200
"""Number of runs whose progress is computed, those due first: only the computation shows which are done."""


@dataclass(frozen=True, slots=True)
class Few[T]:
    """The first rows of a longer list, and its length."""

    rows: Sequence[T]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)

    def cut(self, length: int) -> Few[T]:
        return Few(self.rows[:length], self.total)


def few_of[T](rows: Sequence[T], length: int = SHOWN) -> Few[T]:
    return Few(rows[:length], len(rows))


def _few(ordered: QuerySet[Any]) -> Few[Any]:
    rows = list(ordered.annotate(of_all=Window(Count("pk")))[:SHOWN])
    return Few(rows, rows[0].of_all if rows else 0)


URGENT = (ProblemState.CRITICAL, ProblemState.SILENT)
SHOWN_PROBLEMS = 7


@dataclass(frozen=True, slots=True)
class HomeProblems:
    """`urgent` causes are critical or silent. `kw` is the capacity of their sites, each site counted once. `not_taken`
    is the number of problems whose alert nobody has acknowledged; None for readers who see no alerts."""

    few: Few[ProblemRow]
    critical: int
    silent: int
    kw: float
    late_sources: Few[ProblemRow]
    not_taken: int | None = None

    def cut(self, length: int) -> HomeProblems:
        return replace(self, few=self.few.cut(length + 2), late_sources=self.late_sources.cut(length))


def worst(*, sees_alerts: bool, now: datetime) -> HomeProblems:
    """Six statements for any number of problems."""
    listed = problem_queries.open_problems(now=now)
    totals, late = problem_queries.totals(listed), _few(problem_queries.late_sources(listed))
    rows = problem_rows(listed.causes()[:SHOWN_PROBLEMS], now=now)
    return HomeProblems(
        few=Few(carried(rows) if sees_alerts else rows, totals.causes),
        critical=totals.causes_in(ProblemState.CRITICAL),
        silent=totals.causes_in(ProblemState.SILENT),
        kw=totals.kw_in(*URGENT),
        late_sources=Few(problem_rows(late.rows, now=now), late.total),
        not_taken=listed.filter(not_taken()).count() if sees_alerts else None,
    )


def attention(*, now: datetime) -> Few[ProblemRow]:
    """The first causes, for readers who do not handle them."""
    return Few(*board_queries.attention(most=SHOWN, now=now))


def sources_on_time() -> tuple[int, int]:
    counted = SourceStatus.objects.exclude(state=SourceState.PAUSED).aggregate(
        on_time=Count("pk", filter=Q(state=SourceState.ON_TIME)), all=Count("pk")
    )
    return counted["on_time"], counted["all"]


def runs_due(by: User, *, now: datetime) -> Few[ItemRow]:
    """Runs of open campaigns that are assigned to this person or to nobody and not done yet; those due first."""
    theirs = Q(assignee=by) | Q(assignee=None, assigned_to="")
    items = (
        CampaignItem.objects.filter(theirs, campaign__state=Campaign.State.RUNNING, dropped_at=None)
        .select_related("campaign__site", "assignee")
        .order_by(Coalesce("due_on", "campaign__due_on"), "pk")
    )
    rows = campaigns.rows_of_items(list(items[:LOOKED_AT]), now=now).values()
    return few_of([row for row in rows if row.progress not in (Progress.DONE, Progress.NOT_APPLICABLE)])


def waivers_ending(fleet_standing: FleetStanding) -> Few[tuple[Grant, str]]:
    ending = Grant.objects.only_in_force(fleet_standing.at).filter(ends_at__lte=fleet_standing.at + ENDS_SOON)
    few = _few(ending.select_related("site").order_by("ends_at", "pk"))
    return Few(
        [(grant, check_name(fleet_standing.framework, grant.check_id)) for grant in few.rows], few.total
    )


def decisions_to_review() -> Few[Decision]:
    """Approved decisions whose outcome is not yet recorded; those due first."""
    waiting = Decision.objects.filter(state=Decision.State.APPROVED, reviewed_at=None).select_related("site")
    return _few(waiting.defer("options", "sensitivity", "snapshot", "demand").order_by("due_on", "pk"))


def open_campaigns(*, now: datetime) -> Few[CampaignRow]:
    few = _few(campaigns.campaigns().filter(state__in=campaign_operations.OPEN).order_by("due_on", "pk"))
    return Few(campaigns.rows(few.rows, now=now), few.total)


@dataclass(frozen=True, slots=True)
class OwnerStake:
    """The sites with deployed capacity that one team answers for; "" means no team.

    `held_kw` is the part of `kw` at sites that are not ready.
    """

    owner: str
    sites: int
    held_sites: int
    kw: float
    held_kw: float


def stake_by_owner(fleet_standing: FleetStanding) -> list[OwnerStake]:
    """Owners with capacity at stake, the largest first."""
    by_owner: dict[str, list[SiteCapacity]] = defaultdict(list)
    for site in fleet_standing.sites:
        if fleet_standing.capacity[site.ref.id].deployed != NOTHING:
            by_owner[site.ref.owner.strip()].append(fleet_standing.capacity[site.ref.id])
    stakes = [_stake(owner, several) for owner, several in by_owner.items()]
    return sorted(
        (stake for stake in stakes if stake.held_kw), key=lambda stake: (-stake.held_kw, stake.owner)
    )


def _stake(owner: str, sites: Sequence[SiteCapacity]) -> OwnerStake:
    held_sites = [site for site in sites if site.verdict is not Verdict.READY]
    return OwnerStake(
        owner=owner,
        sites=len(sites),
        held_sites=len(held_sites),
        kw=sum(site.deployed.it_kw for site in sites),
        held_kw=sum(site.deployed.it_kw for site in held_sites),
    )


NOBODY = (ItemStanding.UNOWNED, ItemStanding.UNANSWERED, ItemStanding.AWAY)


@dataclass(frozen=True, slots=True)
class UnownedSite:
    """A site with the items for which nobody answers: without an owner, or with one who cannot or is away alone."""

    site: BoardSite
    items: tuple[str, ...]

    @property
    def reasons(self) -> str:
        """Why owners do not answer, without names."""
        holders = [self.site.cells[Item(item)].current_or_coming for item in self.items]
        words = [presence_words(holder, names=False) for holder in holders if holder is not None]
        return "; ".join(dict.fromkeys(filter(None, words)))

    @property
    def cells(self) -> list[str]:
        return [f"{self.site.site.slug}.{item}" for item in self.items]


def _nobody_answers(cell: OwnershipCell) -> bool:
    return cell.standing in NOBODY or (cell.current is not None and cell.current.nobody_stands_in)


def unowned(*, now: datetime) -> tuple[Few[UnownedSite], int]:
    """Sites by capacity at stake, and the total number of such items."""
    sites = [
        UnownedSite(site, tuple(item.value for item, cell in site.cells.items() if _nobody_answers(cell)))
        for site in gaps.fleet(now=now).sites
    ]
    wanting = sorted(
        (site for site in sites if site.items), key=lambda site: (-site.site.kw, site.site.site.name)
    )
    return few_of(wanting), sum(len(site.items) for site in wanting)
