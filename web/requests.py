"""The kind of answer that a request wants, and the type of requests by signed-in users, for type checkers."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

if TYPE_CHECKING:
    from accounts.models import User


class UserRequest(HttpRequest):
    """A request of a signed-in user, with the request id. Only annotations use it."""

    id: str
    user: "User"
    # The key of the account whose second factor is asked for, before anybody is signed in.
    account_to_prove: int


class UserApiRequest(Request):
    user: "User"


# Prefixes of addresses for programs, whatever they accept.
FOR_PROGRAMS = ("/api/", "/otlp/", "/health/", "/metrics")


def asks_for_json(request: HttpRequest) -> bool:
    """Whether the client cannot use a page, such as the script of a chart."""
    if request.path.endswith(".json"):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def wants_json(request: HttpRequest) -> bool:
    """The same, and all clients of addresses for programs."""
    return request.path.startswith(FOR_PROGRAMS) or asks_for_json(request)


def absolute_url(request: HttpRequest | Request, path: str = "") -> str:
    """The address of a path, or of the request itself. It begins with the configured address where there is one,
    because whoever sends a request chooses its Host header."""
    if not settings.BASE_URL:
        return request.build_absolute_uri(path or None)
    return f"{settings.BASE_URL}{path or request.get_full_path()}"
