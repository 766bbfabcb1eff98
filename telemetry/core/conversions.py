"""Units that files and senders use, and how their values become values of the unit that Muster stores."""

from dataclasses import dataclass

# Factors to the stored unit. Bytes of a power of two are KiB; those of ten are kB.
_FACTORS: dict[str, dict[str, float]] = {
    "W": {"W": 1, "mW": 1e-3, "kW": 1e3, "MW": 1e6},
    "VA": {"VA": 1, "kVA": 1e3, "MVA": 1e6},
    "kWh": {"kWh": 1, "Wh": 1e-3, "MWh": 1e3, "J": 1 / 3.6e6, "kJ": 1 / 3600, "MJ": 1 / 3.6},
    "V": {"V": 1, "mV": 1e-3, "kV": 1e3},
    "A": {"A": 1, "mA": 1e-3, "kA": 1e3},
    "Hz": {"Hz": 1, "kHz": 1e3, "MHz": 1e6},
    "MHz": {"MHz": 1, "Hz": 1e-6, "kHz": 1e-3, "GHz": 1e3},
    "%": {"%": 1, "ratio": 100},
    "bytes": {
        "bytes": 1,
        "bits": 1 / 8,
        "kB": 1e3,
        "MB": 1e6,
        "GB": 1e9,
        "KiB": 2**10,
        "MiB": 2**20,
        "GiB": 2**30,
    },
    "Gb/s": {
        "Gb/s": 1,
        "Mb/s": 1e-3,
        "kb/s": 1e-6,
        "b/s": 1e-9,
        "bytes/s": 8e-9,
        "MB/s": 8e-3,
        "GB/s": 8,
        "KiB/s": 2**13 / 1e9,
        "MiB/s": 2**23 / 1e9,
        "GiB/s": 2**33 / 1e9,
    },
    "ms": {"ms": 1, "us": 1e-3, "s": 1e3},
    "s": {"s": 1, "ms": 1e-3, "us": 1e-6, "min": 60, "h": 3600},
    "min": {"min": 1, "s": 1 / 60, "h": 60},
    "l/min": {"l/min": 1, "l/s": 60, "m3/h": 1000 / 60},
    "kPa": {"kPa": 1, "Pa": 1e-3, "hPa": 0.1, "bar": 100, "mbar": 0.1, "psi": 6.894757},
    "°C": {"°C": 1},
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A value times `factor` plus `offset` is in the stored unit."""

    factor: float = 1.0
    # Only a negative zero added to any value, such as a negative zero, leaves it as it is.
    offset: float = -0.0

    def apply(self, value: float) -> float:
        return value * self.factor + self.offset

    def invert(self, value: float) -> float:
        return (value - self.offset) / self.factor


class NoConversion(ValueError):
    """The two units do not measure the same thing."""


_TEMPERATURES = {"°F": Conversion(5 / 9, -32 * 5 / 9), "K": Conversion(1, -273.15)}


def units_of(stored: str) -> list[str]:
    """The units from which Muster converts to a stored one."""
    return [*_FACTORS.get(stored, {stored: 1.0}), *(_TEMPERATURES if stored == "°C" else ())]


def conversion(unit: str, stored: str) -> Conversion:
    """Raises NoConversion."""
    if stored == "°C" and unit in _TEMPERATURES:
        return _TEMPERATURES[unit]
    try:
        return Conversion(_FACTORS.get(stored, {stored: 1.0})[unit])
    except KeyError as error:
        units = ", ".join(filter(None, units_of(stored))) or "no unit"
        raise NoConversion(
            f"{unit} cannot become {stored or 'a number without a unit'}: use {units}"
        ) from error


_QUANTITIES = {
    "Power": ("W", "VA"),
    "Energy": ("kWh",),
    "Temperature": ("°C",),
    "Share": ("%",),
    "Data": ("bytes",),
    "Data rate": ("Gb/s",),
    "Time": ("ms", "s", "min"),
    "Flow and pressure": ("l/min", "kPa"),
    "Electricity": ("V", "A"),
    "Frequency": ("Hz", "MHz"),
}


def units_by_quantity() -> dict[str, list[str]]:
    """Every unit that Muster converts, each once, below what it measures."""
    return {
        quantity: list(dict.fromkeys(unit for stored in stored_units for unit in units_of(stored)))
        for quantity, stored_units in _QUANTITIES.items()
    }


def known_units() -> list[str]:
    return sorted({unit for units in _FACTORS.values() for unit in units} | set(_TEMPERATURES))
