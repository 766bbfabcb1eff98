"""Answers to a body, and how each format says them over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import orjson

from telemetry.formats.contract import BodyHeaders

# A database returns within moments or not for long; an inbox takes a while to empty.
RETRY_AFTER_S = {429: 5, 503: 1}
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """The outcome of a body. `samples` of it are stored, by this delivery or, if it is a duplicate, by an earlier one,
    which also counted the refused ones."""

    status: int
    detail: str = ""
    samples: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    duplicate: bool = False
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


def _reply(status: int, content_type: str, body: bytes) -> Reply:
    return Reply(status, {"content-type": content_type}, body)
