"""Columns for lists of many kinds."""

from collections.abc import Callable
from typing import Any

from django.db.models import FloatField, IntegerField, Model
from django.utils.text import capfirst

from web import links
from web.tables import Column


def field_column(model: type[Model], key: str, **kwargs: Any) -> Column:
    """A field under its own name: another object with a link, a figure, or a word."""
    field: Any = model._meta.get_field(key)
    label = capfirst(str(field.verbose_name))
    if field.is_relation:
        return related(key, label, **kwargs)
    is_figure = isinstance(field, (IntegerField, FloatField)) and not field.choices
    return plain(key, label, numeric=is_figure, **kwargs)


def name(sort: str = "name", **kwargs: Any) -> Column:
    return Column("name", "Name", value=str, sort=sort, locked=True, phone="title", **kwargs)


def related(key: str, label: str, *, sort: str = "", through: str = "", **kwargs: Any) -> Column:
    """Another object by name, with a link to its page; `through` names the object in between."""

    def other(row: Any) -> Any:
        return getattr(getattr(row, through) if through else row, key)

    def url(row: Any) -> str:
        return (links.page_url(other(row)) or "") if other(row) is not None else ""

    value = f"{through}.{key}" if through else key
    return Column(key, label, value=value, url=url, sort=sort or f"{key}__name", **kwargs)


def figure(key: str, label: str, unit: str = "", **kwargs: Any) -> Column:
    return Column(key, label, numeric=True, unit=unit, sort=key, **kwargs)


def plain(key: str, label: str, **kwargs: Any) -> Column:
    return Column(key, label, sort=key, **kwargs)


def hidden(column: Callable[..., Column], *args: Any, **kwargs: Any) -> Column:
    """Offered in the column chooser, but not shown by default."""
    return column(*args, default=False, **kwargs)
