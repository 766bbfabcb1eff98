"""The answer of `/api/v1/write` to methods other than POST; telemetry/asgi.py answers POST before Django."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def write(request: HttpRequest) -> JsonResponse:
    detail = "This address accepts POST only: Prometheus remote write 1.0, with the token of a source."
    return JsonResponse({"detail": detail}, status=405, headers={"Allow": "POST"})
