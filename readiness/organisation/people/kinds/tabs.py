"""Kinds of this room: in which room they are, and the lists of the same matter, each one tab beside the others."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.urls import reverse

from web import clock, links
from web.kinds import Kind, declaring
from web.kinds.kind import KIND_OF
from web.navigation import TABS
from web.tables import Column
from web.visibility import reader
from web.words import plain

_ROOMS = (
    (
        *("coverage", "cover", "skill-matrix"),
        *("staffing-list", "capability-rule-list", "skill-list", "skill-prerequisite-list"),
        *("qualification-list", "skill-exemption-list", "course-list", "training-list"),
    ),
    (
        *("on-call", "team-calendar"),
        *("rotation-list", "rotation-site-list", "layer-list", "layer-member-list"),
        *("override-list", "shift-list", "swap-list", "leave-list", "duty-rule-list"),
    ),
    ("procedure-list", "alert-rule-list"),
    ("drill-list", "exercise-list", "participant-list", "drill-action-list"),
    ("survey-list", "survey-question-list"),
)
_PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "cover": ("By shift", ("inventory.view_site", "people.view_staffing", "people.view_rotation")),
    "skill-matrix": ("People and skills", ("inventory.view_site", "people.view_team", "people.view_skill")),
    "team-calendar": ("Calendar", ("inventory.view_site", "people.view_team", "people.view_rotation")),
}
"""Pages of a room that are no list of a kind, with the permissions that they need."""


def tabs(current: str) -> list[dict[str, Any]]:
    """The lists of the room that the named one is in."""
    by, of_list = reader(), {kind.url_name("list"): kind for kind in KIND_OF.values()}
    lists: dict[str, tuple[str, tuple[str, ...]]] = {
        tab.url_name: (tab.label, (tab.permission,)) for tab in TABS
    }
    lists |= _PAGES | {name: (kind.label_plural, kind.permissions("view")) for name, kind in of_list.items()}
    return [
        {"label": lists[name][0], "url": _address(name), "current": name == current}
        for name in next(room for room in _ROOMS if current in room)
        if by is not None and by.has_perms(lists[name][1])
    ]


def _above(name: str) -> tuple[str, str] | None:
    """The page that the tab of a list begins with: its label and url name; None for that page itself."""
    first = next((room[0] for room in _ROOMS if name in room[1:]), "")
    return next(((tab.label, tab.url_name) for tab in TABS if tab.url_name == first), None)


def _address(name: str) -> str:
    """Shifts grow by the day: their list begins with those under way, and a filter that is taken off shows all."""
    if name != "shift-list":
        return reverse(name)
    return links.link(name, start=plain(clock.now().replace(minute=0, second=0, microsecond=0)))


def declared(
    model: type[Model], fields: Sequence[str], columns: Sequence[Column | str], **options: Any
) -> Kind:
    """Objects are told apart by their first two fields. `empty` says what one is for, where there is none."""
    room = _above(f"{links.noun(model)}-list")
    by_default: dict[str, Any] = {"room": room, "tabs": tabs, "brief": fields[:2]}
    if text := options.pop("empty", ""):
        by_default["empty"] = {"title": f"No {model._meta.verbose_name} yet", "text": text}
    return declaring.declared(model, fields, columns, **by_default | options)


def standing_column(read: Callable[[Any], str], **tones: str) -> Column:
    """A word on how a row stands now; those that `tones` does not name are neutral."""
    return Column("standing", "Standing", read, tone=lambda row: tones.get(read(row), ""), phone="status")
