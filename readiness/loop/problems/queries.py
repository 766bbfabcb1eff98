"""Stored problems for lists: with what is at stake, who owns the site, and as of when they are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from readiness.assessment.scoring.queries.standing import owner_annotations, team_annotations
from readiness.demand.workloads.models import Placement
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.models import Problem, ProblemQuerySet

LAGS_AFTER = timedelta(seconds=60)
IN_CAUSE = ("cause_kind", "cause_key", "-is_cause", "rank", "title", "pk")
"""The order of a cause and its consequences."""
IN_ORDER = ("head_rank", "-kw", "site__name", "site_id", "head_title", *IN_CAUSE)
"""Causes worst first, then by capacity at stake, each followed by its consequences."""


def problems(*, now: datetime) -> ProblemQuerySet:
    """All problems, open and ended, with `kw`, `workloads`, and the owner of the site."""
    return _stored().annotate(**owner_annotations(now=now, site="site__"), workloads=_workloads(now))


def _stored() -> ProblemQuerySet:
    kw = Coalesce(F("site__problems_written__kw"), 0.0)
    return Problem.objects.select_related("site__region").annotate(kw=kw)


def _workloads(now: datetime) -> Coalesce:
    placed = Placement.objects.holding_on(now.date()).filter(site=OuterRef("site")).order_by().values("site")
    counted = placed.annotate(classes=Count("workload_class", distinct=True)).values("classes")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def open_problems(*, now: datetime) -> ProblemQuerySet:
    return problems(now=now).open().order_by(*IN_ORDER)


def open_without_owners() -> ProblemQuerySet:
    """Open problems with `kw` alone: what a page of headlines needs, planned in a third of the time."""
    return _stored().open().order_by(*IN_ORDER)


@dataclass(frozen=True, slots=True)
class ProblemTotal:
    """The number of causes in a state, and the capacity of their sites, each site counted once."""

    state: ProblemState
    causes: int
    kw: float


@dataclass(frozen=True, slots=True)
class ProblemTotals:
    """`by_state` holds the states that causes have, worst first."""

    by_state: Sequence[ProblemTotal]
    following: int
    kw_of_site: dict[tuple[ProblemState, int], float]

    @property
    def causes(self) -> int:
        return sum(each.causes for each in self.by_state)

    def causes_in(self, state: ProblemState) -> int:
        return next((each.causes for each in self.by_state if each.state is state), 0)

    def kw_in(self, *states: ProblemState) -> float:
        """The capacity of sites that have a cause in one of the states, each site counted once."""
        return sum(
            {site_id: kw for (state, site_id), kw in self.kw_of_site.items() if state in states}.values()
        )


def totals(listed: ProblemQuerySet) -> ProblemTotals:
    """One statement, with one row for each site and state."""
    every: QuerySet[Any] = listed.order_by()
    rows = every.values_list("state", "site_id", "kw", "is_cause").annotate(number=Count("pk"))
    causes: dict[ProblemState, int] = defaultdict(int)
    kw_of_site: dict[tuple[ProblemState, int], float] = {}
    following = 0
    for state, site_id, kw, is_cause, number in rows:
        if is_cause:
            causes[ProblemState(state)] += number
            kw_of_site[ProblemState(state), site_id] = kw
        else:
            following += number
    found = ProblemTotals([], following, kw_of_site)
    by_state = [
        ProblemTotal(state, causes[state], found.kw_in(state)) for state in ProblemState if state in causes
    ]
    return ProblemTotals(by_state, following, kw_of_site)


def late_sources(listed: ProblemQuerySet) -> ProblemQuerySet:
    return listed.causes().filter(kind=ProblemKind.SOURCE)


# The oldest claims are the first by id.
_AS_OF = """
SELECT min(at) FROM (
    (SELECT changed_at FROM inventory_sitechange ORDER BY id LIMIT 1)
    UNION ALL (SELECT claimed_at FROM problems_problemclaim ORDER BY id LIMIT 1)
    UNION ALL (SELECT min(changes_at) FROM problems_siteproblems)
) AS waiting (at) WHERE at < %s
"""


def lagging_since(*, now: datetime) -> datetime | None:
    """Since when changes wait to be looked at, if that is longer than it should be; None if the list is of now. One
    statement, about the sites that the reader sees."""
    with connection.cursor() as cursor:
        cursor.execute(_AS_OF, [now - LAGS_AFTER])
        [waiting_since] = cursor.fetchone()
    return waiting_since


def owners(*, now: datetime) -> list[str]:
    """The owners of sites with open problems, by name."""
    every: QuerySet[Any] = Problem.objects.open().annotate(**team_annotations(now=now, site="site__"))
    owned_problems = every.exclude(answering="").order_by("answering")
    return list(owned_problems.values_list("answering", flat=True).distinct())
