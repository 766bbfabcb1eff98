"""Bodies that come plain, in gzip or in deflate, read no further than a limit."""

import zlib

from telemetry.formats.contract import (
    BodyHeaders,
    BodyLimits,
    MalformedBody,
    UnsupportedEncoding,
    WriteTooLarge,
)

# zlib's window bits: gzip's frame, and the zlib frame that HTTP calls deflate (RFC 9110 section 8.4.1.2).
_FRAMES = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PLAIN = ("", "identity")
# The densest that deflate becomes (zlib's technical notes).
_DENSEST = 1032
# Each costs a look at all that follows, even if nothing is in it.
_MOST_MEMBERS = 16


def check_encoding(headers: BodyHeaders) -> None:
    encoding = _encoding(headers)
    if encoding not in _PLAIN and encoding not in _FRAMES:
        raise UnsupportedEncoding(
            f"Content-Encoding {headers.content_encoding!r}: send it plain, in gzip or deflate"
        )


def needed_bytes(head: bytes, size: int, limits: BodyLimits) -> int:
    """The most that a body takes plain. Neither frame says at its beginning how much is in it."""
    is_zlib = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    factor = _DENSEST if head[:2] == b"\x1f\x8b" or is_zlib else 1
    return size + min(size * factor, limits.max_decompressed_bytes)


def plain_body(body: bytes, headers: BodyHeaders, limits: BodyLimits) -> bytes:
    most = limits.max_decompressed_bytes
    bits = _FRAMES.get(_encoding(headers))
    plain = body if bits is None else _inflate(body, bits, most)
    if len(plain) > most:
        raise WriteTooLarge(f"more than {most} bytes once decompressed")
    return plain


def _encoding(headers: BodyHeaders) -> str:
    return (headers.content_encoding or "").strip().lower()


def _inflate(body: bytes, bits: int, most: int) -> bytes:
    parts: list[bytes] = []
    left = most + 1
    while body and left > 0:
        if len(parts) == _MOST_MEMBERS:
            raise MalformedBody(f"more than {_MOST_MEMBERS} compressed parts in one body")
        inflating = zlib.decompressobj(bits)
        try:
            parts.append(inflating.decompress(body, left))
        except zlib.error as error:
            raise MalformedBody("not the compression that Content-Encoding states, or damaged") from error
        left -= len(parts[-1])
        if left > 0 and not inflating.eof:
            raise MalformedBody("truncated compression")
        # A gzip body may be several, one after the other.
        body = inflating.unused_data
    return b"".join(parts)
