"""Lists of the same matter, each one tab beside the others, for those who may open it."""

from typing import Any

from django.urls import reverse

from web.kinds.kind import KIND_OF
from web.navigation import TABS
from web.visibility import reader

_ROOMS = (
    (
        *("coverage", "staffing-list", "capability-rule-list", "skill-list", "skill-prerequisite-list"),
        *("qualification-list", "skill-exemption-list", "course-list", "training-list"),
    ),
    (
        *("on-call", "rotation-list", "rotation-site-list", "layer-list", "layer-member-list"),
        *("override-list", "shift-list", "swap-list", "leave-list"),
    ),
    ("procedure-list", "alert-rule-list"),
    ("drill-list", "exercise-list", "participant-list", "drill-action-list"),
    ("survey-list", "survey-question-list"),
)


def tabs(current: str) -> list[dict[str, Any]]:
    """The lists of the room that the named one is in."""
    by, of_list = reader(), {kind.url_name("list"): kind for kind in KIND_OF.values()}
    named = {tab.url_name: (tab.label, (tab.permission,)) for tab in TABS}
    named |= {name: (kind.label_plural, kind.permissions("view")) for name, kind in of_list.items()}
    return [
        {"label": named[name][0], "url": reverse(name), "current": name == current}
        for name in next(room for room in _ROOMS if current in room)
        if by is not None and by.has_perms(named[name][1])
    ]
