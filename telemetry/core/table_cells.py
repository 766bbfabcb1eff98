"""Cells of tables as text: numbers and times, as spreadsheets and loggers write them."""

import math
import re
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

_NUMBER = re.compile(
    r"[+-]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:e[+-]?\d++)?|[+-]?inf(?:inity)?|nan", re.IGNORECASE | re.ASCII
)
# 1.234,5: thousands are only told apart where the decimal sign follows them.
_GROUPED = {
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+", re.ASCII),
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+", re.ASCII),
}
_SECONDS = re.compile(r"\d{9,10}(?:\.\d{1,9})?", re.ASCII)
_MILLISECONDS = re.compile(r"\d{12,13}", re.ASCII)
_SLASHED_ISO = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?=$|[ T])", re.ASCII)
_LOCAL_DATE = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})"
    r"(?:,?[ T]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\s*(?:([AaPp])\.?[Mm]\.?)?)?",
    re.ASCII,
)
# Narrow and wide spaces that do not break, which separate thousands.
_NO_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009"))
_SHOWN = 40


class LineError(ValueError):
    """A line or a cell that is not of the format; the text says what is wrong with it."""


class DateOrder(StrEnum):
    """Which part of a date comes first. Dates that begin with their year are read in any case."""

    YEAR_FIRST = ""
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


def read_number(text: str, decimal: str) -> float:
    """Raises LineError."""
    number = text.translate(_NO_SPACES)
    if _GROUPED[decimal].fullmatch(number):
        number = number.replace("." if decimal == "," else ",", "")
    if decimal == ",":
        if "." in number:
            raise LineError(f"{text[:_SHOWN]} has a point, and decimal=comma says that it has none")
        number = number.replace(",", ".")
    elif "," in number:
        raise LineError(
            f"{text[:_SHOWN]} has a comma: state decimal=comma in Content-Type if it is a decimal one"
        )
    if not _NUMBER.fullmatch(number):
        raise LineError(f"{text[:_SHOWN]} is no number")
    value = float(number)
    if math.isinf(value) and "inf" not in number.lower():
        raise LineError(f"{text[:_SHOWN]} is too large a number")
    return value


def read_time_ms(text: str, zone: tzinfo | None, dates: DateOrder = DateOrder.YEAR_FIRST) -> int:
    """Seconds or milliseconds since 1970, a date and time as ISO 8601 writes them, or by day, month and year in the
    order of `dates`. Raises LineError."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return round(float(text) * 1000)
    if _MILLISECONDS.fullmatch(text):
        return int(text)
    at = _read_local_date(text, dates)
    if at is None:
        try:
            at = datetime.fromisoformat(_SLASHED_ISO.sub(_iso_date, text))
        except ValueError as error:
            raise LineError(f"{text[:_SHOWN] or 'an empty cell'} is no time") from error
    if at.tzinfo is None:
        at = _place_in_zone(at, zone, text)
    try:
        return round(at.timestamp() * 1000)
    except (OverflowError, ValueError) as error:
        raise LineError(f"{text[:_SHOWN]} is out of the calendar") from error


def _iso_date(date: re.Match[str]) -> str:
    return f"{date[1]}-{date[2]:0>2}-{date[3]:0>2}"


def local_date_parts(text: str) -> tuple[int, int] | None:
    """The first two numbers of a date that ends with its year: day and month in one order or the other."""
    match = _LOCAL_DATE.fullmatch(text.strip())
    return (int(match[1]), int(match[3])) if match else None


def _read_local_date(text: str, dates: DateOrder) -> datetime | None:
    match = _LOCAL_DATE.fullmatch(text)
    if match is None:
        return None
    if dates is DateOrder.YEAR_FIRST:
        raise LineError(f"{text[:_SHOWN]} does not say whether day or month comes first: state dates=…")
    first, _, second, year, hour, minute, seconds, fraction, half = match.groups()
    day, month = (first, second) if dates is DateOrder.DAY_FIRST else (second, first)
    micros = int((fraction or "0").ljust(6, "0"))
    try:
        hour_of_day = _hour_of_day(int(hour or 0), (half or "").lower())
        date = datetime(int(year), int(month), int(day), hour_of_day, tzinfo=UTC)
        at = date.replace(minute=int(minute or 0), second=int(seconds or 0), microsecond=micros)
        return at.replace(tzinfo=None)
    except ValueError as error:
        order = "the day" if dates is DateOrder.DAY_FIRST else "the month"
        raise LineError(f"{text[:_SHOWN]} is no time: {order} comes first") from error


def _hour_of_day(hour: int, half: str) -> int:
    """`half` is a or p where the clock has twelve hours. Raises ValueError."""
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half == "p" else 0)


def _place_in_zone(at: datetime, zone: tzinfo | None, text: str) -> datetime:
    if zone is None:
        raise LineError(f"{text[:_SHOWN]} is a local time: state zone=… in Content-Type")
    try:
        local, later = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
        if local.utcoffset() != later.utcoffset():
            exists = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == at
            problem = "occurs twice" if exists else "does not exist"
            raise LineError(f"{text[:_SHOWN]} {problem} in {zone}: send it with its offset")
    except OverflowError as error:
        raise LineError(f"{text[:_SHOWN]} is out of the calendar") from error
    return local
