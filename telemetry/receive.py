"""Prometheus remote write: deliveries and answers.

No HTTP server's types here: see asgi.py. A sender retries after 429 and 5xx and gives up after any other 4xx (remote
write 1.0 specification), so only transient errors may look temporary: a full inbox, too many requests at once, an
unavailable database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError

from accounts.models import Token
from accounts.operations import TOKEN_KEYWORDS, authenticate_token
from accounts.throttling import bad_tokens
from telemetry import ingest
from telemetry.core import remote_write
from telemetry.core.labels import KeyCache
from telemetry.core.remote_write import BodyError, UnsupportedEncoding, WriteTooLarge
from telemetry.models import Source
from telemetry.series_limits import SeriesLimits

# A database returns within moments or not for long; an inbox takes a while to empty.
RETRY_AFTER_S = {429: 5, 503: 1}
# How long a valid token is cached: revoking or pausing may take this long to have effect.
REMEMBERED = timedelta(seconds=5)
MOST_REMEMBERED = 1000
UNKNOWN_TOKEN = "unknown, expired or revoked token"
_VERSION_2 = "io.prometheus.write.v2.request"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The facts known about a request before its body is read. `address` is the peer's."""

    authorization: str = ""
    content_type: str = ""
    content_encoding: str | None = None
    declared_bytes: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    status: int
    detail: str = ""
    stored: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    # The first delivery already stored the good samples and counted the refused ones.
    duplicate: bool = False
    # Overrides the usual Retry-After.
    wait_s: float | None = None

    @property
    def says(self) -> dict[str, Any] | None:
        if self.status == 204:
            return None
        if not self.rejected:
            return {"detail": self.detail}
        return {
            "detail": self.detail,
            "stored": self.stored,
            "rejected": dict(self.rejected),
            "examples": dict(self.examples),
        }

    @property
    def retry_after_s(self) -> int | None:
        return RETRY_AFTER_S.get(self.status) if self.wait_s is None else ceil(self.wait_s)


class WriteRefused(Exception):
    """A whole body is refused. `counted` is its reason on the ingest page, if it is counted."""

    def __init__(self, status: int, detail: str, counted: str = "", wait_s: float | None = None) -> None:
        super().__init__(detail)
        rejected, examples = ({counted: 1}, {counted: detail}) if counted else ({}, {})
        self.answer = WriteAnswer(status, detail, rejected=rejected, examples=examples, wait_s=wait_s)


