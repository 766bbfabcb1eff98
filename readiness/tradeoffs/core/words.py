"""Numbers as people read them in reasons and consequences: three digits that count, no false precision."""

import math

DIGITS = 3


def number(value: float) -> str:
    """At most three digits that count, whole numbers whole, thousands apart: 0.0123, 4.57, 240, 12 300."""
    if not math.isfinite(value):
        return "?"
    if value == 0:
        return "0"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f")
    places = DIGITS - 1 - math.floor(math.log10(abs(value)))
    if places <= 0:
        return f"{round(value):,}".replace(",", "\u202f")
    return f"{value:.{places}f}".rstrip("0").rstrip(".") or "0"


def signed(value: float) -> str:
    """The same with its sign, for what changes."""
    return number(value) if value <= 0 else f"+{number(value)}"
