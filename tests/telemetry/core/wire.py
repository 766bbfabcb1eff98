"""An encoder of remote write 1.0, written from prompb/remote.proto and types.proto, with the liberties
senders take.
"""

import struct

import cramjam

from telemetry.core.labels import encode_field, encode_varint

NOW_MS = 1_795_500_000_000
DAY_MS = 86_400_000


def label(name: str | bytes, value: str | bytes) -> bytes:
    name, value = (text.encode() if isinstance(text, str) else text for text in (name, value))
    return encode_field(0x0A, encode_field(0x0A, name) + encode_field(0x12, value))


def sample(
    value: float | bytes, ts_ms: int, *, explicit_zero: bool = False, time_first: bool = False
) -> bytes:
    bits = value if isinstance(value, bytes) else struct.pack("<d", value)
    number = b"\x09" + bits if explicit_zero or bits != bytes(8) else b""
    time = b"\x10" + encode_varint(ts_ms % 2**64) if ts_ms else b""
    return encode_field(0x12, time + number if time_first else number + time)


def series(labels: dict[str, str] | list[tuple[str | bytes, str | bytes]], *samples: bytes) -> bytes:
    pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
    return b"".join(label(*pair) for pair in pairs) + b"".join(samples)


def request(*all_series: bytes, metadata: bytes = b"") -> bytes:
    return b"".join(encode_field(0x0A, one) for one in all_series) + metadata


def snappy(plain: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(plain))


def metadata(metric: str) -> bytes:
    return encode_field(0x1A, b"\x08\x02" + encode_field(0x12, metric.encode()) + encode_field(0x22, b"help"))


class Symbols:
    """The table of symbols of a remote write 2.0 body, by io/prometheus/write/v2/types.proto."""

    def __init__(self) -> None:
        self.texts: list[bytes] = [b""]

    def ref(self, text: str | bytes) -> int:
        text = text.encode() if isinstance(text, str) else text
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def series(self, labels: dict[str, str] | list[tuple[str | bytes, str | bytes]], *parts: bytes) -> bytes:
        pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
        return refs(*(self.ref(text) for pair in pairs for text in pair)) + b"".join(parts)

    def request(self, *all_series: bytes) -> bytes:
        table = b"".join(encode_field(0x22, text) for text in self.texts)
        return table + b"".join(encode_field(0x2A, one) for one in all_series)


def refs(*numbers: int) -> bytes:
    return encode_field(0x0A, b"".join(map(encode_varint, numbers))) if numbers else b""


def started(one: bytes, start_ms: int) -> bytes:
    """A Sample of 2.0 with its start time."""
    return encode_field(0x12, one[2:] + b"\x18" + encode_varint(start_ms))
