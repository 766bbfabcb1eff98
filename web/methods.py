"""Answer requests whose method the address does not accept.

A view says what it takes (`require_GET`, `require_POST`); what follows is decided here, once for all addresses.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from web import errors
from web.requests import wants_json

type Respond = Callable[[HttpRequest], HttpResponseBase]


class MethodMiddleware:
    """HEAD is answered as GET is, without the body. A method that is not taken never gets an empty page.

    Whoever opens an address that takes only POST, from the history of the browser or after signing in again, is led to
    the page above it, which is that of the object it acts on. The query comes along.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD":
            return self._respond(request)
        request.method = "GET"
        response = self._respond(request)
        request.method = "HEAD"
        if response.streaming:
            # Nobody reads it: what would be read from the database for it is not.
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
    """The nearest address above that leads anywhere: of `/waivers/7/approve/` it is `/waivers/7/`."""
    above = path
    while above != "/":
        above = above.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(above)
        except Resolver404:
            continue
        break
    return above
