"""Responses to refused requests: `{"detail": …}`, or messages by field; in a bulk write also by item.

Bad input never causes a 5xx. What the database refuses is translated by the name of the constraint
(`web/database_refusals.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest
from rest_framework import exceptions, status
from rest_framework.response import Response

from web import scopes
from web.database_refusals import NON_FIELD, diagnosis, refusal, still_in_use
from web.database_replica.reading import is_of_the_replica
from web.errors import NOT_FOUND_OR_OUTSIDE, TRY_AGAIN
from web.outside import sentence_of
from web.parameters import BadParameter
from web.permissions import permissions_in_use


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

    if is_of_the_replica(error):
        return None
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
            f"The database cannot take a value: {diagnosis(error, 'message_primary') or error}."
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


def _errors_by_field(error: DjangoValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {NON_FIELD: list(error.messages)}
    by_field = error.message_dict
    if NON_FIELD_ERRORS in by_field:
        by_field[NON_FIELD] = by_field.pop(NON_FIELD_ERRORS)
    return by_field
