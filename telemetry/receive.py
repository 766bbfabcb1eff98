"""Deliveries of samples, and their answers.

No HTTP server's types here: see asgi.py; no format: see formats/. A sender retries after 429 and 5xx and gives up after
any other 4xx, so only transient errors may look temporary: a full inbox, too many requests at once, an unavailable
database.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.db import IntegrityError

from accounts.models import Token
from accounts.operations import TOKEN_KEYWORDS, authenticate_token
from accounts.throttling import bad_tokens
from telemetry import formats, ingest
from telemetry.core.columns import SampleColumns
from telemetry.core.import_rules import BadImportRule
from telemetry.core.labels import KeyCaches
from telemetry.core.table_rules import TableRule
from telemetry.formats import (
    BodyError,
    BodyHeaders,
    BodyLimits,
    UnsupportedEncoding,
    UnsupportedType,
    WireFormat,
    WriteAnswer,
    WriteTooLarge,
)
from telemetry.imports.models import NAME as RULE_NAME
from telemetry.models import ImportRule, Source
from telemetry.series_limits import SeriesLimits
from web import disk
from web.security_log.doors import note_bad_token

# Somebody has to make space.
FULL_DISK_WAIT_S = 30
# How long a valid token is cached: revoking or pausing may take this long to have effect.
REMEMBERED = timedelta(seconds=5)
MOST_REMEMBERED = 1000
UNKNOWN_TOKEN = "unknown, expired or revoked token"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The facts known about a request before its body is read. `path` is the door's address, `address` the peer's,
    `rule` the name of the import rule that the body is to be read by, `parameters` the names in the address."""

    path: str
    headers: BodyHeaders
    authorization: str = ""
    declared_bytes: int = 0
    address: str = ""
    rule: str = ""
    parameters: tuple[str, ...] = ()


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

    def identify(self, delivery: Delivery, now: datetime) -> Source:
        scheme, _, plain = delivery.authorization.partition(" ")
        plain = plain.strip()
        if scheme.lower() not in TOKEN_KEYWORDS or not plain:
            raise WriteRefused(401, "no token: send Authorization: Bearer <token>")
        source = self._authenticate(plain, delivery, now)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[delivery.authorization] = now + REMEMBERED, source
        return source

    def _authenticate(self, plain: str, delivery: Delivery, now: datetime) -> Source:
        address, place = delivery.address, delivery.path
        if wait_s := bad_tokens.wait_s(address, plain):
            note_bad_token(address=address, place=place, is_unchecked=True, now=now)
            raise WriteRefused(429, "too many unknown tokens came from this address", wait_s=wait_s)
        token = authenticate_token(plain, now=now)
        if token is None:
            bad_tokens.failed(address, plain)
            note_bad_token(address=address, place=place, is_unchecked=False, now=now)
            raise WriteRefused(401, UNKNOWN_TOKEN)
        bad_tokens.passed(plain)
        source = Source.objects.filter(token=token).first()
        if token.scope != Token.Scope.INGEST or source is None:
            raise WriteRefused(403, "this token does not belong to a telemetry source")
        if source.paused:
            raise WriteRefused(403, f"source {source.name} is paused")
        return source


_senders = Senders()
_key_caches = KeyCaches()
_series_limits = SeriesLimits()


def remembered_sender(delivery: Delivery, *, now: datetime) -> Source | None:
    return _senders.remembered(delivery.authorization, now)


def sender_of(delivery: Delivery, *, now: datetime) -> Source:
    return _senders.identify(delivery, now)


def check_headers(delivery: Delivery, *, now: datetime) -> WireFormat:
    try:
        wire_format = formats.format_of(delivery.path, delivery.headers)
    except UnsupportedType as error:
        raise WriteRefused(415, error.reason, "wrong_content_type") from error
    except UnsupportedEncoding as error:
        raise WriteRefused(415, error.reason, "unsupported_encoding") from error
    _check_parameters(delivery)
    if delivery.rule and not wire_format.takes_rule:
        raise WriteRefused(400, f"no import rule reads {delivery.headers.media_type}", "malformed_body")
    if delivery.declared_bytes > settings.TELEMETRY_BODY_BYTES:
        raise too_large()
    if ingest.inbox_is_full.just_seen(now):
        raise WriteRefused(429, ingest.inbox_is_full.reason)
    if disk.is_full(now):
        raise WriteRefused(429, "Muster's disk is nearly full", wait_s=FULL_DISK_WAIT_S)
    return wire_format


