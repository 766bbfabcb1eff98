"""Problems of shifts within 14 days that have too few qualified people: one for each domain of a site."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from inventory.models import DomainChoices
from readiness.loop.problems.core.problem import Identity, PresentProblem
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.organisation.people.core.cover import PROBLEM_DAYS, CoverSpan
from readiness.organisation.people.queries.cover import cover_ahead
from web.units import instant, plural

SOON = timedelta(days=PROBLEM_DAYS)


def short_shift_problems(
    site_ids: Collection[int], *, now: datetime
) -> dict[int, tuple[list[PresentProblem], list[datetime]]]:
    """Each site's problems, and when the clock changes them: as a shift comes within 14 days, or is over."""
    problems = {}
    for site_id, cover in cover_ahead(site_ids, now=now).items():
        spans = cover.short
        soon = [span for span in spans if span.starts_at < now + SOON]
        later = [span.starts_at - SOON for span in spans if span.starts_at >= now + SOON]
        by_domain = groupby(soon, attrgetter("domain"))
        problems[site_id] = (
            [_short_problem(domain, list(of_domain)) for domain, of_domain in by_domain],
            [*(span.ends_at for span in soon), *later],
        )
    return problems


def _short_problem(domain: str, spans: list[CoverSpan]) -> PresentProblem:
    first = spans[0]
    label = str(DomainChoices(domain).label)
    lacks = "; ".join(map(str, first.lacks))
    return PresentProblem(
        identity=Identity(ProblemKind.SHIFT, domain),
        state=ProblemState.WARN,
        subject=domain,
        title=plural(len(spans), f"{label}: 1 shift is short", f"{label}: {len(spans)} shifts are short"),
        detail=f"First from {instant(first.starts_at, UTC)}" + (f"; {lacks}" if lacks else ""),
        value=f"{len(first.qualified)} of {first.needed} qualified",
        limit=f"{PROBLEM_DAYS} days ahead",
    )
