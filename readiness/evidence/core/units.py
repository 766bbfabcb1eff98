"""Units of figures, and what one is in another. Rates are decimal unless the unit says otherwise (MiB)."""

from __future__ import annotations

import math

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
    """The value in another unit of the same dimension; None where there is no such conversion, or nothing finite
    comes of it.

    24056.72 MiB/s, for example, are 201.80 Gb/s.
    """
    if unit == to:
        return value
    if unit not in _FACTORS or to not in _FACTORS:
        return None
    (dimension, factor), (wanted, base) = _FACTORS[unit], _FACTORS[to]
    if dimension != wanted:
        return None
    result = value * factor / base
    return result if math.isfinite(result) else None
