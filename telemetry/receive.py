"""Prometheus remote write: what a sender delivers, and what it is told. No HTTP server's types here: the Django view
(views/write.py) and the short path under ASGI (asgi.py) both end in `answer`.

A sender retries after 429 and 5xx and gives up after any other 4xx (remote write 1.0 specification), so only a full
inbox or an absent database may look temporary.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError

from accounts.models import Token
from accounts.operations import authenticate_token
from telemetry import ingest
from telemetry.core.formats import remote_write
from telemetry.core.formats.errors import BodyError, BodyTooLarge, UnsupportedEncoding
from telemetry.core.labels import KeyCache
from telemetry.models import Source

RETRY_AFTER_S = 5
# How long a token that was good is taken without asking again: what revoking or pausing may lag behind.
REMEMBERED = timedelta(seconds=5)
MOST_REMEMBERED = 1000
_VERSION_2 = "io.prometheus.write.v2.request"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was sent. `body` is None when there was more of it than is taken."""

    authorization: str = ""
    content_type: str = ""
    content_encoding: str | None = None
    body: bytes | None = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and what to say with it as JSON, if anything."""

    status: int
    says: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


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

    def of(self, authorization: str, now: datetime) -> Source:
        scheme, _, plain = authorization.partition(" ")
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


def answer(delivery: Delivery, *, now: datetime) -> Answer:
    """Take what can be taken, and say how it went."""
    source = None
    try:
        source = _senders.of(delivery.authorization, now)
        _check_type(delivery.content_type)
        if delivery.body is None:
            raise Refusal(413, f"more than {settings.TELEMETRY_BODY_BYTES} bytes", "body_too_large")
        if ingest.inbox_is_full(now):
            raise Refusal(429, "the inbox is full")
        return _take(source, delivery.body, delivery.content_encoding, now)
    except Refusal as refusal:
        if source is not None and refusal.counted:
            example = {refusal.counted: refusal.reason}
            ingest.refuse(source=source, refused={refusal.counted: 1}, examples=example, now=now)
        return _refused(refusal)
    except (OperationalError, InterfaceError):
        return _refused(Refusal(503, "the database is away"))


def _take(source: Source, body: bytes, encoding: str | None, now: datetime) -> Answer:
    try:
        limits = remote_write.BodyLimits(max_decompressed_bytes=settings.TELEMETRY_DECODED_BYTES)
        columns = remote_write.decode(
            body, encoding=encoding, window=ingest.window(now), limits=limits, cache=_key_cache
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
        says = {"detail": rejected.message(), "stored": receipt.samples, "rejected": rejected.counts}
        return Answer(400, says)
    return Answer(204)


def _check_type(content_type: str) -> None:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind not in ("application/x-protobuf", "application/protobuf"):
        raise Refusal(415, "Content-Type is not application/x-protobuf", "wrong_content_type")
    if f"proto={_VERSION_2}" in (parameter.replace('"', "") for parameter in parameters):
        # A 2.0 sender that is told so falls back to 1.0.
        raise Refusal(415, "remote write 2.0 is not taken here: send 1.0", "wrong_content_type")


def _refused(refusal: Refusal) -> Answer:
    headers = {"Retry-After": str(RETRY_AFTER_S)} if refusal.status in (429, 503) else {}
    return Answer(refusal.status, {"detail": refusal.reason}, headers)
