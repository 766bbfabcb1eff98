"""`POST /api/v1/write` as a Django view. Under ASGI a shorter path takes the same requests (telemetry.asgi)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from telemetry.receive import Delivery, answer
from web.clock import now


@csrf_exempt
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    try:
        body = request.read(settings.TELEMETRY_BODY_BYTES + 1)
    except UnreadablePostError:
        return JsonResponse({"detail": "the body broke off"}, status=400)
    delivery = Delivery(
        authorization=request.headers.get("Authorization", ""),
        content_type=request.headers.get("Content-Type", ""),
        content_encoding=request.headers.get("Content-Encoding"),
        body=body if len(body) <= settings.TELEMETRY_BODY_BYTES else None,
    )
    found = answer(delivery, now=now())
    if found.says is None:
        return HttpResponse(status=found.status, headers=found.headers)
    return JsonResponse(found.says, status=found.status, headers=found.headers)
