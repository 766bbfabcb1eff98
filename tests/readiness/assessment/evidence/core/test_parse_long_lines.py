"""No file of a few hundred kilobytes keeps a parser busy, whatever stands in its one line."""

import signal
from contextlib import contextmanager

import pytest

from readiness.assessment.evidence.core.parsers import PARSERS, ParseError, platform_floors

BYTES = 400_000
LINES = {
    "perftest": (b"Send", b" "),
    "perftest header": (b"#bytes #iterations ", b"a["),
    "sockperf": (b"sockperf: ", b"="),
    "sockperf errors": (b"", b"ERROR "),
    "mlperf": (b"", b":::MLLOG {"),
    "nccl-tests": (b"NCCL version", b" "),
    "nccl-tests verdict": (b"# a", b" "),
    "rccl-tests": (b"[", b"1"),
    "floors": (b"", b" "),
}
"""Each parser reads a line that begins with the first text and repeats the second. An expression that tries every way
to split such a line takes minutes."""


@contextmanager
def alarm(seconds):
    def ring(signum, frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", LINES)
def test_a_line_without_end_is_read_or_refused_at_once(name):
    head, unit = LINES[name]
    parse = {**PARSERS, "floors": platform_floors.parse}[name.split()[0]]
    with alarm(20):
        try:
            kept = parse(head + unit * (BYTES // len(unit)))
        except ParseError:
            kept = ()
    assert kept == ()
