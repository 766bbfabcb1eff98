"""Numbers of OTLP in protobuf as senders usually write them: start, time and value, then what names their series.

SDKs and the Collector write the fields of a point in the order of their numbers. Exemplars, which differ from point to
point, stand before the attributes.
"""

import numpy as np
from numpy.typing import NDArray

from telemetry.formats.otlp.samples import PointColumns

# A field of eight bytes behind its tag.
FIELD_BYTES = 9
_START_TAG, _TIME_TAG = b"\x11", b"\x19"
_DOUBLE_TAG, _INT_TAG = b"\x21", b"\x31"
_VALUE_TAGS = (_DOUBLE_TAG, _INT_TAG)
NO_START = bytes(FIELD_BYTES)
_NUMBER = np.dtype(
    [("", "u1"), ("start_ns", "<u8"), ("", "u1"), ("time_ns", "<u8"), ("tag", "u1"), ("value", "<i8")]
)
_NUMBER_BYTES = _NUMBER.itemsize

EXEMPLAR_TAG_OF_NUMBER = b"\x2a"


def skip_fields(body: bytes, place: int, tag: int) -> tuple[int, int]:
    """The end of fields that have this tag and a length of one or two bytes, from a place on, and their number. A field
    that is cut short ends behind the body."""
    fields, last = 0, len(body) - 2
    while place < last and body[place] == tag:
        length = body[place + 1]
        if length < 0x80:
            place += 2 + length
        elif body[place + 2] < 0x80:
            place += 3 + (length & 0x7F | body[place + 2] << 7)
        else:
            break
        fields += 1
    return place, fields


def cut_exemplars(rest: bytes, place: int, tag: int) -> tuple[bytes, int]:
    """Leave out the exemplars, which begin at a place of what follows a point's numbers, and tell how many they are."""
    end, exemplars = skip_fields(rest, place, tag)
    return (rest[:place] + rest[end:], exemplars) if exemplars and end <= len(rest) else (rest, 0)


def split_number(body: bytes) -> tuple[bytes, bytes]:
    """Start, time and value with their tags, and what follows them; without a head where the order is another."""
    if (
        body[:1] == _START_TAG
        and body[9:10] == _TIME_TAG
        and body[18:19] in _VALUE_TAGS
        and len(body) >= _NUMBER_BYTES
    ):
        return body[:_NUMBER_BYTES], body[_NUMBER_BYTES:]
    short = _NUMBER_BYTES - FIELD_BYTES
    if body[:1] == _TIME_TAG and body[9:10] in _VALUE_TAGS and len(body) >= short:
        return NO_START + body[:short], body[short:]
    return b"", body


def number_columns(heads: list[bytes], exemplars: dict[int, int]) -> PointColumns:
    """The columns of what `split_number` gave; exemplars by the place of their point."""
    rows = np.frombuffer(b"".join(heads), _NUMBER)
    is_double = rows["tag"] == ord(_DOUBLE_TAG)
    values = np.where(is_double, rows["value"].view("<f8"), rows["value"].astype(np.float64))
    return PointColumns.alike(
        rows["start_ns"],
        rows["time_ns"],
        values[:, np.newaxis],
        rising_parts=1,
        is_sound=np.ones(len(heads), np.bool_),
        exemplars=exemplar_column(len(heads), exemplars),
    )


def exemplar_column(points: int, exemplars: dict[int, int]) -> NDArray[np.int64]:
    """The number of exemplars of each point; of those that are not named, none."""
    column = np.zeros(points, np.int64)
    column[list(exemplars)] = list(exemplars.values())
    return column
