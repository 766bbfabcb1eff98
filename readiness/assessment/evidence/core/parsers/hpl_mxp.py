"""HPL-MxP's text: NVIDIA's result block, and the table of AMD's build (rocHPL-MxP), which looks like HPL's.

The rate counts the operations of HPL for the time of the mixed-precision solution. A wrong solution voids the run.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from readiness.assessment.evidence.core.documents import (
    counted,
    lines_of,
    local_time,
    refuse_more,
    text_of,
    tidy,
)
from readiness.assessment.evidence.core.launchers import hosts_named
from readiness.assessment.evidence.core.parsed import (
    ANOTHER_RUN,
    Figure,
    Parsed,
    ParseError,
    failed_operations,
)
from readiness.assessment.evidence.core.parsers import hpl

_ROW = re.compile(r"(W[A-Z]\S*)\s+(\d{1,18})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\S+)\s+(\S+)()")
_RESULT = re.compile(
    r"N = (\d{1,18}), NB = (\d{1,9}), NPROW = (\d{1,9}), NPCOL = (\d{1,9})(?:, SLOPPY-TYPE = (\w{1,20}))?"
)
_RATE = re.compile(r"(LU )?GFLOPS = (\S+?), per GPU =\s*(\S+)")
_RESIDUAL = re.compile(r"\|\|Ax-b\|\|.* \.{3,} *(PASSED|FAILED)$")
_END = re.compile(r"HPLMXP_pdgesv\(\) end time\s+(.+)")
_VERSION = re.compile(
    r"HPL-MxP(?:-NVIDIA|Linpack|LinPack)? +v?(\d\S*)|HPLMxP-NVIDIA (\d\S*)|rocHPL-MxP (\d\S*)"
)
_FAILED = re.compile(
    r"HPL(?:-MxP)? ERROR|Segmentation fault|exited on signal \d|MPI_ABORT|CUDA error|NaN encountered"
)


@dataclass
class _Mxp:
    rows: list[hpl.HplRow] = field(default_factory=list)
    factorings: list[Figure] = field(default_factory=list)
    residuals: list[bool] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    open_row: hpl.HplRow | None = None
    ended: datetime | None = None

    def read(self, number: int, line: str) -> None:
        refuse_more(number, len(self.rows))
        if (row := _ROW.fullmatch(line)) is not None:
            self._add(hpl.row_of(number, row))
        elif (result := _RESULT.fullmatch(line)) is not None:
            order, block, p, q, sloppy = result.groups("")
            variant = f"NB {block}, {p} x {q}" + (f", sloppy type {sloppy}" if sloppy else "")
            self.open_row = hpl.HplRow(number, variant, int(order), int(p) * int(q), "", "", "")
        elif (rate := _RATE.match(line)) is not None:
            self._read_rate(number, *rate.groups(""))
        elif (residual := _RESIDUAL.search(line)) is not None:
            self.residuals.append(residual[1] == "PASSED")
        elif (end := _END.search(line)) is not None:
            self.ended = local_time(" ".join(end[1].split()), "%a %b %d %H:%M:%S %Y") or self.ended
        elif (version := _VERSION.search(line)) is not None:
            self.versions["hpl-mxp"] = tidy(next(filter(None, version.groups())))

    def _add(self, row: hpl.HplRow) -> None:
        if any((row.variant, row.order) == (each.variant, each.order) for each in self.rows):
            raise ParseError(row.number, ANOTHER_RUN)
        self.rows.append(row)

    def _read_rate(self, number: int, factoring: str, rate: str, of_process: str) -> None:
        if self.open_row is None:
            raise ParseError(number, "A rate comes before the line that names its N.")
        if counted(number, rate) <= 0 or counted(number, of_process) <= 0 or self.open_row.order <= 0:
            raise ParseError(number, "Nothing was solved: the order or the rate is zero.")
        row = replace(self.open_row, number=number, rate=rate, rate_of_process=of_process)
        if not factoring:
            self._add(row)
            return
        self.factorings.append(
            Figure(
                name="flops_of_factoring",
                value=row.gflops,
                unit="GFLOP/s",
                operation="hpl-mxp",
                variant=row.variant,
                size_bytes=8 * row.order**2,
                streams=row.processes,
            )
        )


def parse(content: bytes) -> Parsed:
    text = text_of(content)
    mxp, number = _Mxp(), 1
    for number, raw in lines_of(text):
        line = raw.strip()
        if _FAILED.search(line):
            raise ParseError(number, f"HPL-MxP reports: {tidy(line)}")
        mxp.read(number, line)
    if not mxp.rows:
        raise ParseError(number, "There is no row of results: the run did not finish.")
    if len(mxp.residuals) < len(mxp.rows):
        raise ParseError(
            number, "There is no check of the solution (PASSED or FAILED): the run did not finish."
        )
    failed = failed_operations(mxp.residuals.count(False), of=len(mxp.residuals), what="residual checks")
    return Parsed(
        tool="hpl-mxp",
        figures=(*hpl.figures_of(mxp.rows, "hpl-mxp"), *mxp.factorings, failed),
        content=text.encode("utf-8", "replace"),
        versions=tuple(mxp.versions.items()),
        hosts=hosts_named(text),
        taken_local=mxp.ended,
        contradiction=next((reason for row in mxp.rows if (reason := hpl.contradiction_of(row))), ""),
    )
