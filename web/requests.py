"""Reads what a request asks for, and the request as views of signed-in users get it, for type checkers."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.request import Request

if TYPE_CHECKING:
    from accounts.models import User


class UserRequest(HttpRequest):
    """A request of somebody who is signed in, with the id that history is filtered by. Only annotations name it."""

    id: str
    user: "User"


class UserApiRequest(Request):
    user: "User"


# Addresses of programs, whatever they accept.
FOR_PROGRAMS = ("/api/", "/otlp/", "/health/", "/metrics")


def asks_for_json(request: HttpRequest) -> bool:
    """Whether a page would be of no use to whoever asks, such as the script of a chart."""
    if request.path.endswith(".json"):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def wants_json(request: HttpRequest) -> bool:
    """The same, and whoever comes to an address of programs, where few pages are."""
    return request.path.startswith(FOR_PROGRAMS) or asks_for_json(request)
