"""Addresses that fail in every way, beside the floors that the REST contract is tried on."""

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.urls import path

from tests.web.rest.urls import urlpatterns as floors
from web.permissions import require


def failing(error):
    def view(request):
        raise error

    return view


urlpatterns = [
    *floors,
    path("fails/400", failing(BadRequest("start: must come before end"))),
    path("fails/suspicious", failing(SuspiciousOperation("the secret path /etc"))),
    path("fails/403", failing(PermissionDenied())),
    path("fails/500", failing(ZeroDivisionError("the inner workings"))),
    path("api/fails/500", failing(ZeroDivisionError("the inner workings"))),
    path("page", require("inventory.view_site", "telemetry.view_source")(lambda request: None)),
    path("chart.json", require("telemetry.view_series")(lambda request: None)),
]

handler400 = "web.errors.bad_request"
handler403 = "web.errors.permission_denied"
handler404 = "web.errors.not_found"
handler500 = "web.errors.server_error"
