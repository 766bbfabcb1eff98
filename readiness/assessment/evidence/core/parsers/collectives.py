"""nccl-tests and rccl-tests: their tables, and the output of `-J` (nccl-tests) and `-Z json` (rccl-tests).

The average over all sizes, which both print last, is ignored on purpose: it is far below the bandwidth of any size that
matters. Columns are found by name in the table's header, because versions and options add some.
"""

import math
import re
from collections.abc import Sequence

from readiness.assessment.evidence.core import documents
from readiness.assessment.evidence.core.parsed import (
    Parsed,
    ParseError,
    SeenAccelerator,
)
from readiness.assessment.evidence.core.parsers.collective_report import CollectiveReport
from readiness.assessment.evidence.core.parsers.collective_rows import (
    Cells,
)
from readiness.assessment.evidence.core.recomputing import half_unit

_ROW = re.compile(r"\s*\d+\s+\d+\s+[a-z]")
_RANK = re.compile(
    r"#\s*Rank\s+(\d+)\s+(?:Group\s+\d+\s+)?Pid\s+\d+\s+on\s+(\S+)\s+device\s+(\d+)\s+\[([^\]]*)\]\s*(.*)"
)
_PROGRAM = re.compile(r"\b(\w+?)_perf(?:_mpi)?\b")
_BOUNDS = re.compile(r"#\s*Out of bounds values\s*:\s*(\d+)\s+(OK|FAILED)")
_FAILED = re.compile(r"#[\w ]{1,40}: \S{1,40} +FAILED")
_DIED = re.compile(
    r"exited on signal \d|non-zero (?:exit )?(?:status|code)|(?:exited|terminated) with exit code [1-9]",
    re.IGNORECASE,
)
"""Launchers write this when a process died, for example because its bandwidth was below NCCL_TESTS_MIN_BW."""
_UNFINISHED = 'The run did not finish: the line "Out of bounds values" is missing below its last rows.'
_FAILURE = re.compile(r"\b(Test (NCCL|RCCL|CUDA|HIP) failure|[Tt]est failure)\b")
_LIBRARY = re.compile(r"\b(?:NCCL|RCCL) version[ :]*(\d+\.\d+(?:\.\d+)?\S*)")
_TESTS = re.compile(r"#\s*[nr]ccl-tests version (\S+)(?:.*[nr]ccl-library=(\d+))?")
_TIMES = frozenset({"time", "cputime"})
_CELLS = {
    **dict.fromkeys(("#wrong", "wrong"), "wrong"),
    "error": "error",
    **dict.fromkeys(_TIMES, "time"),
    "busbw": "busbw",
    "algbw": "algbw",
}
_ITERATIONS = re.compile(r"(?<!warmup )\biters:\s*(\d{1,9})")
_UNITS = frozenset({"(B)", "(elements)", "(us)", "(GB/s)"})
_UNIT = re.compile(r"\([A-Za-zµ]{1,10}(?:/s)?\)")
CAMEL = {"AllReduce": "all_reduce", "AllGather": "all_gather", "ReduceScatter": "reduce_scatter"}


def parse(tool: str, content: bytes) -> Parsed:
    text = documents.text_of(content)
    return _read_json(tool, text) if documents.looks_like_json(text) else _read_text(tool, text)


# The tables.


def _read_text(tool: str, text: str) -> Parsed:
    report = CollectiveReport(tool)
    columns: list[str] = []
    bounds: float | None = None
    is_open = False
    number = 1
    for number, line in documents.lines_of(text):
        if _FAILURE.search(line):
            raise ParseError(number, f"The tool reports a failure: {documents.tidy(line)}")
        if (matched := _BOUNDS.search(line)) is not None:
            count = float(matched[1][:15])
            bounds = (bounds or 0.0) + (count or float(matched[2] == "FAILED"))
            is_open = False
            report.operation = ""
        elif columns and not is_open and line.lstrip().startswith("#") and "(B)" in line:
            _refuse_other_unit(number, line)
        elif (header := _header(line)) is not None:
            if is_open:
                raise ParseError(number, _UNFINISHED)
            columns = header
        elif _ROW.match(line):
            if not columns:
                raise ParseError(number, "A row comes before the header that names its columns.")
            _read_row(report, number, line, columns)
            is_open = True
        else:
            _read_remark(report, line)
    if bounds is None or is_open:
        raise ParseError(number, _UNFINISHED)
    if bounds > (report.wrong or 0.0):
        report.wrong = bounds
    return report.parsed(text.encode("utf-8", "replace"), number)


