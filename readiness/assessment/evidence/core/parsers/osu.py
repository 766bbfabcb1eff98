"""Tables of the OSU micro-benchmarks: rates and times of MPI between two processes, and of its collectives.

The output names neither hosts nor the number of processes (but for pairs), so a collective's bus bandwidth cannot be
computed from it. A time is an average over iterations.
"""

import re
from dataclasses import dataclass, field, replace

from readiness.assessment.evidence.core.documents import (
    counted,
    lines_of,
    refuse_more,
    text_of,
    tidy,
    whole_of,
)
from readiness.assessment.evidence.core.launchers import hosts_named
from readiness.assessment.evidence.core.parsed import (
    ANOTHER_RUN,
    ITERATIONS,
    Figure,
    Parsed,
    ParseError,
    failed_operations,
    percentile_caution,
)
from readiness.assessment.evidence.core.recomputing import differ, disagreement, falling, half_unit

RATE, TIME, LEAST, MOST, TIMES, MESSAGES, CHECKED = (
    "bandwidth",
    "mean_time",
    "time_min",
    "time_max",
    ITERATIONS,
    "message_rate",
    "validation",
)
_COLUMNS = {
    "bandwidth (mb/s)": RATE,
    "mb/s": RATE,
    "latency (us)": TIME,
    "avg latency(us)": TIME,
    "overall(us)": TIME,
    "min latency(us)": LEAST,
    "max latency(us)": MOST,
    "iterations": TIMES,
    "messages/s": MESSAGES,
    "validation": CHECKED,
}
_UNITS = {RATE: "MB/s", TIME: "µs", LEAST: "µs", MOST: "µs", MESSAGES: "/s"}
_TITLE = re.compile(r"#?\s*OSU ([A-Z+][\w+-]{1,40}) (.{1,80}?) v(\d\S*)$")
_HEADER = re.compile(r"#\s*(?:Size|Avg Latency)|Size\s+(?:Avg Latency|Bandwidth|Latency)")
_TAIL = re.compile(r"p(\d{1,2}) tail lat\(us\)")
_PAIRS = re.compile(r"\[ pairs: (\d{1,9}) \]")
_ROW = re.compile(r"[\d.]+(?:\s+(?:[\d.eE+-]+|Pass|Fail|-))*")
_FAILED = re.compile(
    r"DATA VALIDATION ERROR|MPI_ABORT|exited on signal \d|non-zero (?:exit )?(?:status|code)|Segmentation fault"
    r"|exit code [1-9]|Assertion .{0,100} failed",
)
_TWO_ENDS = re.compile(
    r"(?:bi-directional )?bandwidth|(?:multi[- ]threaded |one.sided )?latency", re.IGNORECASE
)


@dataclass
class _Table:
    line: int
    operation: str
    processes: int | None = None
    columns: list[str] = field(default_factory=list)
    rows: int = 0
    failed: int = 0
    figures: list[Figure] = field(default_factory=list)
    sizes: set[int | None] = field(default_factory=set)
    contradiction: str = ""

    def read_header(self, line: str) -> None:
        self.columns = [name.strip().lower() for name in re.split(r"\s{2,}", line.lstrip("# ").rstrip())]

    def read_row(self, number: int, cells: list[str]) -> None:
        if len(cells) != len(self.columns):
            raise ParseError(
                number, f"The row has {len(cells)} values and the header {len(self.columns)} columns."
            )
        size, text_by_column = None, dict(zip(self.columns, cells, strict=True))
        if (text := text_by_column.pop("size", None)) is not None and (size := whole_of(text)) is None:
            raise ParseError(number, f"The size {tidy(text)} is not a whole number.")
        if size in self.sizes:
            raise ParseError(number, ANOTHER_RUN)
        self.sizes.add(size)
        self.rows += 1
        values = {_COLUMNS[name]: text for name, text in text_by_column.items() if name in _COLUMNS}
        self.failed += values.pop(CHECKED, "") == "Fail"
        numbers = {name: counted(number, text) for name, text in values.items() if text != "-"}
        if RATE not in numbers and TIME not in numbers:
            raise ParseError(number, "The header names no column of a rate or a time.")
        self._keep(size, numbers)
        tails = {
            rank[1]: text
            for name, text in text_by_column.items()
            if (rank := _TAIL.fullmatch(name)) is not None
        }
        self._keep_tails(number, size, tails, numbers.get(TIMES))
        self.contradiction = self.contradiction or _contradiction(self.operation, size, values, numbers)

    def _keep(self, size: int | None, numbers: dict[str, float]) -> None:
        times = numbers.get(TIMES)
        for name, value in numbers.items():
            self.figures.append(
                Figure(
                    name=name,
                    value=value,
                    unit=_UNITS.get(name, ""),
                    operation=self.operation,
                    size_bytes=size,
                    samples=None if times is None else int(min(times, 2**60)),
                    streams=self.processes,
                )
            )

    def _keep_tails(self, number: int, size: int | None, tails: dict[str, str], times: float | None) -> None:
        samples = None if times is None else int(min(times, 2**60))
        tail = Figure(
            name="latency", value=None, unit="µs", operation=self.operation, size_bytes=size, samples=samples
        )
        values: dict[float, float] = {}
        for text, cell in tails.items():
            percentile = float(text)
            if not 0 < percentile < 100:
                raise ParseError(number, f"{text} is not a percentile.")
            caution = percentile_caution(percentile, samples)
            values[percentile] = counted(number, cell)
            self.figures.append(
                replace(tail, value=values[percentile], percentile=percentile, caution=caution)
            )
        where = f"{self.operation} at {size} B" if size is not None else self.operation
        self.contradiction = self.contradiction or falling(f"time of {where}", values, "µs")


