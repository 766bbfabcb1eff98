"""Refusals of the database, in words and by field: a constraint by its name, a deletion by what still refers to it.

Apart from the responses of the API (`web/rest/errors.py`), because tasks and pages say it too, and the worker loads no
REST framework.
"""

import re
from typing import Any

from django.apps import apps
from django.db import IntegrityError
from django.db.models import (
    BaseConstraint,
    CheckConstraint,
    F,
    Model,
    ProtectedError,
    RestrictedError,
    UniqueConstraint,
)
from django.db.models.expressions import ExpressionList
from django.utils.text import capfirst

from web import visibility

NON_FIELD = "non_field_errors"


def refusal(error: IntegrityError) -> dict[str, list[str]]:
    model = _model_of(diagnosis(error, "table_name"))
    name, column = diagnosis(error, "constraint_name"), diagnosis(error, "column_name")
    if model is None:
        return {NON_FIELD: [str(error).splitlines()[0]]}
    if column and not name:
        return {_field_name(model, column): ["This field may not be null."]}
    key = re.match(r"Key \((.+?)\)=\((.*?)\) (.+)", diagnosis(error, "message_detail") or "")
    fields = [_field_name(model, each.strip()) for each in key[1].split(",")] if key else []
    # The error comes from objects of this model, whatever its own constraint says.
    if (diagnosis(error, "message_primary") or "").startswith("update or delete on table"):
        # Where row security holds, PostgreSQL does not reveal the key.
        constraint = next((each for each in _constraints(model) if each.name == name), None)
        fields = fields or [*getattr(constraint, "referenced_fields", ())]
        others = capfirst(str(model._meta.verbose_name_plural))
        moved = [each for each in fields if each != "id"]
        return {_where(moved or fields): [f"{others} refer to the present value."]}
    for constraint in _constraints(model):
        if constraint.name == name:
            return _broken(constraint, model)
    if column:  # A trigger refused it with its own message.
        return {_field_name(model, column): [diagnosis(error, "message_primary") or str(error)]}
    if not key:  # For users with a scope, PostgreSQL does not reveal the value.
        own = (each for each in model._meta.concrete_fields if each.unique)
        fields = [each.name for each in own if str(name).startswith(f"{model._meta.db_table}_{each.column}_")]
    if not fields:
        return {NON_FIELD: [f"Constraint {name} is violated."]}
    if not key or "already exists" in key[3]:
        return {_where(fields): model().unique_error_message(model, fields).messages}
    return {_where(fields): ["This object was deleted."]}


def _broken(constraint: BaseConstraint, model: type[Model]) -> dict[str, list[str]]:
    fields = _fields_in(constraint)
    if constraint.violation_error_message != constraint.default_violation_error_message:
        return {_where(fields): [str(constraint.get_violation_error_message())]}
    if isinstance(constraint, UniqueConstraint):
        return {_where(fields): model().unique_error_message(model, fields).messages}
    field_names = ", ".join(fields)
    return {
        _where(fields): [
            f"These values do not go together or are out of range ({field_names}): {constraint.name}."
        ]
    }


def _fields_in(constraint: BaseConstraint) -> list[str]:
    if isinstance(constraint, UniqueConstraint):
        expression_fields = [
            part.name  # type: ignore[attr-defined]  # the stubs do not know it
            for part in ExpressionList(*constraint.expressions).flatten()
            if isinstance(part, F)
        ]
        return [*constraint.fields, *expression_fields]
    if isinstance(constraint, CheckConstraint):
        return sorted(_names_in(constraint.condition))
    return []


def _names_in(condition: Any) -> set[str]:
    if isinstance(condition, tuple):
        value = condition[1]
        return {condition[0].split("__")[0]} | (
            {value.name.split("__")[0]}  # type: ignore[attr-defined]  # as above
            if isinstance(value, F)
            else set()
        )
    return set().union(*(_names_in(child) for child in getattr(condition, "children", [])))


def _where(fields: list[str]) -> str:
    return fields[0] if len(fields) == 1 else NON_FIELD


def _constraints(model: type[Model]) -> list[BaseConstraint]:
    return [each for parent in [model, *model._meta.all_parents] for each in parent._meta.constraints]


def _model_of(table: str | None) -> type[Model] | None:
    return next((model for model in apps.get_models() if model._meta.db_table == table), None)


def _field_name(model: type[Model], column: str) -> str:
    try:
        return next(field.name for field in model._meta.concrete_fields if field.column == column)
    except StopIteration:
        return column


def diagnosis(error: Exception, part: str) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), part, None)


def still_in_use(error: ProtectedError | RestrictedError) -> str:
    holders = list(
        getattr(error, "protected_objects", None) or getattr(error, "restricted_objects", None) or []
    )
    names = ", ".join(f"{holder._meta.verbose_name} {_display(holder)}" for holder in holders[:5])
    more = f" and {len(holders) - 5} more" if len(holders) > 5 else ""
    return f"Still in use by {names}{more}."


def _display(holder: Model) -> str:
    return visibility.name_of(holder) if visibility.is_person(holder) else str(holder)
