"""Redirects `?view=ID`, and a list with a default view, to the view's address."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from web.requests import FOR_PROGRAMS
from web.saved_views.queries import SavedViews
from web.tables.addresses import VIEW


class SavedViewMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        asks = not request.GET or request.GET.get(VIEW, "").isdecimal()
        if request.method != "GET" or not asks or kwargs or request.path.startswith(FOR_PROGRAMS):
            return None
        if not request.user.is_authenticated or not (
            address := SavedViews(request).wanted_address(request.GET)
        ):
            return None
        return HttpResponseRedirect(address)
