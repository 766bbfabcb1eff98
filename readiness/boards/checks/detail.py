"""The page of a check at a site beside its result: who answers, what to do, the proof, and what is at stake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.queries.rows import PartRow, ref_of
from readiness.assessment.scoring.queries.standing import present_capacity, score_of
from readiness.boards.alerts.handling import ProblemAlert, alert_of_problem
from readiness.boards.checks.blockers import Blocker, blockers
from readiness.boards.checks.proof import ProofRows, proof_rows
from readiness.boards.checks.queries import SiteCheck, deciding_part
from readiness.loop.problems import responders
from readiness.loop.problems.advice import Advice, advice_for
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.models import Problem
from readiness.loop.problems.responders import DomainDuty, ItemOwner
from readiness.organisation.ownership.queries import SiteCells
from web.drawing import bar_width
from web.visibility import sees_names

ROOM = 1.15
"""Space beyond the larger of figure and limit."""


@dataclass(frozen=True, slots=True)
class Bullet:
    """A figure against its limit, in percent of a bar that begins at 0; `band` is what lies between them."""

    width: float
    limit: float
    band_start: float
    band: float


def bullet(value: float | None, limit: float | None, margin: float | None) -> Bullet | None:
    """None for what has no length: no figure, no single limit, or a figure below 0."""
    if value is None or limit is None or margin is None or min(value, limit) < 0 or max(value, limit) <= 0:
        return None
    most = ROOM * max(value, limit)
    ends = sorted((bar_width(value, of=most), bar_width(limit, of=most)))
    missing = round(ends[1] - ends[0], 2) if margin < 0 else 0.0
    return Bullet(bar_width(value, of=most), bar_width(limit, of=most), ends[0], missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCheckDetail:
    """`held_kw` is what is deployed here while this check keeps the site from being ready. `blocker` is the planned
    work, None where the check holds nothing. `doubtful` are problems of measurements that it rests on. `owner` and
    `alert` are None where the reader may not see them."""

    deciding: PartRow | None
    bullet: Bullet | None
    held_kw: float
    blocker: Blocker | None
    problem: Problem | None
    doubtful: Sequence[Problem]
    duties: Sequence[DomainDuty]
    sees_duties: bool
    owner: ItemOwner | None
    alert: ProblemAlert | None
    advice: Advice | None
    proofs: ProofRows


def site_check_detail(
    site: Site, site_check: SiteCheck, cells: SiteCells, *, user: Any, back: str, now: datetime
) -> SiteCheckDetail:
    check, result = site_check.check, site_check.result
    _version, framework = framework_queries.current()
    metrics = sorted({metric for part in check.parts for metric in part.metrics})
    of_check = Q(kind=ProblemKind.CHECK, key=check.id)
    of_metrics = Q(kind=ProblemKind.MEASUREMENT, metrics__overlap=metrics)
    problems = list(Problem.objects.open().filter(of_check | of_metrics, site=site).order_by("since", "pk"))
    problem = next((each for each in problems if each.kind == ProblemKind.CHECK), None)
    part = deciding_part(result) if result else None
    steps = blockers(site, [result] if result else [], cells, framework, names=sees_names(user), now=now)
    sees_duties, sees_owners = user.has_perm(responders.SEES_ON_CALL), user.has_perm(responders.SEES_OWNERS)
    return SiteCheckDetail(
        deciding=part,
        bullet=bullet(part.value, part.threshold, part.margin) if part else None,
        held_kw=held_kw(site, check.id, now=now),
        blocker=steps[0] if steps else None,
        problem=problem,
        doubtful=[each for each in problems if each.kind == ProblemKind.MEASUREMENT],
        duties=responders.duties_at_site(site.pk, check.domains, now=now) if sees_duties else (),
        sees_duties=sees_duties,
        owner=responders.owner_of(ref_of(site), check.domains, user=user, now=now) if sees_owners else None,
        alert=alert_of_problem(problem.pk, user=user, back=back, now=now) if problem else None,
        advice=advice_for(problem, None, framework, (), user=user, now=now) if problem else None,
        proofs=proof_rows(site.pk, check, result, now=now),
    )


def held_kw(site: Site, check_id: str, *, now: datetime) -> float:
    score = score_of(site)
    if score is None or check_id not in score.deciding:
        return 0.0
    return present_capacity([site], now=now)[site.pk].deployed.it_kw
