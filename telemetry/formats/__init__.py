"""Wire formats: each is one module that decodes it, and one line here that says where it arrives and what it is called.

Nothing outside this folder names a format (tests/architecture/test_telemetry.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from telemetry.formats.answers import Reply, ReplyMaker, WriteAnswer, counting_reply, json_reply, otlp_reply
from telemetry.formats.contract import (
    BodyError,
    BodyHeaders,
    BodyLimits,
    Decoder,
    UnsupportedEncoding,
    UnsupportedType,
    WriteTooLarge,
)
from telemetry.formats.lines import LineSamples

__all__ = [
    "FORMATS",
    "BodyError",
    "BodyHeaders",
    "BodyLimits",
    "LineSamples",
    "UnsupportedEncoding",
    "UnsupportedType",
    "WireFormat",
    "WriteAnswer",
    "WriteTooLarge",
    "addresses",
    "format_of",
    "formats_at",
    "load",
    "read_table",
    "reply_of",
]


@dataclass(frozen=True, slots=True)
class WireFormat:
    """A format as it is registered. Its module is loaded when the first door opens: other processes only need its
    names. Formats of one address share their way to reply."""

    name: str
    version: str
    # Who made it, as people name it.
    maker: str
    address: str
    content_types: tuple[str, ...]
    load: Callable[[], Decoder]
    reply: ReplyMaker = json_reply
    # Samples without a time are taken at their arrival: the same body twice is no repetition.
    dates_on_arrival: bool = False
    # Whether an import rule may say how a body is read.
    takes_rule: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def _remote_write() -> Decoder:
    from telemetry.formats import remote_write

    return remote_write


def _remote_write_2() -> Decoder:
    from telemetry.formats import remote_write_2

    return remote_write_2


def _exposition() -> Decoder:
    from telemetry.formats import exposition

    return exposition


def _csv_table() -> Decoder:
    from telemetry.formats import csv_table

    return csv_table


def _otlp() -> Decoder:
    from telemetry.formats import otlp

    return otlp


def _slurm() -> Decoder:
    from telemetry.formats import slurm

    return slurm


FORMATS = (
    WireFormat(
        name="remote write",
        version="1.0",
        maker="Prometheus",
        address="/api/v1/write",
        content_types=("application/x-protobuf", "application/protobuf"),
        load=_remote_write,
        reply=counting_reply,
    ),
    WireFormat(
        name="remote write",
        version="2.0",
        maker="Prometheus",
        address="/api/v1/write",
        content_types=("application/x-protobuf", "application/protobuf"),
        load=_remote_write_2,
        reply=counting_reply,
    ),
    WireFormat(
        name="text exposition",
        version="0.0.4",
        maker="Prometheus",
        address="/api/telemetry/import/",
        content_types=("text/plain",),
        load=_exposition,
        dates_on_arrival=True,
    ),
    WireFormat(
        name="OpenMetrics",
        version="1.0",
        maker="CNCF",
        address="/api/telemetry/import/",
        content_types=("application/openmetrics-text",),
        load=_exposition,
        dates_on_arrival=True,
    ),
    WireFormat(
        name="CSV of samples",
        version="RFC 4180",
        maker="IETF",
        address="/api/telemetry/import/",
        content_types=("text/csv",),
        load=_csv_table,
        takes_rule=True,
    ),
    WireFormat(
        name="reports of Slurm",
        version="22.05 to 24.11",
        maker="SchedMD",
        address="/api/telemetry/import/",
        content_types=("application/json",),
        load=_slurm,
        dates_on_arrival=True,
    ),
    WireFormat(
        name="OTLP metrics",
        version="1",
        maker="OpenTelemetry",
        address="/otlp/v1/metrics",
        content_types=("application/x-protobuf", "application/json"),
        load=_otlp,
        reply=otlp_reply,
    ),
)


def addresses() -> list[str]:
    return sorted({each.address for each in FORMATS})


def load() -> None:
    """Load all decoders now, so that the first body is answered in time."""
    for each in FORMATS:
        each.load()


def read_table(plain: bytes, headers: BodyHeaders, limits: BodyLimits, samples: LineSamples) -> Iterator[int]:
    """Read a table into `samples` row by row; yields the number of each row's last line. Raises BodyError."""
    from telemetry.formats import csv_table

    return csv_table.read_table(plain, headers, limits, samples)


def formats_at(address: str) -> list[WireFormat]:
    return [each for each in FORMATS if each.address == address]


def format_of(address: str, headers: BodyHeaders) -> WireFormat:
    """The format of a body that arrives at an address. Raises UnsupportedType and UnsupportedEncoding."""
    formats = formats_at(address)
    usual = " or ".join(dict.fromkeys(name for each in formats for name in each.content_types))
    refusal = UnsupportedType(f"Content-Type is not {usual}")
    for each in formats:
        if headers.media_type in each.content_types:
            try:
                each.load().check_headers(headers)
            except UnsupportedType as error:
                # Two versions may share a type and differ in its parameters.
                refusal = error
            else:
                return each
    raise refusal


def reply_of(address: str, answer: WriteAnswer, headers: BodyHeaders) -> Reply:
    """The answer as senders to this address expect it, whether or not their format was found."""
    reply = formats_at(address)[0].reply(answer, headers)
    if answer.retry_after_s is not None:
        reply.headers["retry-after"] = str(answer.retry_after_s)
    return reply
