"""Pages that give access ask first who the user is, if that was not proved lately."""

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
