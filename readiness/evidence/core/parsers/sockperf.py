"""sockperf's text. A percentile counts only with enough observations behind it: each file says how many."""

from __future__ import annotations

import ipaddress
import re

from readiness.evidence.core.documents import lines_of, number_of, text_of, tidy, whole_of
from readiness.evidence.core.parsed import Figure, Parsed, ParseError, percentile_caution

_PREFIX = re.compile(r"^sockperf(\[[A-Z]+\])?:\s*")
_VERSION = re.compile(r"== version #(\S+)")
_ENDPOINT = re.compile(r"IP = (\S+)\s+PORT\s*=\s*\d+\s*#\s*(\w+)")
_TOTAL = re.compile(r"Total (\d+) observations")
_PERCENTILE = re.compile(r"---> percentile\s+(\S+)\s*=\s*(\S+)")
_EXTREME = re.compile(r"---> <(MAX|MIN)> observation\s*=\s*(\S+)")
_AVERAGE = re.compile(r"=+> avg-(latency|rtt)\s*=\s*(\S+)")
_ROUND_TRIP = re.compile(r"Summary: Round trip is|avg-rtt")
_COUNTS = re.compile(r"# (dropped|duplicated|out-of-order) messages = (\d+)")
_ERROR = re.compile(r"^ERROR:|\bERROR\b.*errno", re.IGNORECASE)
_NO_ANSWER = re.compile(r"No messages were received")
_SIZE = re.compile(r"(?:msg-size|Message size)\s*[=:]\s*(\d+)")


def parse(content: bytes) -> Parsed:
    """µs of one-way latency (or of the round trip, where the tool says so) with percentiles, and counts of loss."""
    text = text_of(content)
    samples: int | None = None
    name = "latency"
    found: list[tuple[str, float | None, float]] = []
    counts: list[Figure] = []
    versions: dict[str, str] = {}
    hosts: list[str] = []
    number = 1
    operation, size = "", None
    for number, raw in lines_of(text):
        line = _PREFIX.sub("", raw.strip())
        if _ERROR.search(line) or _NO_ANSWER.search(line):
            raise ParseError(number, f"sockperf reports: {tidy(line)}")
        if _ROUND_TRIP.search(line):
            name = "round_trip"
        if (version := _VERSION.search(line)) is not None:
            versions["sockperf"] = tidy(version[1])
        if (endpoint := _ENDPOINT.search(line)) is not None:
            hosts.append(tidy(endpoint[1]))
            operation = tidy(endpoint[2].lower())
        if (matched := _SIZE.search(line)) is not None:
            size = whole_of(matched[1])
        if (total := _TOTAL.search(line)) is not None:
            samples = whole_of(total[1])
        if (matched := _PERCENTILE.search(line)) is not None:
            percentile = _needed(number, matched[1])
            if not 0 < percentile < 100:
                raise ParseError(number, f"{tidy(matched[1])} is no percentile.")
            found.append(("", percentile, _needed(number, matched[2])))
        elif (matched := _EXTREME.search(line)) is not None:
            found.append((f"_{matched[1].lower()}", None, _needed(number, matched[2])))
        elif (matched := _AVERAGE.search(line)) is not None:
            found.append(("_average", None, _needed(number, matched[2])))
        for kind, count in _COUNTS.findall(line):
            counts.append(Figure(name=f"{kind}_messages", value=float(count[:15]), unit="messages"))
    if not any(percentile is not None for _, percentile, _ in found):
        raise ParseError(number, "There are no percentiles: the run did not finish.")
    figures = [
        Figure(
            name=f"{name}{suffix}",
            value=value,
            unit="µs",
            operation=operation,
            size_bytes=size,
            percentile=percentile,
            samples=samples,
            caution="" if percentile is None else percentile_caution(percentile, samples),
        )
        for suffix, percentile, value in found
    ]
    return Parsed(
        tool="sockperf",
        figures=(*figures, *counts),
        kept=text.encode("utf-8", "replace"),
        versions=tuple(versions.items()),
        hosts=tuple(dict.fromkeys(hosts)),
        loopback=_loopback(hosts),
    )


def _needed(line: int, text: str) -> float:
    value = number_of(text)
    if value is None or value < 0:
        raise ParseError(line, f"{tidy(text)} is no number.")
    return value


def _loopback(hosts: list[str]) -> str:
    """The tool names the address it sends to."""
    for host in hosts:
        try:
            if ipaddress.ip_address(host).is_loopback:
                return "The other end was this machine: the run crossed no network."
        except ValueError:
            continue
    return ""
