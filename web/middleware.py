"""Gives every request an id, a counter, an actor for its writes, and the reader's time zone."""

import time
import uuid
import zoneinfo
from collections.abc import Callable

from django.db import DatabaseError, DataError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.urls import Resolver404, resolve
from django.utils import timezone

from web import errors, metrics, request_ids, scopes, visibility
from web.actor import acting
from web.requests import FOR_PROGRAMS, wants_json

type Respond = Callable[[HttpRequest], HttpResponse]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class RequestIdMiddleware:
    """`X-Request-ID` in every response. It is always made here, because history is filtered by it and nobody may choose
    it."""

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
            request_ids.note_user(request.user.pk)
            response = self._attributed(request)
            if response.streaming:
                steps = iter(response.streaming_content)
                response.streaming_content = visibility.read_later(request, steps)
            return response

    def _attributed(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return self._respond_in_zone(request)
        user = request.user if request.user.is_authenticated else None
        with acting(user, request_id=request.id):
            return self._respond_in_zone(request)

    def _respond_in_zone(self, request: HttpRequest) -> HttpResponse:
        # Programs always get UTC; pages use the reader's zone.
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
    """Responds to database errors that no view handled.

    A value that the database cannot take (a null byte, a number out of range) is the sender's error: 400. A
    simultaneous write of the same: 409. A row outside the writer's sites: 403.
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
            return errors.refused_outside(request, exception)
        return None


class SlashMiddleware(CommonMiddleware):
    """Redirects to the address with a slash in a way that keeps the method, so that a write is sent again.

    Addresses below /health/ answer to any host name: a probe knows only the address of a process.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        return None if request.path.startswith("/health/") else super().process_request(request)

    @staticmethod
    def response_redirect_class(to: str) -> HttpResponsePermanentRedirect:  # type: ignore[override]
        return HttpResponsePermanentRedirect(to, preserve_request=True)


type Answering = Callable[[HttpRequest], HttpResponseBase]


class MethodMiddleware:
    """HEAD is answered like GET, without the body.

    An unsupported method never gets an empty page. Opening a POST-only address, from the browser's history or after
    signing in again, redirects to the page above it, with the query.
    """

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD":
            return self._respond(request)
        request.method = "GET"
        response = self._respond(request)
        request.method = "HEAD"
        if response.streaming:
            # Nobody reads the body, so it causes no queries.
            response.streaming_content = ()  # type: ignore[attr-defined]
        return response

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 405 or not isinstance(response, HttpResponse) or response.content:
            return response
        if request.method == "GET" and not wants_json(request):
            query = request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(page_above(request.path) + (f"?{query}" if query else ""))
        filled = errors.not_allowed(request, response["Allow"])
        response["Content-Type"], response.content = filled["Content-Type"], filled.content
        return response


def page_above(path: str) -> str:
    """The nearest existing page above: for `/waivers/7/approve/` it is `/waivers/7/`."""
    above = path
    while above != "/":
        above = above.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(above)
        except Resolver404:
            continue
        break
    return above
