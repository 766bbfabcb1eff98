"""Responses to failed requests: a page for readers, `{"detail": …}` for programs.

An error page must not fail itself, so it uses only the context defined here and no database. A refusal is not a
failure: signed-in users keep the navigation, and are told whom to ask.
"""

import sys
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template

from accounts.models import User
from accounts.queries import role_of
from web import outside, refusals
from web.permissions import MissingPermission, permissions_in_use, roles_of, words_of
from web.refusals import Refusal
from web.requests import wants_json
from web.scopes import limits

TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialization_failure, deadlock_detected, lock_not_available."""
LOST_RACES = TRY_AGAIN | {"23505", "23P01", "23503"}
"""Also unique_violation, exclusion_violation, foreign_key_violation: a view checked before, but another write came in
between."""
AWAY = ("08", "53", "57P")
"""connection_exception, insufficient_resources, and a server that stops, crashed or starts."""
NOT_FOUND_OR_OUTSIDE = "Not found, or outside your sites."
QUERY_CANCELED = "57014"
"""PostgreSQL's query_canceled, raised by `statement_timeout` (web/serving/work.py)."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    reason = str(exception) if type(exception).__name__ == "BadRequest" else ""
    return _refusal_page(request, 400, reason or "Muster cannot read the request.", reason=reason)


def is_conflict(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in LOST_RACES


def conflict(request: HttpRequest) -> HttpResponse:
    return _refusal_page(
        request,
        409,
        "Another person saved first, so your change was not saved. Check the current values and try again.",
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    missing = exception.permissions if isinstance(exception, MissingPermission) else []
    detail = str(exception) or "You may not do this."
    missing_permissions = [{"name": name, "may": words_of(name), "roles": roles_of(name)} for name in missing]
    detail = " ".join(filter(None, [detail, limits()]))
    return _refusal_page(
        request, 403, detail, wanted=missing_permissions, exception=str(exception), **_frame(request)
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal_page(request, 404, f"{NOT_FOUND_OR_OUTSIDE} {limits()}" if limits() else "Not found.")


def refused_outside(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = outside.sentence_of(exception, permissions_in_use(request))
    return _refusal_page(request, 403, f"{detail} {limits()}", exception=detail, **_frame(request))


def _frame(request: HttpRequest) -> dict[str, Any]:
    """Keep the navigation around a refusal, unless it replaces a part of a page."""
    user = getattr(request, "user", None)
    fills_a_part = request.headers.get("HX-Request") == "true"
    if user is None or not user.is_authenticated or fills_a_part or wants_json(request):
        return {}
    return {"frame": "errors/within.html", "role": role_of(user)}


def refusal_for(error: BaseException | None) -> Refusal:
    if isinstance(error, refusals.ServiceUnavailable):
        return error.refusal
    if not isinstance(error, (OperationalError, InterfaceError)):
        return refusals.FAILED
    state = getattr(error.__cause__, "sqlstate", None)
    if state == QUERY_CANCELED:
        return refusals.TOO_LONG
    return refusals.AWAY if state is None or state.startswith(AWAY) else refusals.FAILED


def not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    detail = f"Method {request.method} is not allowed."
    return _refusal_page(request, 405, detail, allowed=allowed)


def server_error(request: HttpRequest) -> HttpResponse:
    return refused(request, refusal_for(sys.exception()))


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    response = _refusal_page(request, refusal.status, refusal.detail, "errors/refused.html", refusal=refusal)
    if refusal.retry_after_s is not None:
        response["Retry-After"] = str(refusal.retry_after_s)
    return response


def _refusal_page(
    request: HttpRequest, status: int, detail: str, template: str = "", **context: Any
) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"detail": detail}, status=status)
    theme = request.COOKIES.get("theme", "")
    chosen_theme = theme if theme in User.Theme.values else User.Theme.SYSTEM.value
    context |= {"request": request, "limits": limits(), "theme": chosen_theme}
    page = get_template(template or f"{status}.html")
    return HttpResponse(page.render(context, request if "frame" in context else None), status=status)
