"""HPL's text, of the reference version and of the builds of NVIDIA, Intel and AMD.

The rate is 2/3 N^3 + 3/2 N^2 operations over the time. A wrong solution (residual FAILED) makes the run void.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from readiness.assessment.evidence.core.documents import (
    counted,
    lines_of,
    local_time,
    refuse_more,
    text_of,
    tidy,
    whole_of,
)
from readiness.assessment.evidence.core.launchers import hosts_named
from readiness.assessment.evidence.core.parsed import (
    ANOTHER_RUN,
    DURATION,
    Figure,
    Parsed,
    ParseError,
    failed_operations,
)
from readiness.assessment.evidence.core.recomputing import differ, disagreement, half_unit, rate_differs

NOT_CHECKED = "The run did not check its solution, so a wrong one would not show."
SKIPPED = "{} tests were skipped, because their input was not valid: send the output of tests that all ran."
_ROW = re.compile(
    r"(W[A-Z]\S*)\s+(\d{1,18})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\S+)\s+(\S+)(?:\s+\(\s*(\S+?)\s*\))?"
)
_RESIDUAL = re.compile(r"\|\|Ax-b\|\|.* \.{3,} *(PASSED|FAILED)$")
_END = re.compile(r"HPL_pdgesv\(\) end time\s+(.+)")
_VERSION = re.compile(r"HPLinpack (\d\S*)|HPL-NVIDIA (\d\S*)")
_SUMMARY = re.compile(r"(\d{1,9}) tests? (completed|skipped) ?(.*)")
_FAILED = re.compile(r"HPL ERROR|Segmentation fault|exited on signal \d|MPI_ABORT|CUDA error|NaN encountered")


@dataclass
class HplRow:
    number: int
    variant: str
    order: int
    processes: int
    # As printed; NVIDIA's HPL-MxP prints no time, and only NVIDIA's builds print the rate of a process.
    time: str
    rate: str
    rate_of_process: str

    @property
    def seconds(self) -> float:
        return float(self.time or 0)

    @property
    def gflops(self) -> float:
        return float(self.rate)


@dataclass
class _Hpl:
    rows: list[HplRow] = field(default_factory=list)
    residuals: list[bool] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    ended: datetime | None = None
    unchecked: int = 0
    failed: int = 0
    is_finished: bool = False

    def read(self, number: int, line: str) -> None:
        if (row := _ROW.fullmatch(line)) is not None:
            if self.is_finished:
                raise ParseError(number, ANOTHER_RUN)
            refuse_more(number, len(self.rows))
            self.rows.append(row_of(number, row))
        elif (residual := _RESIDUAL.search(line)) is not None:
            self.residuals.append(residual[1] == "PASSED")
        elif (end := _END.search(line)) is not None:
            self.ended = local_time(" ".join(end[1].split()), "%a %b %d %H:%M:%S %Y") or self.ended
        elif (version := _VERSION.search(line)) is not None:
            self.versions["hpl"] = tidy(version[1] or version[2])
        elif (summary := _SUMMARY.match(line)) is not None:
            self._read_summary(number, whole_of(summary[1]) or 0, summary[2], summary[3])
        elif line.startswith("End of Tests"):
            self.is_finished = True

    def _read_summary(self, number: int, count: int, what: str, how: str) -> None:
        if what == "skipped" and count:
            raise ParseError(number, SKIPPED.format(count))
        if "without checking" in how:
            self.unchecked = count
        elif "failed" in how:
            self.failed = count


def parse(content: bytes) -> Parsed:
    text = text_of(content)
    hpl, number = _Hpl(), 1
    for number, raw in lines_of(text):
        line = raw.strip()
        if _FAILED.search(line):
            raise ParseError(number, f"HPL reports: {tidy(line)}")
        hpl.read(number, line)
    if not hpl.rows:
        raise ParseError(number, "There is no row of results: the run did not finish.")
    if not hpl.is_finished:
        raise ParseError(number, 'There is no line "End of Tests": the run did not finish.')
    checked = len(hpl.residuals)
    wrong = max(hpl.residuals.count(False), hpl.failed)
    failed = (
        [failed_operations(wrong, of=max(checked, wrong), what="residual checks")] if checked or wrong else []
    )
    return Parsed(
        tool="hpl",
        figures=(*figures_of(hpl.rows, "hpl", _caution(hpl)), *failed),
        content=text.encode("utf-8", "replace"),
        versions=tuple(hpl.versions.items()),
        hosts=hosts_named(text),
        taken_local=hpl.ended,
        contradiction=next((reason for row in hpl.rows if (reason := contradiction_of(row))), ""),
    )


def _caution(hpl: _Hpl) -> str:
    return NOT_CHECKED if hpl.unchecked or len(hpl.residuals) < len(hpl.rows) else ""


def row_of(number: int, row: re.Match[str]) -> HplRow:
    variant, order, block, p, q, time, rate, rate_of_process = row.groups("")
    for text in filter(None, (time, rate, rate_of_process)):
        counted(number, text)
    read = HplRow(
        number=number,
        variant=f"{tidy(variant)}, NB {block}, {p} x {q}",
        order=int(order),
        processes=int(p) * int(q),
        time=time,
        rate=rate,
        rate_of_process=rate_of_process,
    )
    if read.gflops <= 0 or read.order <= 0 or read.processes <= 0:
        raise ParseError(number, "Nothing was solved: the order, the processes or the rate is zero.")
    return read


def figures_of(rows: list[HplRow], operation: str, caution: str = "") -> list[Figure]:
    """Give the rate and time of each row. The size is that of the matrix."""
    figures = []
    for row in rows:
        rate = Figure(
            name="flops",
            value=row.gflops,
            unit="GFLOP/s",
            operation=operation,
            variant=row.variant,
            size_bytes=8 * row.order**2,
            streams=row.processes,
            caution=caution,
        )
        figures.append(rate)
        if row.seconds > 0:
            time = Figure(
                name=DURATION, value=row.seconds, unit="s", operation=operation, variant=row.variant
            )
            figures.append(time)
    return figures


def contradiction_of(row: HplRow) -> str:
    operations = 2 / 3 * float(row.order) ** 3 + 3 / 2 * float(row.order) ** 2
    if row.time and rate_differs(row.rate, row.time, operations / 1e9):
        expected = f"{operations / 1e9 / row.seconds:.4g} GFLOP/s" if row.seconds else "no rate"
        return disagreement(f"rate on line {row.number}", f"{row.gflops:g} GFLOP/s", expected)
    return share_contradicts(row.number, row.rate, row.rate_of_process, row.processes)


def share_contradicts(number: int, rate: str, rate_of_process: str, processes: int) -> str:
    """Compare a rate with the rate of each process, which NVIDIA's builds print beside it."""
    if not rate_of_process:
        return ""
    printed, expected = float(rate), float(rate_of_process) * processes
    if not differ(printed, expected, half_unit(rate) + processes * half_unit(rate_of_process)):
        return ""
    return disagreement(f"rate on line {number}", f"{printed:g} GFLOP/s", f"{expected:g} GFLOP/s")
