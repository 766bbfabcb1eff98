"""Numbers in the texts of cores: reasons, thresholds, time spans.

The decimals are those of `web.units` on pages; a core may not import that module, so a test keeps the two equal.
"""

import re
from math import floor, log10
from typing import Any

MOST_DECIMALS = 6
SIGNIFICANT = 4


def decimals_for(value: float) -> int:
    """One decimal below 100, none above; two below 1, so that small figures stay meaningful."""
    size = abs(value)
    if size >= 99.95 or float(value).is_integer():
        return 0
    return 1 if size >= 1 else 2


def value_text(value: float, *, decimals: int | None = None) -> str:
    return f"{value:.{decimals_for(value) if decimals is None else decimals}f}"


def limit_text(value: float) -> str:
    """A limit: four significant digits, no decimals from a thousand on, no trailing zeros."""
    if value == 0:
        return "0"
    decimals = max(SIGNIFICANT - 1 - floor(log10(abs(value))), 0)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_SECONDS = 100 * 366 * 86400
"""A century: no evidence counts longer, and a date that far away still exists."""


def duration_s(value: Any) -> int | None:
    """Seconds from `90s`, `15m`, `24h`, `30d`; None for `live`. Raises ValueError."""
    if value == "live":
        return None
    match = re.fullmatch(r"([1-9][0-9]*)([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a duration such as 24h or 30d, or live, got {value!r:.80}")
    seconds = int(match[1][:15]) * SECONDS[match[2]]
    if seconds > MOST_SECONDS:
        raise ValueError("is longer than a century")
    return seconds


def duration_text(seconds: int | None) -> str:
    """The inverse of `duration_s`, in the largest unit that divides it (a single day stays 24h)."""
    if seconds is None:
        return "live"
    for unit in ("d", "h", "m"):
        size = SECONDS[unit]
        if seconds % size == 0 and seconds != SECONDS["d"] * (unit == "d"):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
