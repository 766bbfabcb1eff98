"""STREAM's text: memory bandwidth of one node, for each of its four kernels.

A rate is the bytes of its kernel over its shortest time, so the file itself tells whether its rates are true.
"""

import re
from dataclasses import dataclass, field

from readiness.assessment.evidence.core.documents import counted, lines_of, text_of, tidy, whole_of
from readiness.assessment.evidence.core.parsed import ANOTHER_RUN, ITERATIONS, Figure, Parsed, ParseError
from readiness.assessment.evidence.core.recomputing import disagreement, rate_differs

ARRAYS = {"Copy": 2, "Scale": 2, "Add": 3, "Triad": 3}
"""Number of arrays that each kernel reads or writes."""
_ROW = re.compile(r"(Copy|Scale|Add|Triad):\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)")
_ELEMENT = re.compile(r"This system uses (\d{1,3}) bytes per")
_LENGTH = re.compile(r"Array size = (\d{1,18})\b")
_TIMES = re.compile(r"Each (?:kernel|test) (?:will be executed|is run) (\d{1,9}) times")
_THREADS = re.compile(r"Number of Threads (?:requested|counted) = (\d{1,9})")
_VERSION = re.compile(r"STREAM version (?:\$Revision: )?(\d[\w.]*)")
_FAILED = re.compile(r"Failed Validation|WEIRD|\bERROR\b|Segmentation fault|[Kk]illed")


@dataclass
class _Stream:
    element_bytes: int = 0
    length: int = 0
    iterations: int | None = None
    threads: int | None = None
    version: str = ""
    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    contradiction: str = ""
    is_valid: bool = False

    def read(self, number: int, line: str) -> None:
        if (row := _ROW.fullmatch(line)) is not None:
            self._read_row(number, row)
        elif (matched := _ELEMENT.match(line)) is not None:
            self.element_bytes = int(matched[1])
        elif (matched := _LENGTH.search(line)) is not None:
            self.length = int(matched[1])
        elif (matched := _TIMES.match(line)) is not None:
            self.iterations = whole_of(matched[1])
        elif (matched := _THREADS.match(line)) is not None:
            self.threads = whole_of(matched[1])
        elif (matched := _VERSION.match(line)) is not None:
            self.version = tidy(matched[1])
        elif line.startswith("Solution Validates"):
            self.is_valid = True

    def _read_row(self, number: int, row: re.Match[str]) -> None:
        kernel = row[1]
        if kernel in self.rows:
            raise ParseError(number, ANOTHER_RUN)
        rate, average, least, most = (counted(number, text) for text in row.groups()[1:])
        if least <= 0 or rate <= 0:
            raise ParseError(number, f"{kernel} took no time: nothing was measured.")
        self.rows[kernel] = row[2], row[4]
        if not least <= average <= most:
            self.contradiction = (
                f"{kernel} took {least:g} s at least, {average:g} s on average and {most:g} s at most."
            )


def parse(content: bytes) -> Parsed:
    """Give MB/s of each kernel. A run whose results do not validate is refused."""
    text = text_of(content)
    stream, number = _Stream(), 1
    for number, raw in lines_of(text):
        line = raw.strip()
        if _FAILED.search(line):
            raise ParseError(number, f"STREAM reports: {tidy(line)}")
        stream.read(number, line)
    if missing := ARRAYS.keys() - stream.rows.keys():
        raise ParseError(number, f"There is no row of {', '.join(sorted(missing))}: the run did not finish.")
    if not stream.is_valid:
        raise ParseError(number, 'There is no line "Solution Validates": the run did not finish.')
    if not stream.length or not stream.element_bytes:
        raise ParseError(
            1, "The size of the arrays is missing, so the rates cannot be checked: send the whole output."
        )
    return Parsed(
        tool="stream",
        figures=tuple(_figures(stream)),
        content=text.encode("utf-8", "replace"),
        versions=(("stream", stream.version),) if stream.version else (),
        contradiction=_contradiction(stream) or stream.contradiction,
    )


def _figures(stream: _Stream) -> list[Figure]:
    figures = [
        Figure(
            name="bandwidth",
            value=float(rate),
            unit="MB/s",
            operation=kernel.lower(),
            size_bytes=stream.length * stream.element_bytes,
            samples=stream.iterations,
            streams=stream.threads,
        )
        for kernel, (rate, _) in stream.rows.items()
    ]
    if stream.iterations is not None:
        figures.append(Figure(name=ITERATIONS, value=float(stream.iterations), operation="stream"))
    return figures


def _contradiction(stream: _Stream) -> str:
    for kernel, (rate, least_s) in stream.rows.items():
        moved_mb = ARRAYS[kernel] * stream.length * stream.element_bytes / 1e6
        if rate_differs(rate, least_s, moved_mb):
            expected = f"{moved_mb / float(least_s):.6g} MB/s"
            return disagreement(f"rate of {kernel}", f"{float(rate):g} MB/s", expected)
    return ""
