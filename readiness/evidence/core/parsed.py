"""The content of a tool's output, whatever the tool: figures with their conditions, and what they were measured on.

A parser finds and never judges: it gives no state, and does not know a floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class ParseError(ValueError):
    """The file is refused. `line` counts from 1; `reason` is a sentence for whoever uploaded it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure as the file gives it, in one of our units.

    `value` None means that the file names the figure and does not hold it; `caution` then says why. A
    `caution` beside a value says why it must not be judged (too few samples behind a percentile). `operation`
    is what was run (`all_reduce`, `write`), `variant` its kind (`float sum`, `out-of-place`), `subject` the
    thing it is about in the file's own words (`GPU 3`, `mlx5_0`), `percentile` in per cent, `size_bytes` the
    message or block, `streams` how many ran side by side.
    """

    name: str
    value: float | None
    unit: str = ""
    operation: str = ""
    variant: str = ""
    subject: str = ""
    size_bytes: int | None = None
    percentile: float | None = None
    samples: int | None = None
    streams: int | None = None
    caution: str = ""


RANKS = "ranks"
"""Name of the figure that counts the accelerators of a host that took part; its subject is the host."""
TEST, FAILED_TEST = "test", "failed_test"
"""Names of the figures that say which tests a diagnostic ran, and where one failed; their operation is the test."""
IDENTITIES = ("serial", "uuid")
"""Names of the figures that say which accelerator a number was; their variant is the serial number or UUID."""
LONGEST = {"name": 200, "unit": 16, "operation": 200, "variant": 450, "subject": 200}
"""Characters of a figure's texts, as its store has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A whole file. `taken_at` is in UTC; `taken_local` is what a tool prints without its zone.

    `versions` are pairs of name and version (`driver`, `library`, the tool itself). `loopback` is a sentence,
    not empty where both ends were one machine or one port: no network was crossed. `kept` is the file as it
    may be stored, without what must not be (the environment of a process). `declared` is a sentence, not empty where
    the file is no run but what somebody entered: a table that does not say how its figures came to be.
    """

    tool: str
    figures: tuple[Figure, ...]
    kept: bytes
    versions: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    taken_at: datetime | None = None
    taken_local: datetime | None = None
    loopback: str = ""
    declared: str = ""
    warnings: tuple[str, ...] = ()


MOST_COUNT = 2**62
"""Of sizes, samples and streams: what a store takes, and far more than there is."""
PERCENTILE_SUPPORT = 10
"""A percentile needs this many samples beyond it: 10,000 for p99.9 (our judgement)."""


def percentile_caution(percentile: float | None, samples: int | None) -> str:
    """Why a percentile from so many samples must not be judged; empty if there are enough, and of no percentile.

    >>> percentile_caution(99.9, 14)
    'p99.9 needs 10000 samples; there are 14, so it is near the maximum.'
    """
    if percentile is None:
        return ""
    if samples is None:
        return f"p{percentile:g} cannot be judged: the file does not say how many samples are behind it."
    tail = min(percentile, 100 - percentile) / 100
    if tail <= 0:
        return ""
    # A percentile may be so far out that no number of samples is behind it.
    needed = round(min(PERCENTILE_SUPPORT / tail, MOST_COUNT))
    if samples >= needed:
        return ""
    extreme = "maximum" if percentile > 50 else "minimum" if percentile < 50 else "middle"
    return f"p{percentile:g} needs {needed} samples; there are {samples}, so it is near the {extreme}."
