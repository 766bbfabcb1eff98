"""Floors from a node-health configuration in the format of Azure's images: lines of `* || check_… value …`.

Only checks that state a floor for a measure we read are used; the rest of such a file is about other things.
"""

import re
from dataclasses import dataclass

from readiness.assessment.evidence.core.documents import lines_of, number_of, text_of, tidy
from readiness.assessment.evidence.core.parsed import ParseError
from web.versioned.core.documents import LARGEST

_LINE = re.compile(r"[^#|]*\|\|\s*(\S+)\s*(.*)$")
_SIZE = re.compile(r"(\d{1,6})([KMGT]?)", re.IGNORECASE)
_FACTORS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
RDMA_BYTES = 8 * 1024**2
"""The message size of these images' tests (`ib_write_bw -s 8388608`)."""


@dataclass(frozen=True, slots=True)
class FloorLine:
    tool: str
    measure: str
    operation: str
    size_bytes: int
    value: float
    unit: str
    note: str


def parse(content: bytes) -> tuple[FloorLine, ...]:
    floors = []
    for number, line in lines_of(text_of(content)):
        matched = _LINE.match(line)
        if matched is None:
            continue
        check, words = matched[1], matched[2].split()
        if check in ("check_nccl_allreduce", "check_rccl_allreduce"):
            value, size = _value(number, words), _size(number, words)
            tool = "nccl-tests" if check == "check_nccl_allreduce" else "rccl-tests"
            floors.append(FloorLine(tool, "busbw", "all_reduce", size, value, "GB/s", f"{check}, one node"))
        elif check in ("check_ib_bw_gdr", "check_ib_bw_non_gdr"):
            # The script asks perftest for gigabits, whatever its README prints.
            how = "GPUDirect" if check == "check_ib_bw_gdr" else "not GPUDirect"
            value = _value(number, words)
            floors.append(
                FloorLine("perftest", "bandwidth", "write", RDMA_BYTES, value, "Gb/s", f"{check}, {how}")
            )
    return tuple(floors)


def _value(line: int, words: list[str]) -> float:
    value = number_of(words[0]) if words else None
    if value is None or not 0 < value <= LARGEST:
        raise ParseError(line, f"{tidy(words[0])} is not a floor." if words else "The floor is missing.")
    return value


def _size(line: int, words: list[str]) -> int:
    matched = _SIZE.fullmatch(words[2]) if len(words) > 2 else None
    if matched is None:
        raise ParseError(line, "The size is missing: a floor holds at one size.")
    return int(matched[1]) * _FACTORS[matched[2].upper()]
