"""Prometheus' text exposition 0.0.4 and OpenMetrics 1.0: the text that exporters show at /metrics, pushed as it is.

Each line is read for itself: one that is no sample is refused by its number, and the others are stored. Comments are
skipped; exemplars are refused by name. A sample without a time is taken at its arrival. Sources: prometheus/docs,
instrumenting/exposition_formats.md; prometheus/OpenMetrics, specification/OpenMetrics.md.
"""

import math
import re
from collections.abc import Callable

from telemetry.core.columns import SampleColumns, TakenTimes
from telemetry.core.labels import NAME, BadSeries, KeyCache, RefusalReason
from telemetry.core.table_cells import LineError
from telemetry.formats.compression import check_encoding, needed_bytes, plain_body
from telemetry.formats.contract import BodyHeaders, BodyLimits, MalformedBody, UnsupportedType, WriteTooLarge
from telemetry.formats.lines import LineSamples, show

__all__ = ["MEDIA_TYPES", "check_headers", "decode", "needed_bytes"]

OPEN_METRICS = "application/openmetrics-text"
_VERSIONS = {"text/plain": ("0.0.4", "1.0.0"), OPEN_METRICS: ("1.0.0", "0.0.1")}
MEDIA_TYPES = _VERSIONS.keys()

# Repetitions are possessive: a line is read once, however it is made.
_NAME = rb"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_TEXT = rb'"(?:[^"\\]|\\.)*+"'
_SPACE = rb"[ \t]*+"
_ITEM = rb"(?:(?:" + _NAME + rb"|" + _TEXT + rb")" + _SPACE + rb"=" + _SPACE + _TEXT + rb"|" + _TEXT + rb")"
_MORE = rb"(?:" + _SPACE + rb"," + _SPACE + _ITEM + rb")*+"
_LABELS = rb"\{" + _SPACE + rb"(?:" + _ITEM + _MORE + _SPACE + rb",?+" + _SPACE + rb")?+\}"
# What names the series, the value, the time, and an exemplar.
_SAMPLE = re.compile(
    _SPACE + rb"((?:" + _NAME + rb")?+" + _SPACE + rb"(?:" + _LABELS + rb")?+)" + _SPACE + rb"(?<=[ \t}])"
    rb"([^ \t#{}]++)(?:[ \t]++([^ \t#{}]++))?+" + _SPACE + rb"(#" + _SPACE + rb"\{.*)?+\Z"
)
_PART = re.compile(
    rb"(" + _NAME + rb"|" + _TEXT + rb")" + _SPACE + rb"=" + _SPACE + rb"(" + _TEXT + rb")|(" + _TEXT + rb")"
)
_NUMBER = re.compile(
    rb"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|infinity|nan)\Z", re.IGNORECASE
)
_WHOLE = re.compile(rb"[+-]?\d{1,18}\Z")
_ESCAPES = {b"\\\\": b"\\", b'\\"': b'"', b"\\n": b"\n"}
_ESCAPE = re.compile(rb"\\.")
_MOST_SECONDS = 1e12


def check_headers(headers: BodyHeaders) -> None:
    versions = [each.partition("=")[2].strip() for each in headers.parameters if each.startswith("version")]
    taken = _VERSIONS[headers.media_type]
    if any(version not in taken for version in versions):
        raise UnsupportedType(
            f"version {', '.join(versions)} of {headers.media_type}: send {' or '.join(taken)}"
        )
    check_encoding(headers)


def decode(
    body: bytes, headers: BodyHeaders, *, window: TakenTimes, limits: BodyLimits, cache: KeyCache
) -> SampleColumns:
    plain = plain_body(body, headers, limits)
    if not plain:
        raise MalformedBody("empty body")
    if plain.count(b"\n") >= 2 * limits.max_samples:
        raise WriteTooLarge(f"more than {2 * limits.max_samples} lines")
    lines = plain.split(b"\n")
    if headers.media_type == OPEN_METRICS:
        lines = _cut_end(lines)
        read_time = _read_seconds
    else:
        read_time = _read_milliseconds
    samples = LineSamples(window, limits, cache)
    for number, line in enumerate(lines, 1):
        sample = line.strip(b" \t\r")
        if not sample or sample.startswith(b"#"):
            continue
        if len(sample) > limits.max_series_bytes:
            example = f"{len(sample)} bytes, more than {limits.max_series_bytes}"
            samples.refuse(number, RefusalReason.SERIES_TOO_LARGE, example)
            continue
        try:
            _read_sample(number, sample, samples, read_time, window.now_ms)
        except LineError as error:
            samples.refuse(number, RefusalReason.BAD_LINE, str(error))
        except BadSeries as error:
            samples.refuse(number, error.reason, error.example)
    return samples.columns()


def _cut_end(lines: list[bytes]) -> list[bytes]:
    """The lines before `# EOF`, without which a body is not whole."""
    while lines and not lines[-1].strip():
        lines.pop()
    ends = [number for number, line in enumerate(lines, 1) if line.rstrip(b"\r") == b"# EOF"]
    if not ends:
        raise MalformedBody("no # EOF at the end: the body is not whole")
    if ends[0] < len(lines):
        raise MalformedBody(f"line {ends[0] + 1}: goes on after # EOF")
    return lines[:-1]


def _read_sample(
    number: int, line: bytes, samples: LineSamples, read_time: Callable[[bytes], int], arrival_ms: int
) -> None:
    match = _SAMPLE.match(line)
    if match is None:
        raise LineError(f"no name, labels and value: {show(line)}")
    series, value, time, exemplar = match.groups()
    key = samples.key(series, lambda: _label_pairs(series))
    samples.add(number, key, arrival_ms if time is None else read_time(time), _read_value(value))
    if exemplar:
        samples.refuse(number, RefusalReason.EXEMPLAR, show(exemplar))


def _label_pairs(series: bytes) -> list[tuple[bytes, bytes]]:
    name, brace, labels = series.partition(b"{")
    pairs = [(NAME.encode(), name.strip())] if name.strip() else []
    for label, value, quoted_name in _PART.findall(labels) if brace else ():
        pairs.append(
            (NAME.encode(), _unquoted(quoted_name)) if quoted_name else (_unquoted(label), _unquoted(value))
        )
    return pairs


def _unquoted(text: bytes) -> bytes:
    if not text.startswith(b'"'):
        return text
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[0], match[0]), text[1:-1])


def _read_value(text: bytes) -> float:
    if not _NUMBER.match(text):
        raise LineError(f"no number: {show(text)}")
    value = float(text)
    if math.isinf(value) and b"inf" not in text.lower():
        raise LineError(f"a number too large: {show(text)}")
    return value


def _read_milliseconds(text: bytes) -> int:
    if not _WHOLE.match(text):
        raise LineError(f"no time in whole milliseconds since 1970: {show(text)}")
    return int(text)


def _read_seconds(text: bytes) -> int:
    seconds = _read_value(text)
    if not abs(seconds) < _MOST_SECONDS:
        raise LineError(f"no time in seconds since 1970: {show(text)}")
    return round(seconds * 1000)