def parse(content: bytes) -> Parsed:
    """Give rates and times by size, of one table or more, each of another benchmark."""
    text = text_of(content)
    tables: list[_Table] = []
    version, number = "", 1
    for number, raw in lines_of(text):
        line = raw.strip()
        if _FAILED.search(line):
            raise ParseError(number, f"The run failed: {tidy(line)}")
        if (title := _TITLE.match(line)) is not None:
            version = tidy(title[3])
            tables.append(_new_table(number, title, tables))
        elif tables and (pairs := _PAIRS.search(line)) is not None:
            tables[-1].processes = 2 * int(pairs[1])
        elif tables and _HEADER.match(line) is not None:
            tables[-1].read_header(line)
        elif tables and tables[-1].columns and _ROW.fullmatch(line):
            tables[-1].read_row(number, line.split())
            refuse_more(number, sum(len(table.figures) for table in tables))
    if not tables:
        raise ParseError(number, 'There is no title "OSU … Test v…": send the whole output.')
    for table in tables:
        if not table.rows:
            raise ParseError(table.line, f"There is no row of {table.operation}: the run did not finish.")
    return _parsed(text, tables, version)


def _new_table(number: int, title: re.Match[str], tables: list[_Table]) -> _Table:
    what = title[2].removesuffix(" Test").strip()
    operation = tidy(f"{title[1]} {what}".lower()).replace("bi-directional", "bidirectional")
    if any(table.operation == operation for table in tables):
        raise ParseError(number, ANOTHER_RUN)
    return _Table(number, operation, processes=2 if _TWO_ENDS.fullmatch(what) else None)


def _parsed(text: str, tables: list[_Table], version: str) -> Parsed:
    figures = [figure for table in tables for figure in table.figures]
    if any("validation" in table.columns for table in tables):
        rows = sum(table.rows for table in tables)
        figures.append(failed_operations(sum(table.failed for table in tables), of=rows, what="validations"))
    return Parsed(
        tool="osu",
        figures=tuple(figures),
        content=text.encode("utf-8", "replace"),
        versions=(("osu", version),),
        hosts=hosts_named(text),
        contradiction=next((table.contradiction for table in tables if table.contradiction), ""),
    )


def _contradiction(operation: str, size: int | None, texts: dict[str, str], numbers: dict[str, float]) -> str:
    where = f"{operation} at {size} B" if size is not None else operation
    if size and RATE in numbers and MESSAGES in numbers:
        expected = numbers[MESSAGES] * size / 1e6
        if differ(numbers[RATE], expected, half_unit(texts[RATE]) + half_unit(texts[MESSAGES]) * size / 1e6):
            return disagreement(f"rate of {where}", f"{numbers[RATE]:g} MB/s", f"{expected:g} MB/s")
    mean = numbers.get(TIME, 0.0)
    least, most = numbers.get(LEAST, mean), numbers.get(MOST, mean)
    if not least <= mean <= most:
        return (
            f"The time of {where} is {mean:g} µs on average, {least:g} µs at least and {most:g} µs at most."
        )
    return ""
