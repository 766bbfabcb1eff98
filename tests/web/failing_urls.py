"""Addresses that fail in every way, beside the floors that the REST contract is tried on."""

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import IntegrityError
from django.urls import path
from psycopg import errors

from tests.web.rest.urls import urlpatterns as floors
from web.permissions import require


def failing(error):
    def view(request):
        raise error

    return view


def refused_by_the_database(cause):
    error = IntegrityError("the inner workings")
    error.__cause__ = cause
    return error


urlpatterns = [
    *floors,
    path("fails/400", failing(BadRequest("start: must come before end"))),
    path("fails/suspicious", failing(SuspiciousOperation("the secret path /etc"))),
    path("fails/403", failing(PermissionDenied())),
    path("fails/409", failing(refused_by_the_database(errors.UniqueViolation()))),
    path("fails/our-own-fault", failing(refused_by_the_database(errors.NotNullViolation()))),
    path("fails/500", failing(ZeroDivisionError("the inner workings"))),
    path("api/fails/500", failing(ZeroDivisionError("the inner workings"))),
    path("page", require("inventory.view_site", "telemetry.view_source")(lambda request: None)),
    path("chart.json", require("telemetry.view_series")(lambda request: None)),
]

handler400 = "web.errors.bad_request"
handler403 = "web.errors.permission_denied"
handler404 = "web.errors.not_found"
handler500 = "web.errors.server_error"
