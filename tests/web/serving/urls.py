"""Addresses whose views show what the server does with them, beside the floors."""

import itertools
import time
from collections.abc import Iterator

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.web.failing_urls import handler400, handler403, handler404, handler500
from tests.web.failing_urls import urlpatterns as failing

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@csrf_exempt
def seen(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "bytes": len(request.body),
            "method": request.method,
            "query": request.GET.dict(),
            "address": request.META.get("HTTP_X_REAL_IP", ""),
        }
    )


def large(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(itertools.repeat(b"x" * 65536, int(request.GET["pieces"])))


PIECES_MADE: list[int] = []


def slow(request: HttpRequest) -> StreamingHttpResponse:
    """An export that takes ten seconds; `PIECES_MADE` has what was made of it."""

    def pieces() -> Iterator[bytes]:
        for number in range(200):
            PIECES_MADE.append(number)
            time.sleep(0.05)
            yield b"x"

    return StreamingHttpResponse(pieces())


def breaks(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(b"x" * 10 if place < 3 else 1 / 0 for place in range(4))


def backend(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('statement_timeout')")
        pid, most = cursor.fetchone()
    return JsonResponse({"pid": pid, "most": most})


def lasts(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [request.GET["seconds"]])
    return HttpResponse("slept")


def computes(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n) FROM generate_series(1, 20000) AS n")
        total = int(cursor.fetchone()[0])
    return JsonResponse({"total": total + sum(place * place for place in range(100_000))})


urlpatterns = [
    *failing,
    path("seen", seen),
    path("large.csv", large),
    path("slow.csv", slow),
    path("breaks", breaks),
    path("backend", backend),
    path("lasts", lasts),
    path("computes", computes),
]
