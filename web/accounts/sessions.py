"""Sessions at the edge: each request keeps its session in time, and what gives access asks who the user is first."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts import sessions
from web import clock

type View = Callable[..., HttpResponseBase]


class SessionTimeMiddleware:
    """Ends sessions whose time is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sessions.keep(request.session, now=clock.now())
        return self.get_response(request)


def confirmed(view: View) -> View:
    """Let in whoever proved lately who they are; others prove it first and come back."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if sessions.is_confirmed(request.session, now=clock.now()):
            return view(request, *args, **kwargs)
        if request.method == "POST":
            messages.warning(request, "Nothing was saved yet. Confirm who you are, then do it again.")
        return redirect(f"{reverse('confirm')}?next={quote(request.get_full_path())}")

    return checked
