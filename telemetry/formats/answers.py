"""Answers to a body, and how each format says them over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import orjson

from telemetry.core.labels import RefusalReason, encode_field, encode_varint
from telemetry.formats.contract import BodyHeaders

# A database returns within moments or not for long; an inbox takes a while to empty.
RETRY_AFTER_S = {429: 5, 503: 1}
JSON = "application/json"
PROTOBUF = "application/x-protobuf"

# google/rpc/code.proto, by status.
_CODES = {400: 3, 401: 16, 403: 7, 408: 4, 413: 8, 415: 3, 429: 8, 500: 13, 503: 14}
_UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """The outcome of a body. `samples` of it are stored, by this delivery or, if it is a duplicate, by an earlier one,
    which also counted the refused ones. `is_decoded` says that refusals are of samples and not of the whole body."""

    status: int
    detail: str = ""
    samples: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    duplicate: bool = False
    is_decoded: bool = False
    # Overrides the usual Retry-After.
    wait_s: float | None = None

    @property
    def stored(self) -> int:
        return 0 if self.duplicate else self.samples

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


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


type ReplyMaker = Callable[[WriteAnswer, BodyHeaders], Reply]


def json_reply(answer: WriteAnswer, headers: BodyHeaders) -> Reply:
    content = answer.says
    return Reply(204) if content is None else _reply(answer.status, JSON, orjson.dumps(content))


def counting_reply(answer: WriteAnswer, headers: BodyHeaders) -> Reply:
    """The answer in JSON with the counts that remote write 2.0 requires on every answer. Histograms and exemplars are
    never written: those of a body are refused by name."""
    reply = json_reply(answer, headers)
    for kind, count in (("samples", answer.samples), ("histograms", 0), ("exemplars", 0)):
        reply.headers[f"x-prometheus-remote-write-{kind}-written"] = str(count)
    return reply


def otlp_reply(answer: WriteAnswer, headers: BodyHeaders) -> Reply:
    """An ExportMetricsServiceResponse, or a Status on errors, in the type of the request."""
    if answer.is_decoded:
        return _otlp_response(answer, headers)
    code = _CODES.get(answer.status, _UNKNOWN)
    if headers.media_type == PROTOBUF:
        status = b"\x08" + encode_varint(code) + encode_field(0x12, answer.detail.encode())
        return _reply(answer.status, PROTOBUF, status)
    return _reply(answer.status, JSON, orjson.dumps({"code": code, "message": answer.detail}))


def _otlp_response(answer: WriteAnswer, headers: BodyHeaders) -> Reply:
    """All of the body was stored, or the answer says how many of its points were not. A point whose exemplars alone
    are not stored is not rejected: then the message is a warning."""
    rejected = sum(count for reason, count in answer.rejected.items() if reason != RefusalReason.EXEMPLAR)
    if headers.media_type == PROTOBUF:
        count = b"\x08" + encode_varint(rejected) if rejected else b""
        partial = count + encode_field(0x12, answer.detail.encode()) if answer.rejected else b""
        return _reply(200, PROTOBUF, encode_field(0x0A, partial) if partial else b"")
    content = {"rejectedDataPoints": str(rejected), "errorMessage": answer.detail}
    return _reply(200, JSON, orjson.dumps({"partialSuccess": content} if answer.rejected else {}))


def _reply(status: int, content_type: str, body: bytes) -> Reply:
    return Reply(status, {"content-type": content_type}, body)
