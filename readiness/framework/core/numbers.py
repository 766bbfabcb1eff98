"""Numbers in the texts that cores write: reasons and thresholds.

The same decimals as `web.units` shows on pages (which a core may not import; a test holds the two together).
"""

from math import floor, log10

MOST_DECIMALS = 6
SIGNIFICANT = 4


def decimals_for(value: float) -> int:
    """One decimal below 100, none from there on; two below 1, so that small figures keep meaning."""
    size = abs(value)
    if size >= 99.95 or float(value).is_integer():
        return 0
    return 1 if size >= 1 else 2


def value_text(value: float, *, decimals: int | None = None) -> str:
    """A measured figure, rounded: `34.8`, `232`, `0.04`."""
    return f"{value:.{decimals_for(value) if decimals is None else decimals}f}"


def limit_text(value: float) -> str:
    """A limit: four significant digits, whole from a thousand on, no trailing zeros. Most are declared with fewer."""
    if value == 0:
        return "0"
    decimals = max(SIGNIFICANT - 1 - floor(log10(abs(value))), 0)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
