"""Samples of formats that people can read: each refusal names its line."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np

from telemetry.core.columns import Rejections, SampleColumns, TakenTimes, assemble
from telemetry.core.labels import KeyCache, RefusalReason, canonical_key
from telemetry.formats.contract import BodyLimits, WriteTooLarge

# Of refusals for one reason, so many lines are named.
_LINES_NAMED = 20
_SHOWN_BYTES = 80


def show(text: bytes) -> str:
    """The beginning of a text as an example of a refusal."""
    start = text[:_SHOWN_BYTES].decode(errors="backslashreplace").replace("\0", "\\x00")
    return start if len(text) <= _SHOWN_BYTES else f"{start}…"


class LineSamples:
    """The samples and refusals of a body, as its lines are read one by one."""

    def __init__(self, window: TakenTimes, limits: BodyLimits, cache: KeyCache) -> None:
        self._window = window
        self._limits = limits
        self._cache = cache
        self._keys: list[bytes] = []
        self._times = array("q")
        self._values = array("d")
        self._series: set[bytes] = set()
        self._refused: dict[RefusalReason, list[int]] = defaultdict(list)
        self._examples: dict[RefusalReason, str] = {}

    def add(self, line: int, key: bytes, ts_ms: int, value: float, column: str = "") -> None:
        """Times outside the window are refused here, where the line is known."""
        if ts_ms < self._window.oldest_ms:
            self.refuse(line, RefusalReason.TOO_OLD, f"{ts_ms} ms since 1970", column)
        elif ts_ms > self._window.now_ms + self._window.future_ms:
            self.refuse(line, RefusalReason.TOO_FAR_IN_FUTURE, f"{ts_ms} ms since 1970", column)
        else:
            self._keys.append(key)
            self._times.append(ts_ms)
            self._values.append(value)
            if len(self._keys) > self._limits.max_samples:
                raise WriteTooLarge(f"more than {self._limits.max_samples} samples")

    def key(self, raw: bytes, read_pairs: Callable[[], Iterable[tuple[bytes, bytes]]]) -> bytes:
        """The key of labels that this format writes as `raw`. Raises BadSeries."""
        key = self._cache.keys.get(raw)
        if key is None:
            key = self._cache.put(raw, canonical_key(read_pairs(), self._limits.labels))
        if key not in self._series:
            if len(self._series) >= self._limits.max_series:
                raise WriteTooLarge(f"more than {self._limits.max_series} series")
            self._series.add(key)
        return key

    def refuse(self, line: int, reason: RefusalReason, example: str, column: str = "") -> None:
        """`column` is empty where the line as a whole is refused."""
        self._refused[reason].append(line)
        self._examples.setdefault(reason, f"line {line}: {example}")

    def columns(self) -> SampleColumns:
        rejected = Rejections()
        for reason, lines in self._refused.items():
            rejected.add(reason, len(lines), self._examples[reason] + _others(lines[1:]))
        ts_ms, value = np.array(self._times, np.int64), np.array(self._values, np.float64)
        return assemble(self._keys, ts_ms, value, window=self._window, rejected=rejected)


def _others(lines: list[int]) -> str:
    if not lines:
        return ""
    others = list(dict.fromkeys(lines))
    text = ", ".join(map(str, others[:_LINES_NAMED]))
    more = f" and {len(others) - _LINES_NAMED} more" if len(others) > _LINES_NAMED else ""
    return f"; also line{'s' if len(others) > 1 else ''} {text}{more}"
