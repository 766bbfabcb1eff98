"""Gives every request an id, a count, someone to attribute its writes to, and the reader's time zone."""

import time
import uuid
import zoneinfo
from collections.abc import Callable

from django.db import DatabaseError, DataError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from web import errors, metrics, scopes, visibility
from web.actor import acting
from web.requests import FOR_PROGRAMS

type Respond = Callable[[HttpRequest], HttpResponse]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class RequestIdMiddleware:
    """`X-Request-ID` in every response. Always made here: history is filtered by it, so nobody may choose it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = request.META.get("muster.request_id") or str(uuid.uuid4())
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        return response


class MetricsMiddleware:
    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else ""
        metrics.count_request(
            method=str(request.method),
            route=route,
            status=response.status_code,
            seconds=time.perf_counter() - began,
        )
        return response


class RefusalMiddleware:
    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = request.META.get("muster.refusal")
        return errors.refused(request, refusal) if refusal else self.get_response(request)


class ActorMiddleware:
    """Attributes writes to the signed-in user, and shows names and sites as that user may see them.

    A token's user is named later, when the endpoint has checked it.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with visibility.read_by(request), scopes.reading():
            scopes.narrow_to(request.user)
            response = self._attributed(request)
            if response.streaming:
                steps = iter(response.streaming_content)
                response.streaming_content = visibility.read_later(request, steps)
            return response

    def _attributed(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return self._in_zone(request)
        user = request.user if request.user.is_authenticated else None
        with acting(user, request_id=request.id):
            return self._in_zone(request)

    def _in_zone(self, request: HttpRequest) -> HttpResponse:
        # Programs are told UTC, whoever asks; pages speak the reader's zone.
        if request.path.startswith(FOR_PROGRAMS) or not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zone_of(request.user.time_zone)):
            return self.get_response(request)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


class BadValueMiddleware:
    """Answers for values that the database refuses and no view did.

    A value that it cannot take (a null byte, a number beyond its range) is the sender's fault: 400. Whoever writes the
    same as another in one moment is told so: 409. A row outside the writer's sites: 403.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DataError):
            return errors.bad_request(request, exception)
        if isinstance(exception, DatabaseError) and errors.is_conflict(exception):
            return errors.conflict(request)
        if isinstance(exception, DatabaseError) and scopes.is_refusal(exception):
            return errors.outside(request)
        return None
