"""sockperf's text. A percentile counts only with enough observations behind it: each file says how many."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from readiness.evidence.core.documents import counted, is_loopback, lines_of, text_of, tidy, whole_of
from readiness.evidence.core.parsed import (
    ANOTHER_RUN,
    END_UNKNOWN,
    Figure,
    Parsed,
    ParseError,
    percentile_caution,
)

_PREFIX = re.compile(r"^sockperf(\[[A-Z]+\])?:\s*")
_VERSION = re.compile(r"== version #(\S+)")
_ENDPOINT = re.compile(r"IP = (\S+)\s+PORT\s*=\s*\d+\s*#\s*(\w+)")
_TOTAL = re.compile(r"Total (\d+) observations")
_PERCENTILE = re.compile(r"---> percentile\s+(\S+)\s*=\s*(\S+)")
_EXTREME = re.compile(r"---> <(MAX|MIN)> observation\s*=\s*(\S+)")
_AVERAGE = re.compile(r"=> avg-(latency|rtt)\s*=\s*(\S+)")
_ROUND_TRIP = re.compile(r"Summary: Round trip is|avg-rtt")
_COUNTS = re.compile(r"# (dropped|duplicated|out-of-order) messages = (\d+)")
_ERROR = re.compile(r"^ERROR:|\bERROR\b.{0,200}errno", re.IGNORECASE)
_NO_ANSWER = re.compile(r"No messages were received")
_SIZE = re.compile(r"(?:msg-size|Message size)\s*[=:]\s*(\d+)")
LOOPBACK = "The other end was this machine: the run crossed no network."


@dataclass
class _SockperfReport:
    name: str = "latency"
    operation: str = ""
    size: int | None = None
    samples: int | None = None
    rows: list[tuple[str, float | None, float]] = field(default_factory=list)
    counts: list[Figure] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)


def parse(content: bytes) -> Parsed:
    text = text_of(content)
    report = _SockperfReport()
    number = 1
    for number, raw in lines_of(text):
        line = _PREFIX.sub("", raw.strip())
        if _ERROR.search(line) or _NO_ANSWER.search(line):
            raise ParseError(number, f"sockperf reports: {tidy(line)}")
        _read_setting(report, line)
        _read_result(report, number, line)
    if not any(percentile is not None for _, percentile, _ in report.rows):
        raise ParseError(number, "There are no percentiles: the run did not finish.")
    samples = report.samples
    of_run = Figure(
        name="", value=None, unit="µs", operation=report.operation, size_bytes=report.size, samples=samples
    )
    figures = [
        replace(
            of_run,
            name=f"{report.name}{suffix}",
            value=value,
            percentile=percentile,
            caution=percentile_caution(percentile, samples),
        )
        for suffix, percentile, value in report.rows
    ]
    return Parsed(
        tool="sockperf",
        figures=(*figures, *report.counts),
        kept=text.encode("utf-8", "replace"),
        versions=tuple(report.versions.items()),
        hosts=tuple(dict.fromkeys(report.hosts)),
        loopback=_loopback(report.hosts),
    )


def _loopback(addresses: Sequence[str]) -> str:
    """The tool names the address it sends to."""
    if not addresses:
        return END_UNKNOWN
    return LOOPBACK if any(map(is_loopback, addresses)) else ""


def _read_setting(report: _SockperfReport, line: str) -> None:
    if _ROUND_TRIP.search(line):
        report.name = "round_trip"
    if (version := _VERSION.search(line)) is not None:
        report.versions["sockperf"] = tidy(version[1])
    if (endpoint := _ENDPOINT.search(line)) is not None:
        report.hosts.append(tidy(endpoint[1]))
        report.operation = tidy(endpoint[2].lower())
    if (size := _SIZE.search(line)) is not None:
        report.size = whole_of(size[1])
    if (total := _TOTAL.search(line)) is not None:
        report.samples = whole_of(total[1])


def _read_result(report: _SockperfReport, number: int, line: str) -> None:
    if (matched := _PERCENTILE.search(line)) is not None:
        percentile = counted(number, matched[1])
        if not 0 < percentile < 100:
            raise ParseError(number, f"{tidy(matched[1])} is not a percentile.")
        if any(percentile == earlier for _, earlier, _ in report.rows):
            raise ParseError(number, ANOTHER_RUN)
        report.rows.append(("", percentile, counted(number, matched[2])))
    elif (matched := _EXTREME.search(line)) is not None:
        report.rows.append((f"_{matched[1].lower()}", None, counted(number, matched[2])))
    elif (matched := _AVERAGE.search(line)) is not None:
        report.rows.append(("_average", None, counted(number, matched[2])))
    for kind, count in _COUNTS.findall(line):
        report.counts.append(Figure(name=f"{kind}_messages", value=float(count[:15]), unit="messages"))