def _refuse_other_unit(number: int, line: str) -> None:
    others = [unit for unit in _UNIT.findall(line) if unit not in _UNITS]
    if others:
        unit = documents.tidy(others[0].strip("()"))
        raise ParseError(number, f"The header's unit is {unit}; the tool prints bytes, µs and GB/s.")


def _header(line: str) -> list[str] | None:
    if not line.lstrip().startswith("#"):
        return None
    names = line.replace("# ", " ", 1).split()
    return names if "size" in names and "busbw" in names else None


def _read_row(report: CollectiveReport, number: int, line: str, columns: Sequence[str]) -> None:
    """Results are counted from the right, because some operations leave reduction and root on the left blank."""
    first = next((place for place, name in enumerate(columns) if name in _TIMES), None)
    if first is None:
        raise ParseError(number, "The header names no time, so the columns are ambiguous.")
    results = [name for name in columns[first:] if name != "timestamp"]
    tokens = line.split()
    if "timestamp" in columns:
        tokens = tokens[:-2]
    second = next((place for place, name in enumerate(results) if place and name in _TIMES), len(results))
    halves = [("out-of-place", results[:second]), ("in-place", results[second:])]
    if 3 <= len(tokens) - len(results) <= first:
        pass
    elif 3 <= len(tokens) - len(halves[1][1]) <= first:
        halves = halves[1:]
    else:
        raise ParseError(number, f"The row has {len(tokens)} values, which do not fit the header's columns.")
    result_count = sum(len(names) for _, names in halves)
    leading, values = tokens[: len(tokens) - result_count], tokens[len(tokens) - result_count :]
    size = documents.whole_of(leading[0])
    if size is None:
        raise ParseError(number, f"The size {documents.tidy(leading[0])} is not a whole number.")
    leading_by_column = dict(zip(columns, leading, strict=False))
    variant = _variant(leading_by_column.get("type", ""), leading_by_column.get("redop", ""))
    for buffers, names in halves:
        if names:
            cells = _cells(number, names, values[: len(names)])
            values = values[len(names) :]
            report.row(number, size=size, variant=variant, cells=cells, buffers=buffers)


def _variant(*words: str) -> str:
    return " ".join(word for word in words if word not in ("", "none"))


def _cells(line: int, names: Sequence[str], texts: Sequence[str]) -> Cells:
    cells = Cells()
    for name, text in zip(names, texts, strict=True):
        cell = _CELLS.get(name)
        if cell in ("wrong", "error") and text.upper() == "N/A":
            cells["wrong"] = None
        elif cell is not None:
            # RCCL marks values beyond its threshold with an asterisk.
            value = documents.counted(
                line, text.rstrip("*"), f"The column {name} holds {{}}, which is not a number."
            )
            if cell == "error":
                # Older versions print the largest difference, which is not a count: rounding alone causes one.
                cell, value = "wrong", float(text.endswith("*"))
            cells[cell] = value
            # The bandwidths are made of the elapsed time, which a column of processor time is not.
            cells.halves[cell] = math.inf if name == "cputime" else half_unit(text.rstrip("*"))
    return cells


def _read_remark(report: CollectiveReport, line: str) -> None:
    if (rank := _RANK.match(line)) is not None:
        host, model = documents.tidy(rank[2]), documents.tidy(rank[5])
        _read_rank(report, rank[1], host=host, device=rank[3], bus=rank[4], model=model)
    elif (tests := _TESTS.match(line)) is not None:
        report.versions[report.tool] = documents.tidy(tests[1])
        if tests[2]:
            report.versions["library"] = _library(int(tests[2][:12]))
    elif (library := _LIBRARY.search(line)) is not None:
        report.versions["library"] = documents.tidy(library[1])
    elif line.startswith("# error:") or _DIED.search(line) or _FAILED.match(line):
        report.errors.append(documents.tidy(line.removeprefix("# ")))
    elif (iterations := _ITERATIONS.search(line)) is not None:
        report.iterations.append(int(iterations[1]))
    elif (program := _PROGRAM.search(line)) is not None:
        report.operation = documents.tidy(program[1])


def _read_rank(
    report: CollectiveReport, number: str, *, host: str, device: str, bus: str, model: str
) -> None:
    """If each process sees one device, all have number 0, and the bus id distinguishes them; older versions print a
    part of the id, which several may share."""
    is_whole = ":" in bus
    index = documents.whole_of(device[:5])
    seen = SeenAccelerator(
        host=host,
        index=-1 if index is None else index,
        bus_id=documents.tidy(bus) if is_whole else "",
        model=model,
    )
    report.rank(number, bus if is_whole else f"{device} {bus}", seen)


