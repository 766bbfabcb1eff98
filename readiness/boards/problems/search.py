"""Search finds open problems by title, object and site."""

from collections.abc import Iterable, Iterator

from readiness.boards.problems.rows import MAY_SEE, PROBLEM, public_id
from readiness.loop.problems.models import Problem
from web import search
from web.links import link
from web.search import Hit


def register() -> None:
    search.register_rows(
        "problems",
        "Problems",
        Problem.objects.open().select_related("site").all,
        title="title",
        others=("object", "site__name"),
        permissions=MAY_SEE,
        icon="alert-triangle",
        order=15,
        hits=_hits,
    )


def _hits(problems: Iterable[Problem]) -> Iterator[Hit]:
    for problem in problems:
        site = problem.site
        place = " · ".join(filter(None, (site.name if site else "", problem.object)))
        problem_id = public_id(problem.identity, site.slug if site else "")
        yield Hit(problem.title, f"{link('problems', **{PROBLEM: problem_id})}#problem", place)
