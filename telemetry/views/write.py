"""The answer of the addresses that take samples to methods other than POST; telemetry/asgi.py answers POST before
Django."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from telemetry import formats


@csrf_exempt
def write(request: HttpRequest) -> JsonResponse:
    names = " or ".join(f"{each.maker} {each}" for each in formats.formats_at(request.path))
    detail = f"This address accepts POST only: {names}, with the token of a source."
    return JsonResponse({"detail": detail}, status=405, headers={"Allow": "POST"})
