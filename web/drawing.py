"""Arithmetic behind small drawings: sparklines, stacked bars, bar widths.

Pure: no Django, no markup. Widths are percentages and paths are SVG path data, because the content security policy
allows no style attributes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Minimum width of a part of a stacked bar, so that a single failing site among hundreds stays visible.
LEAST_WIDTH = 1.2


@dataclass(frozen=True, slots=True)
class Segment:
    state: str
    count: int
    x: float  # percent from the left
    width: float  # percent


def spark_path(values: Sequence[float | None], *, width: float = 84, height: float = 22) -> str:
    """SVG path of a line through evenly spaced values; None breaks the line, because missing is never drawn as 0.

    A single value between two gaps is drawn as a dot. Empty if there is nothing to draw.
    """
    drawn_values = [value for value in values if value is not None]
    if not drawn_values:
        return ""
    low, high = min(drawn_values), max(drawn_values)
    spread = (high - low) or 1
    step = width / (len(values) - 1) if len(values) > 1 else 0
    parts: list[str] = []
    pen_down = False
    for index, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        y = height - 2 - (value - low) / spread * (height - 4) if high > low else height / 2
        follows = index + 1 < len(values) and values[index + 1] is not None
        dot = "" if pen_down or follows else "h.1"
        parts.append(f"{'L' if pen_down else 'M'}{index * step:.1f} {y:.1f}{dot}")
        pen_down = True
    return "".join(parts)


def stacked(counts: Mapping[str, int]) -> list[Segment]:
    """Parts of a bar of 100 percent in the given order; zero counts are left out, thin parts stay visible."""
    present = [(state, count) for state, count in counts.items() if count > 0]
    total = sum(count for _, count in present)
    widths = [max(100 * count / total, LEAST_WIDTH) for _, count in present]
    scale = 100 / sum(widths) if widths else 1
    segments = []
    x = 0.0
    for (state, count), width in zip(present, widths, strict=True):
        segments.append(Segment(state, count, round(x, 2), round(width * scale, 2)))
        x += width * scale
    return segments


def bar_width(value: float | None, *, of: float) -> float:
    if value is None or of <= 0:
        return 0.0
    return round(min(100.0, max(0.0, 100 * value / of)), 2)
