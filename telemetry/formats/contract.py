"""The contract of wire formats: how a body is recognised, how much memory decoding takes, and what comes of it.

A decoder gets the bytes of a body, its headers and the limits, and gives samples as columns with counted refusals; or
it raises a BodyError, and nothing of the body is stored. It knows no database, no clock and no answer over HTTP.
"""

from dataclasses import dataclass, field
from typing import Protocol

from telemetry.core.columns import SampleColumns, TakenTimes
from telemetry.core.labels import KeyCache, LabelLimits
from telemetry.core.table_rules import TableRule


class BodyError(ValueError):
    """A body of which nothing is stored. `reason` is text for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedBody(BodyError):
    """400: empty, truncated, or not of the claimed format."""


class WriteTooLarge(BodyError):
    """413: more bytes or series than one body may have, detected before they are in memory."""


class UnsupportedType(BodyError):
    """415: no format of this address has that Content-Type."""


class UnsupportedEncoding(BodyError):
    """415: this format does not use that Content-Encoding."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    max_decompressed_bytes: int = 32 * 1024 * 1024
    max_series: int = 50_000
    max_samples: int = 1_000_000
    max_series_bytes: int = 1024 * 1024
    labels: LabelLimits = field(default_factory=LabelLimits)


@dataclass(frozen=True, slots=True)
class BodyHeaders:
    """The content type and encoding that a sender states, and the import rule that it names, if it is a table."""

    content_type: str = ""
    content_encoding: str | None = None
    rule: TableRule | None = None

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def parameters(self) -> list[str]:
        """Those of the content type in lower case, without quotes: `charset=utf-8`."""
        return [each.strip().lower().replace('"', "") for each in self.content_type.split(";")[1:]]


class Decoder(Protocol):
    """The functions of a format's module."""

    def check_headers(self, headers: BodyHeaders) -> None:
        """Raise UnsupportedType or UnsupportedEncoding, before anything of the body is read."""

    def needed_bytes(self, head: bytes, size: int, limits: BodyLimits) -> int:
        """The most memory that a body of `size` bytes takes together with what comes out of it, as its first bytes
        say. Where they do not say it, the limit counts."""

    def decode(
        self, body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
    ) -> SampleColumns:
        """Samples inside the window, once the headers are checked. A bad series or sample among good ones is counted
        in `rejected`."""
