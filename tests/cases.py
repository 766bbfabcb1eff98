"""Tables of cases: the reason of a row is its id."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

import pytest


def cases(names: str | Iterable[str], rows: Mapping[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(names, rows.values(), ids=list(rows))


def every_eighth(cases: Iterable[Any], name_of: Callable[[Any], Any] = attrgetter("noun")) -> list[Any]:
    """Try one kit with every eighth of many objects; `make test-all` tries it with all.

    They are counted by name: their own order follows from what was imported first, which differs from run to run.
    """
    return [
        case if number % 8 == 0 else pytest.param(case, marks=pytest.mark.full)
        for number, case in enumerate(sorted(cases, key=name_of))
    ]


# Of a walk along all pages a part, and the whole of it in `make test-all`.
in_steps = pytest.mark.parametrize(
    "step",
    [
        pytest.param(8, id="every eighth", marks=pytest.mark.part),
        pytest.param(1, id="all", marks=pytest.mark.full),
    ],
)
