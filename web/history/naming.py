"""Names for codes in the history, such as the name of a check for `check_id`, and where an object is.

A room above registers what it knows; models declare which of their fields name a row:

    HISTORY_TITLE = ("check_id", "part")     the fields that name a row, for models without a name
    HISTORY_VALUE = "value"                  the figure that a new row brings, shown in its line
    HISTORY_FOLLOWS = ("site", "limit_id")   a new row takes the place of the last one with the same values
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Model, Q

type Snapshot = Mapping[str, Any]
type Names = Mapping[str, str]
"""Texts by column, for one row; "unit" is the unit of its figure."""
READ_BY_FIELD: dict[str, Callable[[Sequence[Snapshot]], Sequence[Names]]] = {}
UNIT = "unit"


def register(field: str, read: Callable[[Sequence[Snapshot]], Sequence[Names]]) -> None:
    """`read` gets rows that have the field, and returns names for each, in the same order."""
    READ_BY_FIELD[field] = read


def names_of_codes(columns: Sequence[str], rows: Sequence[Snapshot]) -> list[dict[str, str]]:
    """Return the names of the codes of each row of one model."""
    names: list[dict[str, str]] = [{} for _row in rows]
    for field, read in READ_BY_FIELD.items():
        if field in columns:
            for of_row, more in zip(names, read(rows), strict=True):
                of_row.update(more)
    return names


class About(Protocol):
    def __call__(self, slug: str) -> Q | None: ...


@dataclass(frozen=True, slots=True)
class Places:
    """How entries are found by site: `choices` gives slugs and names, `about` a condition, None for an unknown slug."""

    model: type[Model]
    choices: Callable[[], Sequence[tuple[str, str]]]
    about: About


_places: list[Places] = []


def register_places(places: Places) -> None:
    _places[:] = [places]


def places() -> Places | None:
    return next(iter(_places), None)
