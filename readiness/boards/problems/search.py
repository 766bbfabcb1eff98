"""Search finds open problems by title, object and site."""

from collections.abc import Iterable, Iterator

from readiness.boards.problems.rows import MAY_SEE, PROBLEM, public_id
from readiness.loop.problems.models import Problem
from web import search
from web.links import link
from web.search import Hit, HitAction
from web.visibility import reader

_ACTIONS = (
    ("Acknowledge", "a", "check", "alerts.handle_alert"),
    ("Assign", "g", "user-check", "alerts.handle_alert"),
    ("Silence", "s", "bell-off", "alerts.add_silence"),
    ("Comment", "c", "message", "alerts.handle_alert"),
)
"""Label, key of the row, icon, permission."""


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
        url = f"{link('problems', **{PROBLEM: problem_id})}#problem"
        yield Hit(problem.title, url, place, actions=tuple(_actions(problem_id)))


def _actions(problem_id: str) -> Iterator[HitAction]:
    """The panel opens each with its dialog, as the keys of a row do."""
    user = reader()
    for label, key, icon, permission in _ACTIONS:
        if user is not None and user.has_perm(permission):
            yield HitAction(label, f"{link('problems', **{PROBLEM: problem_id, 'do': key})}#problem", icon)
