"""Rules of recurrence (RFC 5545) that dateutil can follow in a bounded number of steps.

dateutil looks at its end only when a rule comes true: one that never does is followed to the year 9999.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

FREQUENCIES = frozenset({"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_DAYS = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY")
_KNOWN = frozenset(
    {*_DAYS, "FREQ", "INTERVAL", "WKST", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS", "BYWEEKNO"}
)
_SHAPE = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+)*")
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001  (a local time)
_NTH = re.compile(r"([0-9]+)(?:MO|TU|WE|TH|FR|SA|SU)")
SOON = timedelta(days=3660)
_UNITS = {"DAILY": "day", "WEEKLY": "week"}
_DAY_NAMES = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
_PLAIN = re.compile(
    r"FREQ=(DAILY|WEEKLY)(?:;INTERVAL=(\d+))?(?:;BYDAY=([A-Z,]+))?(?:;BYHOUR=([\d,]+);BYMINUTE=(\d+);BYSECOND=0)?"
)


class RuleRefused(ValueError):
    """A rule that gives nothing, or too much, or cannot be read; the message says which."""


def starts_of(rule: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Local times at which the rule comes true. Raises RuleRefused."""
    refuse_endless(rule)
    return _followed(rule, first, last)


def _followed(rule: str, first: datetime, last: datetime) -> Iterator[datetime]:
    try:
        parsed = rrulestr(rule, dtstart=first)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise RuleRefused(f"The rule cannot be read: {error}.") from error
    if not isinstance(parsed, rrule):
        raise RuleRefused("The rule is a single one.")
    return iter(parsed.replace(until=last))


@lru_cache(maxsize=1024)
def refuse_endless(rule: str) -> None:
    """Raises RuleRefused for a rule that would be followed without end, and for one that never comes true. COUNT and
    UNTIL are not for it to see."""
    parts = dict(part.split("=", 1) for part in rule.split(";")) if _SHAPE.fullmatch(rule) else {}
    frequency, interval = parts.get("FREQ"), parts.get("INTERVAL", "1")
    if frequency not in FREQUENCIES:
        raise RuleRefused("The rule is one such as FREQ=WEEKLY;BYDAY=MO, hourly at most.")
    if unknown := sorted(parts.keys() - _KNOWN):
        raise RuleRefused(f"{unknown[0]} is not known in a rule.")
    if not (interval.isdecimal() and 1 <= int(interval[:9]) <= 1000):
        raise RuleRefused("INTERVAL is 1 to 1000.")
    days = [f"{name}={parts[name]}" for name in _DAYS if name in parts]
    if frequency in {"HOURLY", "DAILY"} and interval.lstrip("0") != "1" and days:
        raise RuleRefused("An interval of days or hours does not go with certain days.")
    if "BYSETPOS" in parts and frequency not in {"MONTHLY", "YEARLY"}:
        raise RuleRefused("BYSETPOS goes with a monthly or yearly rule.")
    weeks = 53 if frequency == "YEARLY" and "BYMONTH" not in parts else 5
    if any(len(nth) > 2 or int(nth) > weeks for nth in _NTH.findall(parts.get("BYDAY", ""))):
        raise RuleRefused(f"BYDAY counts to {weeks} at most.")
    for text in ([";".join(["FREQ=YEARLY", *days])] if days else []) + [rule]:
        if next(_followed(text, _SOME_DAY, _SOME_DAY + SOON), None) is None:
            raise RuleRefused("The rule never comes true.")


def rule_words(rule: str) -> str:
    """Return a plain rule in words, such as "every 2 weeks on Mon, Thu"; any other as it is written."""
    plain = _PLAIN.fullmatch(rule)
    if plain is None:
        return rule
    frequency, interval, days, hours, minute = plain.groups()
    unit = _UNITS[frequency]
    words = [f"every {unit}" if interval in (None, "1") else f"every {interval} {unit}s"]
    if days:
        words += ["on", ", ".join(_DAY_NAMES.get(day, day) for day in days.split(","))]
    if hours:
        words += ["at", ", ".join(f"{int(hour):02}:{int(minute):02}" for hour in hours.split(","))]
    return " ".join(words)
