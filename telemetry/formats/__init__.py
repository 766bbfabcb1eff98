"""Wire formats: each is one module that decodes it, and one line here that says where it arrives and what it is called.

Nothing outside this folder names a format (tests/architecture/test_telemetry.py).
"""

from telemetry.formats.contract import (
    BodyError,
    BodyHeaders,
    BodyLimits,
    Decoder,
    UnsupportedEncoding,
    UnsupportedType,
    WireFormat,
    WriteTooLarge,
)

__all__ = [
    "FORMATS",
    "BodyError",
    "BodyHeaders",
    "BodyLimits",
    "UnsupportedEncoding",
    "UnsupportedType",
    "WireFormat",
    "WriteTooLarge",
    "addresses",
    "format_of",
    "formats_at",
    "load",
    "names",
]


def _remote_write() -> Decoder:
    from telemetry.formats import remote_write

    return remote_write


FORMATS = (
    WireFormat(
        name="remote write",
        version="1.0",
        maker="Prometheus",
        address="/api/v1/write",
        content_types=("application/x-protobuf", "application/protobuf"),
        load=_remote_write,
    ),
)


def addresses() -> list[str]:
    return sorted({each.address for each in FORMATS})


def load() -> None:
    """Load all decoders now, so that the first body is answered in time."""
    for each in FORMATS:
        each.load()


def formats_at(address: str) -> list[WireFormat]:
    return [each for each in FORMATS if each.address == address]


def format_of(address: str, headers: BodyHeaders) -> WireFormat:
    """The format of a body that arrives at an address. Raises UnsupportedType and UnsupportedEncoding."""
    formats = formats_at(address)
    usual = " or ".join(each.content_types[0] for each in formats)
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


def names() -> str:
    """The formats as a person reads them."""
    return " or ".join(map(str, FORMATS))
