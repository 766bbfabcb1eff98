"""sockperf's text. A percentile counts only with enough observations behind it: each file says how many."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from readiness.assessment.evidence.core.documents import (
    counted,
    is_loopback,
    lines_of,
    number_of,
    text_of,
    tidy,
    whole_of,
)
from readiness.assessment.evidence.core.parsed import (
    ANOTHER_RUN,
    DROPPED,
    DURATION,
    END_UNKNOWN,
    Figure,
    Parsed,
    ParseError,
    percentile_caution,
)
from readiness.assessment.evidence.core.recomputing import (
    differ,
    disagreement,
    falling,
    first_of,
    half_unit,
    out_of_range,
)

_PREFIX = re.compile(r"^sockperf(\[[A-Z]+\])?:\s*")
_VERSION = re.compile(r"== version #(\S+)")
_ENDPOINT = re.compile(r"IP = (\S+)\s+PORT\s*=\s*\d+\s*#\s*(\w+)")
_TOTAL = re.compile(r"Total (\d+) observations")
_PERCENTILE = re.compile(r"---> percentile\s+(\S+)\s*=\s*(\S+)")
_EXTREME = re.compile(r"---> <(MAX|MIN)> observation\s*=\s*(\S+)")
_AVERAGE = re.compile(r"=> avg-(latency|rtt)\s*=\s*(\S+)(?:\s+\(std-dev\s*=\s*([^\s)]+))?")
_SUMMARY = re.compile(r"Summary: (?:Latency|Round trip) is (\S+) usec")
_SHARE = re.compile(r"each percentile contains (\S+) observations")
_TIMES = re.compile(
    r"\[(Total Run|Valid Duration)\].*RunTime=(\S+) sec;.*SentMessages=(\d+); ReceivedMessages=(\d+)"
)
_ROUND_TRIP = re.compile(r"Summary: Round trip is|avg-rtt")
_COUNTS = re.compile(r"# (dropped|duplicated|out-of-order) messages = (\d+)")
_ERROR = re.compile(r"^ERROR:|\bERROR\b.{0,200}errno", re.IGNORECASE)
_NO_ANSWER = re.compile(r"No messages were received")
_SIZE = re.compile(r"(?:msg-size|Message size)\s*[=:]\s*(\d+)")
MEDIAN = 50.0
"""sockperf prints its percentiles from the highest down, so that a file which is cut lacks this one."""
LEAST_DIFFERENCE = 0.01
"""Share by which counts must differ: a message at an edge of the valid time may be in one count alone."""
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
    spread: float | None = None
    summary: str = ""
    percent_of_samples: str = ""
    times: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    """Seconds, sent and received messages of the whole run and of its valid part."""


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
    _refuse_cut(number, [percentile for _, percentile, _ in report.rows if percentile is not None])
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
    if "Valid Duration" in report.times:
        duration_s = report.times["Valid Duration"][0]
        figures.append(replace(of_run, name=DURATION, value=duration_s, unit="s"))
    return Parsed(
        tool="sockperf",
        figures=(*figures, *report.counts),
        contradiction=first_of(_contradictions(report)),
        content=text.encode("utf-8", "replace"),
        versions=tuple(report.versions.items()),
        hosts=tuple(dict.fromkeys(report.hosts)),
        loopback=_loopback(report.hosts),
    )


def _refuse_cut(line: int, percentiles: Sequence[float]) -> None:
    if not percentiles:
        raise ParseError(line, "There are no percentiles: the run did not finish.")
    if min(percentiles) > MEDIAN:
        reason = f"The percentiles end at p{min(percentiles):g}, above the median: the file is not whole."
        raise ParseError(line, reason)


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
    if (share := _SHARE.search(line)) is not None:
        report.percent_of_samples = share[1]
    if (summary := _SUMMARY.search(line)) is not None:
        report.summary = summary[1]


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
        report.spread = counted(number, matched[3]) if matched[3] else None
    elif (matched := _TIMES.search(line)) is not None:
        if matched[1] in report.times:
            raise ParseError(number, ANOTHER_RUN)
        values = [counted(number, text[:15]) for text in matched.groups()[1:]]
        report.times[matched[1]] = (values[0], values[1], values[2])
    for kind, count in _COUNTS.findall(line):
        report.counts.append(Figure(name=f"{kind}_messages", value=float(count[:15]), unit="messages"))


def _contradictions(report: _SockperfReport) -> Iterator[str]:
    values = {suffix: value for suffix, percentile, value in report.rows if percentile is None}
    least, most, average = values.get("_min"), values.get("_max"), values.get("_average")
    extremes = {rank: value for rank, value in ((0.0, least), (100.0, most)) if value is not None}
    of_rank = {percentile: value for _, percentile, value in report.rows if percentile is not None}
    yield falling("latency", extremes | of_rank, "µs")
    if average is not None:
        yield out_of_range("average latency", average, least, most, "µs")
        if number_of(report.summary) is not None and differ(
            float(report.summary), average, half_unit(report.summary)
        ):
            yield disagreement("latency in the summary", f"{report.summary} µs", f"{average:.6g} µs")
    if report.spread is not None and least is not None and most is not None:
        # No values within a range spread more than those that lie at its two ends.
        yield out_of_range("standard deviation of the latency", report.spread, 0.0, (most - least) / 2, "µs")
    yield from _count_disagreements(report)


def _count_disagreements(report: _SockperfReport) -> Iterator[str]:
    samples, share = report.samples, report.percent_of_samples
    if (
        samples is not None
        and number_of(share) is not None
        and differ(float(share), samples / 100, half_unit(share))
    ):
        yield disagreement("hundredth part of the observations", share, f"{samples / 100:g}")
    valid, total = report.times.get("Valid Duration"), report.times.get("Total Run")
    if valid is None:
        return
    received = valid[2]
    if samples is not None and differ(samples, received, LEAST_DIFFERENCE * received):
        yield disagreement("number of observations", f"{samples:,}", f"{received:,.0f} received messages")
    dropped = next((each.value for each in report.counts if each.name == DROPPED), None) or 0.0
    if dropped > (valid[1] if total is None else total[1]):
        yield disagreement("number of dropped messages", f"{dropped:,.0f}", f"{valid[1]:,.0f} sent messages")
    for what, of_valid, of_total in zip(
        ("seconds", "sent messages", "received messages"), valid, total or (), strict=False
    ):
        if of_valid > of_total:
            yield disagreement(f"number of valid {what}", f"{of_valid:,g}", f"{of_total:,g} in all")