def _library(code: int) -> str:
    """2.27.3 from 22703, and 2.8.3 from 2803: the code has one digit more since 2.9."""
    if code >= 10_000:
        return f"{code // 10_000}.{code // 100 % 100}.{code % 100}"
    return f"{code // 1000}.{code // 100 % 10}.{code % 100}"


# The documents.


def _read_json(tool: str, text: str) -> Parsed:
    document = documents.Json.parse(text)
    report = CollectiveReport(tool)
    last = text.count("\n") + 1
    if isinstance(document.value, list):
        for row in document.items():
            _read_rccl_row(report, row)
        return report.parsed(documents.storable_bytes(text, document.value), last)
    bounds = document.get("out_of_bounds")
    if bounds is None:
        document.refuse('The run did not finish: "out_of_bounds" is missing.')
    arguments = document.listed("args")
    program = _PROGRAM.search(str(arguments[0].value)) if arguments else None
    report.operation = documents.tidy(program[1]) if program else ""
    _read_devices(report, document)
    for row in document.need("results").items():
        _read_nccl_row(report, row)
    count = bounds.counted("count") or float(bounds.text("okay").lower() == "false")
    if count > (report.wrong or 0.0):
        report.wrong = count
    report.errors += [
        documents.tidy(error.value) for error in document.listed("errors") if str(error.value).strip()
    ]
    report.errors += [
        f"{key}: FAILED"
        for key in ("bitwise_mismatches", "average_bus_bandwidth")
        if document.child(key).text("okay").lower() == "false"
    ]
    if (version := document.optional_number("nccl_version")) is not None:
        report.versions["library"] = _library(int(version))
    report.local = documents.local_time(
        document.text("end_time") or document.text("start_time"), "%Y-%m-%d %H:%M:%S"
    )
    return report.parsed(documents.storable_bytes(text, document.value), last)


def _read_nccl_row(report: CollectiveReport, row: documents.Json) -> None:
    size = row.whole("size")
    variant = _variant(row.text("type"), row.text("redop"))
    for key, buffers in (("out_of_place", "out-of-place"), ("in_place", "in-place")):
        if (half := row.get(key)) is None:
            continue
        cells = Cells(busbw=half.number("bus_bw"), algbw=half.number("alg_bw"))
        wrong = half.optional_number("nwrong")
        time = half.optional_number("time")
        time = half.optional_number("cpu_time") if time is None else time
        if min(cells["busbw"] or 0, cells["algbw"] or 0, wrong or 0) < 0:
            half.refuse("A bandwidth or count is negative.")
        report.row(
            1,
            size=size,
            variant=variant,
            buffers=buffers,
            cells=Cells({**cells, "time": time, "wrong": wrong}),
        )
    if (count := row.optional_whole("actual_iterations")) is not None:
        report.iterations.append(count)


def _read_rccl_row(report: CollectiveReport, row: documents.Json) -> None:
    name = row.text("name")
    report.operation = CAMEL.get(name, name.lower())
    if row.get("ranks") is not None:
        # This document does not name hosts.
        report.unnamed_ranks = max(report.unnamed_ranks, row.whole("ranks"))
    cells = Cells(busbw=row.number("busBw"), algbw=row.number("algBw"), time=row.optional_number("time"))
    wrong = None if row.text("wrong").upper() == "N/A" else row.optional_number("wrong")
    if min(cells["busbw"] or 0, cells["algbw"] or 0, wrong or 0) < 0:
        row.refuse("A bandwidth or count is negative.")
    variant = _variant(row.text("type"), row.text("redop"))
    buffers = "in-place" if row.number("inPlace") else "out-of-place"
    report.row(
        1, size=row.whole("size"), variant=variant, buffers=buffers, cells=Cells({**cells, "wrong": wrong})
    )


def _read_devices(report: CollectiveReport, document: documents.Json) -> None:
    """Newer versions hold the devices inside `config`."""
    holder = document if document.get("devices") is not None else document.child("config")
    for place, device in enumerate(holder.listed("devices")):
        host, model = device.text("hostname"), device.text("device_info")
        number, bus = device.text("device"), device.text("device_hex")
        _read_rank(report, str(place), host=host, device=number, bus=bus, model=model)
