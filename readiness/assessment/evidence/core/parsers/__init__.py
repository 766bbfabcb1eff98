"""One module for each tool's output.

`parse` finds the module by the name of the tool. Each takes the bytes of a file and returns a `Parsed`, or raises
`ParseError` and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from readiness.assessment.evidence.core.parsed import LONGEST, MOST_COUNT, Figure, Parsed, ParseError
from readiness.assessment.evidence.core.parsers import (
    collectives,
    dcgm_diag,
    fio,
    hpl,
    hpl_mxp,
    iperf3,
    junit,
    mlperf,
    nccl_ras,
    osu,
    perftest,
    sockperf,
    stream,
    superbench,
    table,
    vllm_bench,
)
from web.versioned.core.documents import LARGEST

__all__ = ["PARSERS", "ParseError", "Parsed", "parse"]

PARSERS: Mapping[str, Callable[[bytes], Parsed]] = {
    "nccl-tests": partial(collectives.parse, "nccl-tests"),
    "rccl-tests": partial(collectives.parse, "rccl-tests"),
    "perftest": perftest.parse,
    "iperf3": iperf3.parse,
    "sockperf": sockperf.parse,
    "fio": fio.parse,
    "dcgm-diag": dcgm_diag.parse,
    "mlperf": mlperf.parse,
    "vllm-bench": vllm_bench.parse,
    "stream": stream.parse,
    "hpl": hpl.parse,
    "hpl-mxp": hpl_mxp.parse,
    "osu": osu.parse,
    "superbench": superbench.parse,
    "nccl-ras": nccl_ras.parse,
    "junit": junit.parse,
    "csv": table.parse,
}
LATENCIES = frozenset({"latency", "round_trip", "ttft", "tpot", "mean_time"})
"""A latency of zero is not a result: no answer takes no time, and tails are divided by each other."""


def parse(tool: str, content: bytes, *, rules: Sequence[junit.PassRule] | None = None) -> Parsed:
    """`rules` say what the tests of a JUnit report prove."""
    parsed = junit.parse(content, rules) if tool == "junit" else PARSERS[tool](content)
    for figure in parsed.figures:
        if wrong := _unbelievable(figure, may_be_negative=tool == "csv"):
            raise ParseError(1, f"{figure.name[:100]} cannot be kept: {wrong}")
    return parsed


def _unbelievable(figure: Figure, *, may_be_negative: bool) -> str:
    """Say why no tool measures such a figure, or no store takes it; empty for a valid figure. Rates, times and counts
    are never below zero. In a user's own table, a temperature or an offset may be."""
    value = figure.value
    if value is not None and not abs(value) <= LARGEST:
        return f"it is out of range, which ends at {LARGEST:.0e}."
    if value == 0 and figure.name in LATENCIES:
        return "it is zero: nothing was measured."
    if value is not None and value < 0 and not may_be_negative:
        return "it is negative."
    if figure.unit == "%" and value is not None and value > 100 and not may_be_negative:
        return "it is more than 100 %."
    if any(
        not -1 < (count or 0) < MOST_COUNT for count in (figure.size_bytes, figure.samples, figure.streams)
    ):
        return "a size or count beside it is out of range."
    if any(len(getattr(figure, name)) > most for name, most in LONGEST.items()):
        return "a word that describes it is too long."
    return ""
