"""The rule who may see names, for everything that shows, filters, sorts, searches and exports.

Users identify people, and so do objects of a model that names its user column as `SIGNS_IN_AS`. Every relation to one
of them is personal without being listed; a model lists text that may name a person in `PERSONAL`. Readers without
SEES_NAMES see SOMEBODY instead of a name on pages, and null in JSON; they always see their own name.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

from web import scopes
from web.permissions import MissingPermission

SEES_NAMES = "people.view_person"
SOMEBODY = "somebody"

_END = object()
_request: ContextVar[HttpRequest | None] = ContextVar("reader's request", default=None)


@contextmanager
def read_by(request: HttpRequest) -> Iterator[None]:
    """Inside, names are shown as the sender of this request may see them."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


@contextmanager
def read_as(user: Any) -> Iterator[None]:
    """Inside, names are shown as this user may see them, for messages that no request asked for."""
    request = HttpRequest()
    request.user = user
    with read_by(request):
        yield


def read_later[T](request: HttpRequest, steps: Iterator[T]) -> Iterator[T]:
    """The same steps, each run as for this request and its scope, which may be over by then."""
    return _taken(request, scopes.present(), steps)


def _taken[T](request: HttpRequest, scope: scopes.Scope | None, steps: Iterator[T]) -> Iterator[T]:
    while True:
        with read_by(request), scopes.use_scope(scope):
            step = next(steps, _END)
        if step is _END:
            return
        yield cast(T, step)


def reader() -> Any:
    """The user of the present request; None outside of one, and None may see no names."""
    request = _request.get()
    return None if request is None else getattr(request, "user", None)


def sees_names(by: Any = None) -> bool:
    """Whether this reader, by default the present one, may see everybody's name."""
    by = by or reader()
    return by is not None and by.has_perm(SEES_NAMES)


def is_person(model: Any) -> bool:
    meta = getattr(model, "_meta", None)
    if meta is None:
        return False
    return meta.concrete_model._meta.label == settings.AUTH_USER_MODEL or hasattr(model, "SIGNS_IN_AS")


def sees(who: Model, by: Any = None) -> bool:
    """Whether this reader may know who `who` is."""
    by = by or reader()
    if by is None or not by.is_authenticated:
        return False
    return getattr(who, _user_column(type(who))) == by.pk or sees_names(by)


def name_of(who: Model | str | None, by: Any = None) -> str:
    """A name as this reader may see it; "" for nobody. A text may name somebody without a user."""
    if not who:
        return ""
    seen = sees_names(by) if isinstance(who, str) else sees(who, by)
    return str(who if seen else SOMEBODY)


def username_of(user: Any, by: Any = None) -> str | None:
    """A user name for endpoints, None if this reader may not know it."""
    return user.get_username() if user is not None and sees(user, by) else None


def visible_value(holder: Any, name: str, value: Any) -> Any:
    """The value of an attribute as this reader may see it, SOMEBODY if it would reveal who somebody is."""
    if value is None or value == "":
        return value
    if isinstance(value, Model) and is_person(value):
        return value if sees(value) else str(SOMEBODY)
    if isinstance(holder, Model):
        hidden = name in personal_text(type(holder)) and not sees_names()
        if hidden or (is_person(holder) and not sees(holder)):
            return str(SOMEBODY)
    return value


def own(model: type[Model], by: Any = None) -> Q:
    """A condition for the people of this model whom the reader may know: all, or only the reader."""
    by = by or reader()
    return Q() if sees_names(by) else Q(**{_user_column(model): getattr(by, "pk", None)})


def known_people(people: QuerySet, by: Any = None) -> QuerySet:
    """Those people whom the reader may know, for lists of choices."""
    return people if sees_names(by) else people.filter(own(people.model, by))


def personal_text(model: type[Model]) -> Collection[str]:
    return getattr(model, "PERSONAL", ())


def withheld(model: type[Model], by: Any = None) -> Collection[str]:
    """Columns that only users who may change the object always see; the model names them in `WITHHELD`, and its kind
    decides when others see them. No filter, order or history reveals them before.
    """
    names: Collection[str] = getattr(model, "WITHHELD", ())
    if not names:
        return ()
    by = by or reader()
    may_change = f"{model._meta.app_label}.change_{model._meta.model_name}"
    return () if by is not None and by.has_perm(may_change) else names


@lru_cache(maxsize=4096)
def identifies(model: Any, path: str, *, presence: bool = False) -> bool:
    """Whether a lookup such as "requested_by__username" reveals who somebody is.

    With `presence` it only asks whether there is somebody, which is not secret.
    """
    names = path.lstrip("-").split(LOOKUP_SEP)
    for place, name in enumerate(names):
        if name in personal_text(model):
            return not presence
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        related = field.related_model
        if not field.is_relation or not isinstance(related, type):
            return False
        if is_person(related):
            return not (presence and place == len(names) - 1)
        model = related
    return False


def searchable(model: type[Model], paths: Iterable[str], by: Any = None) -> list[str]:
    seen = sees_names(by)
    return [path for path in paths if seen or not identifies(model, path)]


def hidden_filters(filterset: Any, by: Any = None) -> frozenset[str]:
    return frozenset() if sees_names(by) else personal_filters(filterset)


@lru_cache(maxsize=512)
def personal_filters(filterset: Any) -> frozenset[str]:
    model = filterset._meta.model
    return frozenset(
        name
        for name, each in filterset.base_filters.items()
        if model is not None and identifies(model, each.field_name or name, presence=name.endswith("__empty"))
    )


def refuse(reveals: bool, by: Any = None) -> None:
    """Raise MissingPermission if the lookup would reveal who somebody is, whatever its result."""
    if reveals and not sees_names(by):
        raise MissingPermission([SEES_NAMES])


def _user_column(model: Any) -> str:
    return str(getattr(model, "SIGNS_IN_AS", "pk"))
