"""A stored problem as pages, files and the API show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.assessment.scoring.queries.rows import ReasonRow, SiteRef, copied, ref_of
from readiness.loop.problems import sentences
from readiness.loop.problems.core.problem import Identity
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.measurements import METERS
from readiness.loop.problems.models import Problem
from readiness.loop.problems.schedulers import SCHEDULER
from web.links import link
from web.units import Formatted, power

MAY_SEE = ("inventory.view_site", "scoring.view_sitescore")
OWNER = ("answering", "owner_name", "deputy_name", "owner_has_left", "owner_left_at")
PROBLEM = "problem"
"""Names the opened problem in the page's address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """One problem, at one site or of no site (`site` is None and `region` is empty).

    `number` is the row's, `id` names kind, site and key, so that a problem that comes again has the same one. `subject`
    is the domain, the source's or device's id, the check, the queue or the part of Muster. `kw` is the site's deployed
    capacity, `workloads` the number of classes placed there, `region` a slug. `cause` is the id of the problem that
    causes it, or its own id; `follow` is the number of problems that it causes. `metrics` are the metrics that show the
    problem. `carrier` says who is on it (`readiness/boards/alerts/carriers.py`), where that was read.
    """

    id: str
    number: int
    key: str
    cause: str
    cause_identity: Identity
    is_cause: bool
    state: ProblemState
    is_last_known: bool
    kind: ProblemKind
    subject: str
    title: str
    detail: str
    site: SiteRef | None
    region: str
    kw: float
    workloads: int
    since: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None
    ended_by: str
    end: str
    value: str
    limit: str
    reasons: tuple[ReasonRow, ...]
    objects_affected: int
    object_kind: str
    object_id: int | None
    object: str
    metrics: frozenset[str]
    check_id: str
    follow: int
    position: int | None
    carrier: Any = None

    look = "problem"

    @property
    def clock(self) -> str:
        """The clock beside a state that silence keeps."""
        return "silent" if self.is_last_known else ""

    @property
    def where(self) -> str:
        """The affected object, the first of several with their number, or else the source's detail, the domain, or
        "site"."""
        if not self.object:
            places = {
                ProblemKind.SOURCE: self.detail,
                ProblemKind.HEALTH: self.subject,
                ProblemKind.INTAKE: "source",
                ProblemKind.SHIFT: self.subject,
                ProblemKind.DUTY: "rotation",
                ProblemKind.MUSTER: "itself",
            }
            return places.get(self.kind, "site")
        more = f" and {self.objects_affected - 1:,} more" if self.objects_affected > 1 else ""
        return f"{self.object}{more}"

    @property
    def site_id(self) -> int | None:
        return self.site.id if self.site is not None else None

    @property
    def place(self) -> str:
        """The site's name, or whose problem it is if it belongs to no site."""
        if self.site is not None:
            return self.site.name
        return "Muster" if self.kind is ProblemKind.MUSTER else "No site"

    @property
    def owner(self) -> str:
        return self.site.owner.strip() if self.site is not None else ""

    @property
    def headline(self) -> str:
        """The title with the site's name, unless the title already begins with it."""
        return self.title if self.title.startswith(self.place) else f"{self.place}: {self.title}"

    @property
    def stake(self) -> Formatted:
        return power(self.kw, "kW")

    @property
    def stake_kw(self) -> float:
        """The capacity that it counts for: 0 for a problem that follows from another."""
        return self.kw if self.is_cause else 0.0

    @property
    def url(self) -> str:
        """The page on which the problem is handled."""
        slug = self.site.slug if self.site is not None else ""
        match self.kind:
            case ProblemKind.CHECK:
                return link("site-check", slug, self.subject)
            case ProblemKind.SOURCE | ProblemKind.INTAKE:
                return link("source", self.subject)
            case ProblemKind.OWNERSHIP:
                return link("ownership-queues", queue=self.subject)
            case ProblemKind.DUTY:
                return link("rotation-detail", self.subject)
            case ProblemKind.INVENTORY:
                return link("drifts", device_id=self.subject, pressing="true")
            case ProblemKind.MUSTER:
                return link("muster-status")
            case ProblemKind.SHIFT:
                return link("cover-ahead", site=slug, domain=self.subject, standing="short")
            case ProblemKind.MEASUREMENT:
                if self.subject == METERS:
                    return link("site", slug, tab="energy")
                if self.subject == SCHEDULER:
                    return link("site", slug, tab="compute")
                return link("explore", site=slug, metric=self.key, start="now-7d", end="now")
            case ProblemKind.HEALTH:
                return link("site", slug, tab=self.subject)


def problem_rows(problems: Iterable[Problem], *, now: datetime) -> list[ProblemRow]:
    """Rows of problems as `readiness.loop.problems.queries` annotates them.

    Without owners, the owner is the text on the site, and `workloads` is 0.
    """
    return [_problem_row(problem, now) for problem in problems]


def _problem_row(problem: Problem, now: datetime) -> ProblemRow:
    site, slug = problem.site, ""
    if site is not None:
        slug = site.slug
        for name in OWNER:
            if hasattr(problem, name):
                setattr(site, name, getattr(problem, name))
    return copied(
        ProblemRow,
        problem,
        id=public_id(problem.identity, slug),
        number=problem.pk,
        cause=public_id(problem.cause, slug),
        cause_identity=problem.cause,
        state=ProblemState(problem.state),
        kind=ProblemKind(problem.kind),
        site=ref_of(site) if site is not None else None,
        region=site.region.slug if site is not None else "",
        kw=problem.kw,  # type: ignore[attr-defined]
        workloads=getattr(problem, "workloads", 0),
        end=problem.get_ended_by_display(),
        value=sentences.value_of(problem, now=now),
        limit=sentences.limit_of(problem),
        reasons=sentences.reasons_of(problem),
        metrics=frozenset(problem.metrics),
    )


def public_id(identity: Identity, slug: str) -> str:
    """The id of a problem in addresses and the API; `slug` is empty for one of no site."""
    return "-".join(filter(None, (identity.kind, slug, identity.key)))
