"""The answer of `/api/v1/write` to any method but POST; telemetry/asgi.py answers POST before Django sees it."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def write(request: HttpRequest) -> JsonResponse:
    detail = "This address takes POST: Prometheus remote write 1.0, with the token of a source."
    return JsonResponse({"detail": detail}, status=405, headers={"Allow": "POST"})
