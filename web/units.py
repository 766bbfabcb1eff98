"""The only module that turns numbers into words: scaled units, percentages, ages and margins.

Stored units are those of the models (W and kW, ms, Gb/s, bytes, °C); this module chooses the reader's unit. Numbers
follow the active locale. A missing number is never formatted as 0: it stays None and the page says "unknown".
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime

# Prefixes for each stored unit, largest first: (from this many stored units, divide by, unit shown).
_STEPS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "W": ((1e6, 1e6, "MW"), (1e3, 1e3, "kW")),
    "kW": ((1e6, 1e6, "GW"), (1e3, 1e3, "MW")),
    "kWh": ((1e6, 1e6, "GWh"), (1e3, 1e3, "MWh")),
    "bytes": ((2**40, 2**40, "TiB"), (2**30, 2**30, "GiB"), (2**20, 2**20, "MiB"), (2**10, 2**10, "KiB")),
    "Gb/s": ((1e3, 1e3, "Tb/s"),),
    "ms": ((1e3, 1e3, "s"),),
}
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
# A stored unit whose numbers are instants, shown as dates.
UNIX_TIME = "s since 1970"
PER_SECOND = "/s"
_SINGULAR = {"people": "person", "packets": "packet", "points": "point", "days": "day"}
# Smaller positive values are shown as "less than", because two decimals would make them 0.
LEAST_SHOWN = 0.005


@dataclass(frozen=True, slots=True)
class Formatted:
    """A number as shown, and its unit in small type. `value` None means unknown."""

    value: str | None
    unit: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        return f"{self.value} {self.unit}".strip()


def decimals_for(value: float) -> int:
    """One decimal below 100, none above; two below 1, so that small figures stay meaningful."""
    size = abs(value)
    if size == 0 or size >= 99.95:
        return 0
    return 1 if size >= 1 else 2


def number(value: float, decimals: int | None = None) -> str:
    if decimals is None:
        decimals = 0 if float(value).is_integer() else decimals_for(value)
    if 0 < abs(value) < LEAST_SHOWN and decimals == decimals_for(value):
        least = number_format(2 * LEAST_SHOWN, decimal_pos=2, use_l10n=True)
        return f">−{least}" if value < 0 else f"<{least}"
    # Django truncates decimals instead of rounding. Avoid a minus before zero.
    return _number(round(value, decimals) or 0, decimals)


@lru_cache(maxsize=4096)
def _number(rounded: float, decimals: int) -> str:
    """Cached, because a page writes hundreds of numbers, few of which differ."""
    return number_format(rounded, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def format_value(value: float | None, unit: str = "", *, decimals: int | None = None) -> Formatted:
    if value is None or math.isnan(value):
        return Formatted(None, "" if unit == UNIX_TIME else unit)
    if unit == UNIX_TIME:
        return Formatted(moment(value))
    factor, shown_unit = scale(value, unit)
    written = number(value * factor, decimals)
    return Formatted(written, _singular(shown_unit) if written == "1" else shown_unit)


def _singular(unit: str) -> str:
    """The unit of one: "packet in 24 h"."""
    noun, *rest = unit.split(" ")
    return " ".join((_SINGULAR.get(noun, noun), *rest))


def moment(seconds: float) -> str:
    """Seconds since 1970 as an instant; the number itself if it is beyond any calendar."""
    try:
        return instant(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return f"{number(seconds)} s"


def power_unit(largest_kw: float) -> str:
    """The unit of an axis whose largest power this is."""
    return next((unit for least, _divisor, unit in _STEPS["kW"] if abs(largest_kw) >= least), "kW")


def power_factor(unit: str) -> float:
    return next((1 / divisor for _least, divisor, step_unit in _STEPS["kW"] if step_unit == unit), 1.0)


def scale(largest: float, unit: str) -> tuple[float, str]:
    """Factor and unit for a whole axis in a stored unit or its rate, from its largest value."""
    if unit not in _STEPS and unit.endswith(PER_SECOND):
        factor, step_unit = scale(largest, unit.removesuffix(PER_SECOND))
        return factor, (step_unit if step_unit != "1" else "") + PER_SECOND
    for least, divisor, step_unit in _STEPS.get(unit, ()):
        if abs(largest) >= least:
            return 1 / divisor, step_unit
    return 1.0, unit


def power(kw: float, unit: str = "") -> Formatted:
    """A power in its own unit: 12.4 MW beside 20.0 kW, never 0.02 MW. A column may state one unit for all."""
    unit = unit or power_unit(kw)
    scaled = kw * power_factor(unit)
    # Always one decimal for MW and GW: 640.3 MW beside 8.8 MW; whole kW from a hundred on.
    return Formatted(number(scaled, decimals_for(scaled) if unit == "kW" else 1), unit)


def day(at: date) -> str:
    """A day, or the day of an instant in the reader's zone: "18 Nov 2026"."""
    return _day(localtime(at).date() if isinstance(at, datetime) else at)


def instant(at: datetime, zone: tzinfo | None = None) -> str:
    """An instant to the minute in the reader's zone, or another one, with its name: "18 Nov 2026 09:12 UTC"."""
    local = localtime(at, zone)
    return f"{_day(local.date())} {local:%H:%M} {zone_name(local)}"


def time_of_day(at: datetime) -> str:
    """The time of an instant of the last day, in the reader's zone: "05:12"."""
    return f"{localtime(at):%H:%M}"


@lru_cache(maxsize=4096)
def _day(on: date) -> str:
    """Cached, because a page repeats few days; formatting them would take a tenth of the matrix's time."""
    return date_format(on, "j M Y")


def zone_name(local: datetime) -> str:
    """The zone's short name, such as JST; its offset, UTC+03, if it has none."""
    name = local.tzname() or "UTC"
    return name if name[:1].isalpha() else f"UTC{name}"


def signed(value: float | None, unit: str = "") -> str:
    if value is None or math.isnan(value):
        return ""
    magnitude = format_value(abs(value), unit)
    return f"{'−' if value < 0 else '+'}{magnitude}"


def percent(share: float | None, *, decimals: int = 0) -> Formatted:
    return Formatted(None if share is None else number(100 * share, decimals), "%")


def duration(seconds: float) -> str:
    """A span in the largest unit that fits: "45 s", "3 min", "5 h", "12 d"."""
    seconds = max(0.0, seconds)
    if seconds < MINUTE_S:
        return f"{int(seconds)} s"
    if seconds < 2 * HOUR_S:
        return f"{int(seconds // MINUTE_S)} min"
    if seconds < 2 * DAY_S:
        return f"{int(seconds // HOUR_S)} h"
    return f"{int(seconds // DAY_S)} d"


def age(at: datetime | None, *, now: datetime) -> str:
    """How long ago: "3 min ago"; "never" for None; slightly in the future counts as "just now"."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    return "just now" if seconds < 1 else f"{duration(seconds)} ago"


def plural(count: float, one: str, many: str) -> str:
    return one if count == 1 else many


def how_many(count: float, one: str, many: str) -> str:
    return f"{number(count)} {plural(count, one, many)}"


def against_limit(value: float | None, unit: str, limit: str) -> str:
    if value is None:
        return f"limit {limit}" if limit else ""
    measured = str(format_value(value, unit))
    return f"{measured} · limit {limit}" if limit else measured
