"""One module for each tool's output. `parse` finds the module by the tool's name.

Each takes the bytes of a file and returns a `Parsed`, or raises `ParseError` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from readiness.evidence.core.parsed import Parsed, ParseError
from readiness.evidence.core.parsers import (
    collectives,
    dcgm_diag,
    fio,
    iperf3,
    mlperf,
    perftest,
    sockperf,
    table,
)

__all__ = ["PARSERS", "ParseError", "Parsed", "parse"]

PARSERS: Mapping[str, Callable[[bytes], Parsed]] = {
    "nccl-tests": collectives.parse_nccl,
    "rccl-tests": collectives.parse_rccl,
    "perftest": perftest.parse,
    "iperf3": iperf3.parse,
    "sockperf": sockperf.parse,
    "fio": fio.parse,
    "dcgm-diag": dcgm_diag.parse,
    "mlperf": mlperf.parse,
    "csv": table.parse,
}


def parse(tool: str, content: bytes) -> Parsed:
    """Read one tool's output. KeyError for a tool that has no parser."""
    return PARSERS[tool](content)
