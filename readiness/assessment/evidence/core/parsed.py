"""The content of a tool's output, for any tool: figures with conditions and units, what they were measured on, and
failures that void a run (wrong values, failed operations). A parser reads and never judges: it sets no state and knows
no floor.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

LEAST_TRUSTED_LAST = ("measured", "declared", "estimated", "simulated")


def worst_provenance(provenances: Iterable[str]) -> str:
    return max(provenances, key=LEAST_TRUSTED_LAST.index, default=LEAST_TRUSTED_LAST[0])


class ParseError(ValueError):
    """The file is refused. `line` counts from 1; `reason` is a sentence for the uploader."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the file, in one of our units.

    `value` None means that the file names the figure but has no value; `caution` then says why. A `caution` with a
    value says why it must not be judged (for example too few samples behind a percentile). `operation` is the operation
    (`all_reduce`, `write`), `variant` its kind (`float sum`, `out-of-place`), `subject` the measured object in the
    file's words (`GPU 3`, `mlx5_0`), `percentile` in per cent, `size_bytes` the message or block, `streams` how many
    ran in parallel.
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
"""Name of the figure that counts the accelerators of a host that took part, each once; its subject is the host."""
TEST, FAILED_TEST = "test", "failed_test"
"""Names of the figures for the tests that a diagnostic ran and for failed tests; their operation is the test."""
ITERATIONS, DURATION, REQUESTS, REQUEST_RATE = "iterations", "duration", "requests", "request_rate"
"""Names of the figures that say how much was measured: iterations of a row, seconds, requests, offered requests a
second."""
IDENTITIES = ("serial", "uuid")
"""Names of the figures that identify the accelerator behind a number; their variant is the serial number or UUID."""
END = "end"
"""Name of the figures for the ends whose output a file holds; their value is the place, their subject the port."""
DEVICE_ID = "device_id"
"""Name of the figures that give the product behind a number; their variant is its PCI device id."""
END_UNKNOWN = "The file does not say where the other end was, so the run may not have crossed a network."
ANOTHER_RUN = "The results of another run begin here: send each run in a file of its own."
LONGEST = {"name": 200, "unit": 16, "operation": 200, "variant": 450, "subject": 200}
"""Length limits of a figure's texts, as its store has them."""


@dataclass(frozen=True, slots=True)
class SeenAccelerator:
    """An accelerator as a file names it, with empty fields for what the file leaves out. `index` is the driver's number
    and -1 without one; `device_id` is the PCI device, four hexadecimal digits."""

    host: str = ""
    index: int = -1
    bus_id: str = ""
    uuid: str = ""
    serial: str = ""
    model: str = ""
    device_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A whole file.

    `taken_at` is in UTC; `taken_local` is a time that the tool prints without its zone. `versions` are pairs of name
    and version (`driver`, `library`, the tool itself). `loopback` is a sentence if both ends were one machine or port,
    or may have been: the run may not have crossed a network. `content` is the file without what must not be stored (the
    environment of a process). `accelerators` are those that the file names, each once. `contradiction` is a sentence if
    figures of the file contradict each other, with both: the run proves nothing. `fingerprint` is what else tells this
    run from another with equal figures, such as the numbers of its connections. `declared` is a sentence if the file is
    not a run but entered data: a table that does not say how its figures were measured.
    """

    tool: str
    figures: tuple[Figure, ...]
    content: bytes
    versions: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    accelerators: tuple[SeenAccelerator, ...] = ()
    contradiction: str = ""
    fingerprint: str = ""
    taken_at: datetime | None = None
    taken_local: datetime | None = None
    loopback: str = ""
    declared: str = ""
    warnings: tuple[str, ...] = ()


GIB = 1024**3


def size_text(size: int) -> str:
    for factor, unit in ((GIB, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= factor:
            return f"{size / factor:g} {unit}"
    return f"{size} B"


MOST_COUNT = 2**62
"""Bound for sizes, samples and streams: the largest value that the store takes, far above real ones."""
PERCENTILE_SUPPORT = 10
"""A percentile needs this many samples beyond it: 10,000 samples for p99.9 (our judgement)."""


def percentile_caution(percentile: float | None, samples: int | None) -> str:
    """Say why a percentile of so many samples must not be judged; empty if there are enough, or without a percentile.

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
    # A percentile may be so extreme that no number of samples supports it.
    needed = round(min(PERCENTILE_SUPPORT / tail, MOST_COUNT))
    if samples >= needed:
        return ""
    extreme = "maximum" if percentile > 50 else "minimum" if percentile < 50 else "middle"
    return f"p{percentile:g} needs {needed} samples; there are {samples}, so it is near the {extreme}."


