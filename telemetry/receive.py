"""`POST /api/v1/write`: Prometheus remote write. What a sender sends, and what it is told.

A sender retries after 429 and 5xx and gives up after any other 4xx (remote write 1.0 specification), so only a full
inbox or an absent database may look temporary.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import Token
from accounts.operations import authenticate_token
from telemetry import ingest
from telemetry.core.formats import remote_write
from telemetry.core.formats.errors import BodyError, BodyTooLarge, UnsupportedEncoding
from telemetry.core.labels import KeyCache
from telemetry.models import Source
from web.clock import now as clock_now

RETRY_AFTER_S = 5
# How long a token that was good is taken without asking again: what revoking or pausing may lag behind.
REMEMBERED = timedelta(seconds=5)
MOST_REMEMBERED = 1000
_VERSION_2 = "io.prometheus.write.v2.request"


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is not 2xx. `counted` is the reason under which the ingest page counts it, if it does."""

    status: int
    reason: str
    counted: str = ""


class Senders:
    """Who sends, by token. Good tokens are remembered for a moment, refusals never are."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, Source]] = {}

    def of(self, request: HttpRequest, now: datetime) -> Source:
        scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "token") or not plain:
            raise Refusal(401, "no token: send Authorization: Bearer <token>")
        until, source = self._known.get(plain, (None, None))
        if until is None or source is None or not now < until <= now + REMEMBERED:
            source = self._authenticate(plain.strip(), now)
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[plain] = now + REMEMBERED, source
        return source

    def _authenticate(self, plain: str, now: datetime) -> Source:
        token = authenticate_token(plain, now=now)
        if token is None:
            raise Refusal(401, "unknown, expired or revoked token")
        source = Source.objects.filter(token=token).first()
        if token.scope != Token.Scope.INGEST or source is None:
            raise Refusal(403, "this token is not that of a telemetry source")
        if source.paused:
            raise Refusal(403, f"source {source.name} is paused")
        return source


_senders = Senders()
_key_cache = KeyCache()


@csrf_exempt
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    now = clock_now()
    source = None
    try:
        source = _senders.of(request, now)
        _check_headers(request)
        if ingest.inbox_is_full(now):
            raise Refusal(429, "the inbox is full")
        return _take(source, _body(request), request.headers.get("Content-Encoding"), now)
    except Refusal as refusal:
        if source is not None and refusal.counted:
            _count(source, refusal, now)
        return _answer(refusal)
    except (OperationalError, InterfaceError):
        return _answer(Refusal(503, "the database is away"))


def _take(source: Source, body: bytes, encoding: str | None, now: datetime) -> HttpResponse:
    try:
        columns = remote_write.decode(
            body, encoding=encoding, window=ingest.window(now), limits=_limits(), cache=_key_cache
        )
    except BodyTooLarge as error:
        raise Refusal(413, error.reason, "body_too_large") from error
    except UnsupportedEncoding as error:
        raise Refusal(415, error.reason, "unsupported_encoding") from error
    except BodyError as error:
        raise Refusal(400, error.reason, "malformed_body") from error
    receipt = ingest.accept(source=source, columns=columns, now=now, body=body)
    rejected = columns.rejected
    if rejected.total and not receipt.duplicate:
        # Not 2xx, so that the sender notices; not 5xx, so that it does not send the good ones for ever.
        return JsonResponse(
            {"detail": rejected.message(), "stored": receipt.samples, "rejected": rejected.counts}, status=400
        )
    return HttpResponse(status=204)


def _check_headers(request: HttpRequest) -> None:
    kind, *parameters = (part.strip().lower() for part in request.headers.get("Content-Type", "").split(";"))
    if kind not in ("application/x-protobuf", "application/protobuf"):
        raise Refusal(415, "Content-Type is not application/x-protobuf", "wrong_content_type")
    if f"proto={_VERSION_2}" in (parameter.replace('"', "") for parameter in parameters):
        # A 2.0 sender that is told so falls back to 1.0.
        raise Refusal(415, "remote write 2.0 is not taken here: send 1.0", "wrong_content_type")
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > settings.TELEMETRY_BODY_BYTES:
        raise Refusal(413, _too_large(), "body_too_large")


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.read(settings.TELEMETRY_BODY_BYTES + 1)
    except UnreadablePostError as error:
        raise Refusal(400, "the body broke off") from error
    if len(body) > settings.TELEMETRY_BODY_BYTES:
        raise Refusal(413, _too_large(), "body_too_large")
    return body


def _too_large() -> str:
    return f"more than {settings.TELEMETRY_BODY_BYTES} bytes"


def _limits() -> remote_write.BodyLimits:
    return remote_write.BodyLimits(max_decompressed_bytes=settings.TELEMETRY_DECODED_BYTES)


def _count(source: Source, refusal: Refusal, now: datetime) -> None:
    ingest.refuse(
        source=source, refused={refusal.counted: 1}, examples={refusal.counted: refusal.reason}, now=now
    )


def _answer(refusal: Refusal) -> HttpResponse:
    response = JsonResponse({"detail": refusal.reason}, status=refusal.status)
    if refusal.status in (429, 503):
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response
