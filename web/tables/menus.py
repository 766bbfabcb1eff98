"""The menu of a row: the reader's actions on the object."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from web.audit import is_audited
from web.audit.registry import label_of, permission_of
from web.links import link


@dataclass(frozen=True, slots=True)
class MenuAction:
    """`copies` means that the address is copied, not opened."""

    label: str
    url: str
    icon: str
    copies: bool = False


type MenuOf = Callable[[Any], Sequence[MenuAction]]


def common_menu(request: HttpRequest, own: MenuOf | None) -> Callable[[Any, str], list[MenuAction]]:
    """Open, the table's own actions, history and copy link, for an object and its page's address."""
    user, seen = getattr(request, "user", None), dict[type[Any], bool]()

    def shows_history(model: type[Any]) -> bool:
        if model not in seen:
            is_kept = issubclass(model, Model) and is_audited(model)
            seen[model] = is_kept and user is not None and user.has_perm(permission_of(model))
        return seen[model]

    def actions(obj: Any, url: str) -> list[MenuAction]:
        listed = [MenuAction("Open", url, "arrow-right")] if url else []
        listed += own(obj) if own is not None else ()
        if shows_history(type(obj)):
            listed.append(
                MenuAction("History", link("history", model=label_of(type(obj)), id=obj.pk), "history")
            )
        return [*listed, MenuAction("Copy link", url, "link", copies=True)] if url else listed

    return actions