class Senders:
    """Senders by token. Valid tokens are cached for a moment, refusals never."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, Source]] = {}

    def remembered(self, authorization: str, now: datetime) -> Source | None:
        until, source = self._known.get(authorization, (None, None))
        return source if until is not None and now < until <= now + REMEMBERED else None

    def of(self, delivery: Delivery, now: datetime) -> Source:
        scheme, _, plain = delivery.authorization.partition(" ")
        plain = plain.strip()
        if scheme.lower() not in TOKEN_KEYWORDS or not plain:
            raise WriteRefused(401, "no token: send Authorization: Bearer <token>")
        source = self._authenticate(plain, delivery.address, now)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[delivery.authorization] = now + REMEMBERED, source
        return source

    def _authenticate(self, plain: str, address: str, now: datetime) -> Source:
        if wait_s := bad_tokens.wait_s(address, plain):
            raise WriteRefused(429, "too many unknown tokens came from this address", wait_s=wait_s)
        token = authenticate_token(plain, now=now)
        if token is None:
            bad_tokens.failed(address, plain)
            raise WriteRefused(401, UNKNOWN_TOKEN)
        bad_tokens.passed(plain)
        source = Source.objects.filter(token=token).first()
        if token.scope != Token.Scope.INGEST or source is None:
            raise WriteRefused(403, "this token does not belong to a telemetry source")
        if source.paused:
            raise WriteRefused(403, f"source {source.name} is paused")
        return source


_senders = Senders()
_key_cache = KeyCache()
_series_limits = SeriesLimits()


def remembered_sender(delivery: Delivery, *, now: datetime) -> Source | None:
    return _senders.remembered(delivery.authorization, now)


def sender_of(delivery: Delivery, *, now: datetime) -> Source:
    return _senders.of(delivery, now)


def check_headers(delivery: Delivery, *, now: datetime) -> None:
    _check_type(delivery.content_type)
    try:
        remote_write.check_encoding(delivery.content_encoding)
    except UnsupportedEncoding as error:
        raise WriteRefused(415, error.reason, "unsupported_encoding") from error
    if delivery.declared_bytes > settings.TELEMETRY_BODY_BYTES:
        raise too_large()
    if ingest.inbox_is_full.just_seen(now):
        raise WriteRefused(429, "the inbox is full")


def too_large() -> WriteRefused:
    return WriteRefused(413, f"more than {settings.TELEMETRY_BODY_BYTES} bytes", "body_too_large")


def needed_bytes(head: bytes, size: int) -> int:
    return size + min(remote_write.decompressed_bytes(head), settings.TELEMETRY_DECODED_BYTES)


def take(delivery: Delivery, source: Source, file: IO[bytes], *, now: datetime) -> WriteAnswer:
    file.seek(0)
    try:
        if ingest.inbox_is_full(now):
            raise WriteRefused(429, "the inbox is full")
        return _take(source, file.read(), delivery.content_encoding, now)
    except WriteRefused as refusal:
        return count_refusal(refusal, source, now=now)
    except IntegrityError:
        if not _is_deleted(source):
            raise
        return WriteRefused(401, UNKNOWN_TOKEN).answer


def count_refusal(refusal: WriteRefused, source: Source, *, now: datetime) -> WriteAnswer:
    answer = refusal.answer
    if answer.rejected:
        try:
            ingest.refuse(source=source, refused=answer.rejected, examples=answer.examples, now=now)
        except IntegrityError:
            if not _is_deleted(source):
                raise
    return answer


def _is_deleted(source: Source) -> bool:
    """Whether it was deleted while its token was still cached."""
    return not Source.objects.filter(pk=source.pk).exists()


def _take(source: Source, body: bytes, encoding: str | None, now: datetime) -> WriteAnswer:
    try:
        limits = remote_write.BodyLimits(max_decompressed_bytes=settings.TELEMETRY_DECODED_BYTES)
        columns = remote_write.decode(
            body, encoding=encoding, window=ingest.window(now), limits=limits, cache=_key_cache
        )
    except WriteTooLarge as error:
        raise WriteRefused(413, error.reason, "body_too_large") from error
    except BodyError as error:
        raise WriteRefused(400, error.reason, "malformed_body") from error
    columns = _series_limits.let_in(columns, source=source, now=now)
    receipt = ingest.accept(source=source, columns=columns, now=now, body=body)
    stored = 0 if receipt.duplicate else receipt.samples
    rejected = columns.rejected
    if not rejected.total:
        return WriteAnswer(204, stored=stored, duplicate=receipt.duplicate)
    # Not 2xx, so that the sender notices; not 5xx, so that it does not resend the good samples for ever.
    detail = f"{'sent before: ' if receipt.duplicate else ''}{rejected.message()}"
    return WriteAnswer(400, detail, stored, rejected.counts, rejected.examples, receipt.duplicate)


def _check_type(content_type: str) -> None:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind not in ("application/x-protobuf", "application/protobuf"):
        raise WriteRefused(415, "Content-Type is not application/x-protobuf", "wrong_content_type")
    if f"proto={_VERSION_2}" in (parameter.replace('"', "") for parameter in parameters):
        # A 2.0 sender falls back to 1.0 after this answer.
        raise WriteRefused(415, "remote write 2.0 is not supported: send 1.0", "wrong_content_type")
