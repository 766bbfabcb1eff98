"""Panels on the page of an object: of facts and of related objects, and those that rooms above add.

A room above registers a function for a model and knows what to show; the page only finds the place:

    panels.register(Device, series_panel)   # in AppConfig.ready; series_panel(obj, user=…, now=…) -> Panel | None
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Panel:
    """One card.

    `template` is included with `panel` and `context`; `key` is unique on the page. `span` is its width in twelfths; a
    lower `order` comes first, those of the kind begin at 100.
    """

    key: str
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    sub: str = ""
    span: int = 6
    order: int = 500
    links: Sequence[Mapping[str, str]] = ()


class MakePanel(Protocol):
    def __call__(self, obj: Any, *, user: User, now: datetime) -> Panel | None: ...


_makers: dict[type[Model], list[MakePanel]] = {}


def register(model: type[Model], make: MakePanel) -> None:
    makers = _makers.setdefault(model, [])
    if make not in makers:
        makers.append(make)


def added_to(obj: Model, *, user: User, now: datetime) -> list[Panel]:
    """The panels of rooms above for this object and user."""
    panels = [make(obj, user=user, now=now) for make in _makers.get(type(obj), ())]
    return [panel for panel in panels if panel is not None]
