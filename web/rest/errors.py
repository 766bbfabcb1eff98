"""Responses to refused requests: `{"detail": …}`, or messages by field; in a bulk write also by item.

Bad input never causes a 5xx. Database refusals are translated here, by the name of the constraint.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, DataError, IntegrityError, OperationalError
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
from django.http import Http404, HttpRequest
from django.utils.text import capfirst
from rest_framework import exceptions, status
from rest_framework.response import Response

from web import scopes, visibility
from web.errors import NOT_FOUND_OR_OUTSIDE, TRY_AGAIN
from web.outside import sentence_of
from web.parameters import BadParameter
from web.permissions import permissions_in_use

NON_FIELD = "non_field_errors"


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "The request conflicts with the current state."
    default_code = "conflict"


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "The object has changed since you read it: its ETag is different now."
    default_code = "precondition_failed"


class PayloadTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than this server accepts."
    default_code = "body_too_large"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER."""
    # Import late: its parsers import this module before its views exist.
    from rest_framework import views

    request = context.get("request")
    return views.exception_handler(translated(error, getattr(request, "_request", None)), context)


@contextmanager
def named_errors(*too_late: type[Exception]) -> Iterator[None]:
    """Let a bulk write say which item an operation refused; errors of the types `too_late` are conflicts."""
    try:
        yield
    except (DjangoValidationError, BadParameter) as error:
        raise translated(error) from error
    except too_late as error:
        raise Conflict(str(error)) from error


def translated(error: Exception, request: HttpRequest | None = None) -> Exception:
    """The API error for an exception; the exception itself if the sender did not cause it."""
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(_errors_by_field(error))
    if isinstance(error, BadParameter):
        return exceptions.ValidationError({error.field: [error.reason]})
    if isinstance(error, (ProtectedError, RestrictedError)):
        return Conflict(still_in_use(error))
    if isinstance(error, IntegrityError):
        return exceptions.ValidationError(refusal(error))
    if isinstance(error, DataError):
        return exceptions.ParseError(
            f"The database cannot take a value: {_diagnosis(error, 'message_primary') or error}."
        )
    if isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in TRY_AGAIN:
        return Conflict("Another write came in between; try again.")
    if isinstance(error, DatabaseError) and scopes.is_refusal(error):
        detail = sentence_of(error, permissions_in_use(request))
        return exceptions.PermissionDenied(f"{detail} {scopes.limits()}")
    if isinstance(error, (Http404, exceptions.NotFound)) and scopes.limits():
        return exceptions.NotFound(f"{NOT_FOUND_OR_OUTSIDE} {scopes.limits()}")
    if isinstance(error, (PermissionDenied, exceptions.PermissionDenied)) and scopes.limits():
        return exceptions.PermissionDenied(f"{error} {scopes.limits()}")
    if isinstance(error, RequestDataTooBig):
        return PayloadTooLarge()
    return error


def refusal(error: IntegrityError) -> dict[str, list[str]]:
    model = _model_of(_diagnosis(error, "table_name"))
    name, column = _diagnosis(error, "constraint_name"), _diagnosis(error, "column_name")
    if model is None:
        return {NON_FIELD: [str(error).splitlines()[0]]}
    if column and not name:
        return {_field_name(model, column): ["This field may not be null."]}
    key = re.match(r"Key \((.+?)\)=\((.*?)\) (.+)", _diagnosis(error, "message_detail") or "")
    fields = [_field_name(model, each.strip()) for each in key[1].split(",")] if key else []
    if (
        key and "still referenced" in key[3]
    ):  # The error comes from objects of this model, whatever its own constraint says.
        others = capfirst(str(model._meta.verbose_name_plural))
        moved = [each for each in fields if each != "id"]
        return {_where(moved or fields): [f"{others} refer to the present value."]}
    for constraint in _constraints(model):
        if constraint.name == name:
            return _broken(constraint, model)
    if column:  # A trigger refused it with its own message.
        return {_field_name(model, column): [_diagnosis(error, "message_primary") or str(error)]}
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
            part.name for part in ExpressionList(*constraint.expressions).flatten() if isinstance(part, F)
        ]
        return [*constraint.fields, *expression_fields]
    if isinstance(constraint, CheckConstraint):
        return sorted(_names_in(constraint.condition))
    return []


def _names_in(condition: Any) -> set[str]:
    if isinstance(condition, tuple):
        value = condition[1]
        return {condition[0].split("__")[0]} | (
            {value.name.split("__")[0]} if isinstance(value, F) else set()
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


def _diagnosis(error: Exception, part: str) -> str | None:
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


def _errors_by_field(error: DjangoValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {NON_FIELD: list(error.messages)}
    by_field = error.message_dict
    if NON_FIELD_ERRORS in by_field:
        by_field[NON_FIELD] = by_field.pop(NON_FIELD_ERRORS)
    return by_field
