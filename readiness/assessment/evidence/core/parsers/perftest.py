"""perftest (`ib_write_bw`, `ib_send_lat` and the like): its tables, and the output of `--out_json`.

Bandwidth is in the unit that the header names; perftest's MB is 2^20 bytes. The JSON names no unit, so it is derived
from the message rate. Latency is half the round trip, except for reads and atomics, which always are round trips.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from readiness.assessment.evidence.core import documents
from readiness.assessment.evidence.core.parsed import (
    END,
    END_UNKNOWN,
    Figure,
    Parsed,
    ParseError,
    converted,
    percentile_caution,
)
from readiness.assessment.evidence.core.recomputing import differ, disagreement, half_unit

_TEST = re.compile(r"((?:RDMA_|Raw_?|Atomic_|Send|Write|Read)[\w ]*?) (?:Post List )?(BW|Latency)( Test)?")
_DUAL = re.compile(r"\bDual-port\s*:\s*ON\b")
_DEVICE = re.compile(r"\bDevice\s*:\s*(\S+)")
_ENDS = re.compile(r"^\s*(local|remote) address: LID (\S+)(?: QPN (\S+) PSN (\S+))?")
_GID = re.compile(r"^\s*GID:\s*([\d:a-fA-F]+)")
_COLUMN = re.compile(r"#?[A-Za-z0-9_.%]+(?: (?:peak|average|percentile))?(?:\[[^\]\s]{0,20}\])?")
_ERROR = re.compile(
    r"completion with error|failed status \d+|\bfailed to \w+|\bcouldn't \w+|unable to \w+", re.IGNORECASE
)
_QPS = re.compile(r"Number of qps\s*:\s*(\d{1,6})")
_LATENCIES = {
    "t_min": ("latency_min", None),
    "t_max": ("latency_max", None),
    "t_typical": ("latency", 50.0),
    "t_avg": ("latency_average", None),
    "99% percentile": ("latency", 99.0),
    "99.9% percentile": ("latency", 99.9),
}
_JSON_LATENCIES = {f"percentile_{name.split('%')[0]}" if "%" in name else name: name for name in _LATENCIES}
_UNITS = {"MB/sec": "MiB/s", "MiB/sec": "MiB/s", "Gb/sec": "Gb/s", "Gbps": "Gb/s"}
UNIT_NAMES = {"MiB/s": "MiB/sec", "Gb/s": "Gb/sec"}
_ROUND_TRIPS = ("read", "atomic")
OVERFLOWED = "negative: the tool's counters overflowed."
TWO_PORTS = "Two ports were measured together (Dual-port is ON): measure each alone."


def parse(content: bytes) -> Parsed:
    text = documents.text_of(content)
    return _read_json(text) if documents.looks_like_json(text) else _read_text(text)


def _read_text(text: str) -> Parsed:
    figures: dict[tuple[object, ...], Figure] = {}
    columns: list[tuple[str, str]] = []
    operation, device, qps, number, contradiction = "", "", None, 1, ""
    ends = [_Ends()]
    for number, line in documents.lines_of(text):
        if _ERROR.search(line):
            raise ParseError(number, f"perftest reports a failed operation: {documents.tidy(line)}")
        if _DUAL.search(line):
            raise ParseError(number, TWO_PORTS)
        if "#bytes" in line and "#iterations" in line:
            columns = _columns(number, line)
        elif (test := _TEST.fullmatch(line.strip())) is not None:
            operation = _operation(test[1])
            ends += [_Ends()] if ends[-1].lids else []
        elif columns and (tokens := line.split()) and tokens[0].isdecimal() and tokens[0].isascii():
            of_test = Figure(name="", value=None, operation=operation, subject=device)
            for figure in _row_figures(number, columns, tokens, of_test, qps):
                key = (figure.name, figure.size_bytes, figure.percentile, operation, device)
                figures[key] = _worse(figures.get(key, figure), figure)
            contradiction = contradiction or _contradiction(dict(zip(columns, tokens, strict=True)))
            ends[-1].device = device
        if (matched := _DEVICE.search(line)) is not None:
            device = documents.tidy(matched[1])
        if (matched := _QPS.search(line)) is not None:
            qps = int(matched[1])
        ends[-1].read(line)
        documents.refuse_more(number, len(figures))
    if not figures:
        raise ParseError(number, "There is no row of results below a header of perftest.")
    return Parsed(
        tool="perftest",
        figures=(*figures.values(), *_end_figures(each.device for each in ends)),
        content=text.encode("utf-8", "replace"),
        devices=tuple(each.device for each in ends if each.device),
        contradiction=contradiction,
        fingerprint=" ".join(sorted(address for each in ends for address in each.addresses)),
        loopback=next(filter(None, (each.loopback() for each in ends)), ""),
    )


def _worse(first: Figure, second: Figure) -> Figure:
    """Server and client of one test are often in one file and agree; of several runs, the worst counts."""
    by_value = sorted((first, second), key=lambda figure: figure.value or 0.0)
    return by_value[0 if first.name == "bandwidth" else 1]


def _end_figures(devices: Iterable[str]) -> Iterator[Figure]:
    for place, device in enumerate((device for device in devices if device), 1):
        yield Figure(name=END, value=float(place), subject=device)


def _operation(title: str) -> str:
    return documents.tidy(title.replace("RDMA_", "").replace("_", " ").lower())


@dataclass
class _Ends:
    """The two ends of one run. Each queue pair prints its address, first all local ones, then the remote ones. `device`
    is the local port, of which the results are."""

    lids: dict[str, str] = field(default_factory=dict)
    gids: dict[str, str] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    end: str = ""
    device: str = ""

    def read(self, line: str) -> None:
        if (matched := _ENDS.match(line)) is not None:
            self.end = matched[1]
            self.lids[self.end] = matched[2]
            self.addresses.append(" ".join(documents.tidy(part) for part in matched.groups() if part))
        elif (matched := _GID.match(line)) is not None:
            self.gids[self.end] = matched[1]

    def loopback(self) -> str:
        """The same local identifier at both ends means one port. RoCE has no such identifier, so the GIDs decide."""
        is_numbered = self.lids.get("local", "").lower().removeprefix("0x").strip("0") != ""
        kind, ends = ("LID", self.lids) if is_numbered else ("GID", self.gids)
        if not {"local", "remote"} <= ends.keys():
            return END_UNKNOWN
        if ends["local"] != ends["remote"]:
            return ""
        address = documents.tidy(ends["local"])
        return f"Both ends have the {kind} {address}: they are one port, and the run crossed no network."


def _columns(line: int, header: str) -> list[tuple[str, str]]:
    columns = []
    for text in _COLUMN.findall(header):
        name, _, unit = text.partition("[")
        columns.append((name.strip().lstrip("#"), unit.rstrip("]")))
    # The percent sign separates "99% percentile" where two spaces are missing.
    if columns[:2] != [("bytes", ""), ("iterations", "")]:
        raise ParseError(line, "The header does not begin with bytes and iterations.")
    for name, unit in columns:
        if name in _LATENCIES and unit != "usec":
            raise ParseError(
                line, f"{name} is in {documents.tidy(unit) or 'no unit'}; only microseconds can be read."
            )
        if name.startswith("BW") and unit not in _UNITS:
            raise ParseError(
                line, f"Bandwidth is in {documents.tidy(unit) or 'no unit'}, which is not known."
            )
    return columns


def _row_figures(
    line: int, columns: Sequence[tuple[str, str]], tokens: Sequence[str], of_test: Figure, qps: int | None
) -> Iterator[Figure]:
    if len(tokens) != len(columns):
        reason = f"The row has {len(tokens)} values and the header {len(columns)} columns; wide numbers run together."
        raise ParseError(line, reason)
    numbers = [documents.number_of(token) for token in tokens]
    size, iterations = documents.whole_of(tokens[0]), documents.whole_of(tokens[1])
    if size is None or iterations is None or None in numbers:
        raise ParseError(line, "The row holds something that is not a number.")
    of_row = replace(of_test, size_bytes=size, samples=iterations)
    for (name, unit), value in zip(columns[2:], numbers[2:], strict=True):
        if value is None or value < 0:
            raise ParseError(line, f"{name} is {OVERFLOWED}")
        if name in _LATENCIES:
            yield _latency(name, value, of_row)
        elif name == "BW average":
            yield _bandwidth(line, value, _UNITS[unit], of_row, qps)


RISING = ("t_min", "t_typical", "99% percentile", "99.9% percentile", "t_max")
"""Latencies that do not fall in this order."""


def _contradiction(cells: Mapping[tuple[str, str], str]) -> str:
    """The sentence for a row whose figures contradict each other; empty if they agree within their print."""
    text_by_name = {name: text for (name, _), text in cells.items()}
    unit = next((_UNITS[unit] for name, unit in cells if name == "BW average"), "")
    average, peak, rate = (text_by_name.get(name, "") for name in ("BW average", "BW peak", "MsgRate"))
    if unit and rate and documents.number_of(rate):
        messages = float(rate)
        expected = converted(messages * 1e6 * float(text_by_name["bytes"]), "B/s", unit) or 0.0
        tolerance = half_unit(average) + expected * (half_unit(rate) / messages)
        if differ(float(average), expected, tolerance):
            return disagreement("average bandwidth", f"{average} {unit}", f"{expected:,.5g} {unit}")
    if (
        unit
        and documents.number_of(peak)
        and differ(max(float(average), float(peak)), float(peak), half_unit(peak))
    ):
        return f"The average bandwidth is {average} {unit}, more than the peak of {peak} {unit}."
    rising = [(name, text_by_name[name]) for name in RISING if name in text_by_name]
    for (lower, text), (higher, above) in pairwise(rising):
        if float(text) > float(above):
            return f"The file's {lower} is {text} µs, more than its {higher} of {above} µs."
    return ""


def _latency(name: str, value: float, of_row: Figure) -> Figure:
    short, percentile = _LATENCIES[name]
    if of_row.operation.startswith(_ROUND_TRIPS):
        short = short.replace("latency", "round_trip", 1)
    caution = percentile_caution(percentile, of_row.samples)
    return replace(of_row, name=short, value=value, unit="µs", percentile=percentile, caution=caution)


def _bandwidth(line: int, value: float, unit: str, of_row: Figure, qps: int | None) -> Figure:
    if value == 0:
        raise ParseError(line, "The average bandwidth is zero: nothing was measured.")
    gbps = converted(value, unit, "Gb/s")
    if gbps is None:
        raise ParseError(line, "The average bandwidth is too large.")
    return replace(of_row, name="bandwidth", value=gbps, unit="Gb/s", streams=qps)


# The document.


def _read_json(text: str) -> Parsed:
    document = documents.Json.parse(text)
    info = document.child("test_info")
    results = document.need("results")
    device = info.text("Device")
    if info.text("Dual_port").upper() == "ON":
        info.need("Dual_port").refuse(TWO_PORTS)
    of_test = Figure(
        name="",
        value=None,
        operation=_operation(re.sub(r"_?(BW|Latency)_Test$", "", info.text("test"))),
        subject=device,
        size_bytes=results.whole("MsgSize"),
        samples=results.whole("n_iterations"),
    )
    figures = [
        _latency(name, results.counted(key, f"It is {OVERFLOWED}"), of_test)
        for key, name in _JSON_LATENCIES.items()
        if results.get(key) is not None
    ]
    printed = _JSON_LATENCIES | {"MsgRate": "MsgRate", "BW_peak": "BW peak"}
    cells = {
        (printed[key], ""): f"{results.number(key)!r}" for key in printed if results.get(key) is not None
    }
    if results.get("BW_average") is not None:
        average = results.counted("BW_average", f"It is {OVERFLOWED}")
        unit = _unit_by_rate(results, average, of_test.size_bytes or 0)
        figures.append(_bandwidth(1, average, unit, of_test, info.optional_whole("Number_of_qps")))
        cells |= {("bytes", ""): str(of_test.size_bytes), ("BW average", UNIT_NAMES[unit]): f"{average!r}"}
    if not figures:
        results.refuse("It holds neither a bandwidth nor a latency.")
    return Parsed(
        tool="perftest",
        figures=(*figures, *_end_figures([device])),
        content=documents.storable_bytes(text, document.value),
        devices=(device,) if device else (),
        contradiction=_contradiction(cells),
        loopback=f"{END_UNKNOWN} perftest leaves it out of its JSON: send the text.",
    )


def _unit_by_rate(results: documents.Json, average: float, size: int) -> str:
    """Messages per microsecond x bytes is the bandwidth; Gb/s and MiB/s of it differ by a factor of 119."""
    if average == 0:
        results.need("BW_average").refuse("It is zero: nothing was measured.")
    bytes_per_s = results.number("MsgRate") * 1e6 * size
    for unit in ("Gb/s", "MiB/s"):
        expected = converted(bytes_per_s, "B/s", unit)
        if expected and abs(average / expected - 1) < 0.2:
            return unit
    return results.need("BW_average").refuse(
        "Its unit is unclear: MsgRate and MsgSize contradict each other. Send the text output."
    )