WRONG_VALUES = "wrong_values"
FAILED = "failed_operations"
DROPPED = "dropped_messages"
FAILURES = frozenset({WRONG_VALUES, FAILED, DROPPED})
"""Names of the figures that count failures. Their `samples` are all operations, including failed ones."""


@dataclass(frozen=True, slots=True)
class Failures:
    count: float | None = None
    text: str = ""

    @property
    def reason(self) -> str:
        return f"{self.text}: the run is void, whatever its figures say." if self.count else ""


NOT_COUNTED = Failures()


def failures_of(figures: Iterable[Figure]) -> Failures:
    counted = [each for each in figures if each.name in FAILURES and each.value is not None]
    worst = next((each for each in counted if each.value), counted[0] if counted else None)
    return NOT_COUNTED if worst is None else Failures(worst.value, _failure_text(worst))


def failed_operations(count: float, *, of: int | None = None, what: str = "operations") -> Figure:
    return Figure(name=FAILED, value=float(count), samples=of, operation=what)


def _failure_text(figure: Figure) -> str:
    count = f"{figure.value:,.0f}"
    if figure.name == WRONG_VALUES:
        return f"{count} {'value was' if figure.value == 1 else 'values were'} wrong"
    if figure.name == FAILED:
        what = figure.operation or "operations"
        if figure.samples is None:
            return f"{count} {what.removesuffix('s') if figure.value == 1 else what} failed"
        return f"{count} of {figure.samples:,} {what} failed"
    return f"{count} {'message was' if figure.value == 1 else 'messages were'} dropped"


_FACTORS: dict[str, tuple[str, float]] = {
    # unit: (dimension, how many of the dimension's base unit)
    "b/s": ("rate", 1.0),
    "kb/s": ("rate", 1e3),
    "Mb/s": ("rate", 1e6),
    "Gb/s": ("rate", 1e9),
    "B/s": ("rate", 8.0),
    "KB/s": ("rate", 8e3),
    "KiB/s": ("rate", 8.0 * 1024),
    "MB/s": ("rate", 8e6),
    "MiB/s": ("rate", 8.0 * 1024**2),
    "GB/s": ("rate", 8e9),
    "GiB/s": ("rate", 8.0 * 1024**3),
    "ns": ("time", 1e-9),
    "µs": ("time", 1e-6),
    "us": ("time", 1e-6),
    "usec": ("time", 1e-6),
    "ms": ("time", 1e-3),
    "s": ("time", 1.0),
    "sec": ("time", 1.0),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86400.0),
    "GFLOP/s": ("work", 1.0),
    "TFLOP/s": ("work", 1e3),
    "PFLOP/s": ("work", 1e6),
    "W": ("power", 1.0),
    "kW": ("power", 1e3),
    "MW": ("power", 1e6),
    "%": ("share", 0.01),
    "ratio": ("share", 1.0),
    "°C": ("temperature", 1.0),
    "MB/h": ("growth", 1.0),
    "tCO2e": ("emission", 1.0),
    "kgCO2e": ("emission", 1e-3),
    "gCO2e": ("emission", 1e-6),
}


def converted(value: float, unit: str, to: str) -> float | None:
    """Convert a value to another unit of the same dimension; None if that is impossible or the result is not finite.
    For example, 24056.72 MiB/s are 201.80 Gb/s."""
    if unit == to:
        return value
    if unit not in _FACTORS or to not in _FACTORS:
        return None
    (dimension, factor), (target_dimension, base) = _FACTORS[unit], _FACTORS[to]
    if dimension != target_dimension:
        return None
    result = value * factor / base
    return result if math.isfinite(result) else None
