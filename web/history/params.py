"""Reads the parameters of the history's page and endpoint."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils import timezone

from web import visibility
from web.history.events import ACTIONS, HistoryQuery, model_named, permission_of, visible_models
from web.permissions import MissingPermission
from web.timerange import BadTimeRangeError, parse_instant

PARAMETERS = ("model", "id", "actor", "request", "action", "start", "end", "after")
LONGEST = 300


class BadHistoryParameter(ValueError):
    """A parameter that cannot be read; `errors` are reasons by parameter."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(reasons)}" for name, reasons in errors.items()))
        self.errors = errors


def query_of(parameters: Mapping[str, str], user: Any, *, now: datetime) -> HistoryQuery:
    """Raises BadHistoryParameter, and MissingPermission for a model or an actor that this user may not see."""
    asked = {name: (parameters.get(name) or "").strip() for name in PARAMETERS}
    for name, value in asked.items():
        if "\x00" in value or len(value) > LONGEST:
            raise BadHistoryParameter({name: ["This cannot be read."]})
    visibility.refuse(bool(asked["actor"]), user)
    if asked["action"] and asked["action"] not in ACTIONS:
        raise BadHistoryParameter({"action": [f"There are {', '.join(ACTIONS)}."]})
    return HistoryQuery(
        models=_models(asked["model"], user),
        object_id=_object_id(asked["id"], asked["model"]),
        actor=asked["actor"],
        request_id=asked["request"],
        action=asked["action"],
        start=_instant("start", asked["start"], now),
        end=_instant("end", asked["end"], now),
        after=asked["after"],
    )


def _models(label: str, user: Any) -> tuple[type[Model], ...]:
    if not label:
        return visible_models(user)
    model = model_named(label)
    if model is None:
        raise BadHistoryParameter({"model": [f"No history is kept of {label}."]})
    permission = permission_of(model)
    if not user.has_perm(permission):
        raise MissingPermission([permission])
    return (model,)


def _object_id(text: str, label: str) -> int | None:
    if not text:
        return None
    if not label:
        raise BadHistoryParameter({"id": ["An id needs a model: ids of several models look alike."]})
    if not (text.isascii() and text.isdecimal() and int(text[:20]) < 2**63):
        raise BadHistoryParameter({"id": ["A whole number is needed."]})
    return int(text)


def _instant(name: str, text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    try:
        return parse_instant(text, now=now, zone=timezone.get_current_timezone(), field=name)
    except BadTimeRangeError as error:
        raise BadHistoryParameter({name: [error.reason]}) from error
