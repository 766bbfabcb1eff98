"""What a request asks for, and the request as views of signed-in users get it, for type checkers."""

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
    """The same at an endpoint."""

    user: "User"


# Addresses that only programs ask for, whatever they accept.
FOR_PROGRAMS = ("/api/", "/otlp/", "/health/", "/metrics")


def wants_json(request: HttpRequest) -> bool:
    """Whether a page would be of no use to whoever asks: a chart's script, a program."""
    if request.path.startswith(FOR_PROGRAMS) or request.path.endswith(".json"):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
