"""The answers to requests that fail: a page for readers, `{"detail": …}` for programs.

A page for a failure must not fail itself: it gets no context but what is here, and asks no database.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _

from accounts.models import User
from web.permissions import MissingPermission
from web.requests import wants_json


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    reason = str(exception) if type(exception).__name__ == "BadRequest" else ""
    return _answer(request, 400, reason or _("The request cannot be understood."), reason=reason)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    missing = ", ".join(exception.permissions) if isinstance(exception, MissingPermission) else ""
    detail = str(exception) or _("You may not do this.")
    return _answer(request, 403, detail, permission=missing, exception=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, _("Not found."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(
        request, 500, _("Muster failed to answer. The fault is in its log, under this request's id.")
    )


def _answer(request: HttpRequest, status: int, detail: str, **context: Any) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"detail": detail}, status=status)
    theme = request.COOKIES.get("theme", "")
    context |= {"request": request, "theme": theme if theme in User.Theme.values else User.Theme.SYSTEM.value}
    return HttpResponse(get_template(f"{status}.html").render(context), status=status)
