"""Each request keeps its session in time, and leads whoever needs a second factor by now to where they add one."""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from accounts import sessions
from accounts.models import SecondFactor
from web import clock
from web.requests import wants_json

# Pages for whoever lacks a second factor that is due.
WITHOUT_FACTOR = ("/settings/second-factor/", "/login/", "/logout/", "/health/")


class SessionTimeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        now = clock.now()
        sessions.keep(request.session, now=now)
        due_at = sessions.factor_due_at(request.session)
        if due_at is None or now < due_at or request.path.startswith(WITHOUT_FACTOR):
            return self.get_response(request)
        if SecondFactor.objects.filter(user=request.session.get(SESSION_KEY)).exists():
            # The user added one in another session.
            sessions.note_factor(request.session)
            return self.get_response(request)
        if wants_json(request):
            return JsonResponse(
                {"detail": "Your role needs a second factor. Add one in your settings."}, status=403
            )
        return redirect("second-factor")
