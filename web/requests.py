"""The request as views of signed-in users get it, for type checkers."""

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
