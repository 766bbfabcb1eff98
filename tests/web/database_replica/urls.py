"""The addresses of Muster, and some that a replica fails."""

from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from config.urls import urlpatterns as addresses
from inventory.models import Region
from web.rest.permissions import SignedIn


def _serves() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only'), current_user")
        return ",".join(cursor.fetchone())


def reads(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_serves())


def writes(request: HttpRequest) -> HttpResponse:
    Region.objects.create(name="Written", slug="written")
    return HttpResponse(_serves())


def fails(request: HttpRequest) -> HttpResponse:
    if connection.alias == "replica":
        connection.close()
        raise OperationalError("the connection is lost")
    return HttpResponse(_serves())


@api_view(["GET"])
@permission_classes([SignedIn])
def writes_for_programs(request: Request) -> Response:
    return Response(writes(request).content.decode())


@api_view(["GET"])
@permission_classes([SignedIn])
def reads_for_programs(request: Request) -> Response:
    return Response(_serves())


urlpatterns = [
    *addresses,
    path("reads/", reads),
    path("writes/", writes),
    path("fails/", fails),
    path("settings/reads/", reads),
    path("api/reads/", reads_for_programs),
    path("api/writes/", writes_for_programs),
]