def _check_parameters(delivery: Delivery) -> None:
    """A misspelt rule= would have a file read without its rule. Other addresses take no parameters, and what senders
    add to them for systems on the way is no mistake."""
    takes_rule = any(each.takes_rule for each in formats.formats_at(delivery.path))
    unknown_names = [name[:50] for name in delivery.parameters if name != "rule"]
    if takes_rule and unknown_names:
        reason = f"unknown parameter {', '.join(unknown_names[:5])}: this address takes rule= alone"
        raise WriteRefused(400, reason, "malformed_body")


def too_large() -> WriteRefused:
    return WriteRefused(413, f"more than {settings.TELEMETRY_BODY_BYTES} bytes", "body_too_large")


def needed_bytes(wire_format: WireFormat, head: bytes, size: int) -> int:
    return wire_format.load().needed_bytes(head, size, _limits())


def take(
    delivery: Delivery, wire_format: WireFormat, source: Source, file: IO[bytes], *, now: datetime
) -> WriteAnswer:
    file.seek(0)
    try:
        if ingest.inbox_is_full(now):
            raise WriteRefused(429, ingest.inbox_is_full.reason)
        headers = delivery.headers
        if delivery.rule:
            headers = replace(headers, rule=_table_rule(source, delivery.rule))
        return take_body(source, file.read(), wire_format, headers, now=now)
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


def _limits() -> BodyLimits:
    return BodyLimits(max_decompressed_bytes=settings.TELEMETRY_DECODED_BYTES)


def _table_rule(source: Source, name: str) -> TableRule:
    if not re.fullmatch(RULE_NAME, name):
        raise WriteRefused(
            400, "rule= names an import rule by small letters, digits and hyphens", "malformed_body"
        )
    rule = ImportRule.objects.select_related("source").filter(source=source, name=name).first()
    if rule is None:
        raise WriteRefused(400, f"source {source.name} has no import rule {name[:50]}", "malformed_body")
    try:
        return rule.table_rule
    except BadImportRule as error:
        # An upgrade may have taken a metric or a unit that the rule names.
        raise WriteRefused(400, f"import rule {name}: {error}", "malformed_body") from error


def let_in(columns: SampleColumns, *, source: Source, now: datetime) -> SampleColumns:
    """Leave out samples of new series that are too many for the source."""
    return _series_limits.let_in(columns, source=source, now=now)


def take_body(
    source: Source, body: bytes, wire_format: WireFormat, headers: BodyHeaders, *, now: datetime
) -> WriteAnswer:
    """Raises WriteRefused."""
    try:
        columns = wire_format.load().decode(
            body,
            headers,
            window=ingest.window(now),
            limits=_limits(),
            cache=_key_caches.cache_of(wire_format.name),
        )
    except WriteTooLarge as error:
        raise WriteRefused(413, error.reason, "body_too_large") from error
    except BodyError as error:
        raise WriteRefused(400, error.reason, "malformed_body") from error
    columns = let_in(columns, source=source, now=now)
    # Under a rule that has changed, the same file is other samples.
    is_known_by_body = not wire_format.dates_on_arrival and headers.rule is None
    receipt = ingest.accept(source=source, columns=columns, now=now, body=body if is_known_by_body else None)
    rejected = columns.rejected
    if not rejected.total:
        return WriteAnswer(204, samples=receipt.samples, duplicate=receipt.duplicate, is_decoded=True)
    # Not 2xx, so that the sender notices; not 5xx, so that it does not resend the good samples for ever.
    detail = f"{'sent before: ' if receipt.duplicate else ''}{rejected.message()}"
    return WriteAnswer(
        400, detail, receipt.samples, rejected.counts, rejected.examples, receipt.duplicate, is_decoded=True
    )
