"""Time zones by the names that calendars use: those of IANA, those of Windows, and those that a calendar describes."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Component, Timezone, TimezoneDaylight, TimezoneStandard
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from readiness.organisation.people.core.calendar_lines import CalendarRefused, WrittenPart
from readiness.organisation.people.core.recurrence import RuleRefused, starts_of

MOST_VALUES, MOST_PARTS, MOST_A_YEAR = 2_000, 100, 4
"""Values and parts of a described zone, and how often a year a rule of it may come true."""
_WINDOWS = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
"""CLDR's windowsZones, as icalendar ships it."""
_OUTLOOK_UTC = "tzone://microsoft/utc"
_YEAR = timedelta(days=366)
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001  (a local time)
_KINDS = {"BEGIN:STANDARD": TimezoneStandard, "BEGIN:DAYLIGHT": TimezoneDaylight}
_END_OF_RULE = re.compile(r";(?:UNTIL|COUNT)=[^;]*")


class DescribedZone(tzinfo):
    """A zone by the instants of its changes (UTC, ascending) and the offset after each.

    A local time that comes twice is the first of the two, and one that is skipped has the offset from before (RFC 5545,
    3.3.5), as `fold` has it.
    """

    def __init__(self, name: str, before: timedelta, changes: Iterable[tuple[datetime, timedelta]]) -> None:
        offsets, instants = [before], []
        for at, offset in changes:
            instants.append(at)
            offsets.append(offset)
        self.name, self.offsets = name, tuple(offsets)
        self.changes = tuple(
            tuple(
                choose(at + earlier, at + later)
                for at, (earlier, later) in zip(instants, pairwise(offsets), strict=True)
            )
            for choose in (max, min)
        )

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        if at is None:
            return None
        return self.offsets[bisect_right(self.changes[at.fold], at.replace(tzinfo=None, fold=0))]

    def dst(self, at: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, at: datetime | None) -> str:
        return self.name


class CalendarZones:
    """The zones of one calendar, each found once."""

    def __init__(self, descriptions: Iterable[WrittenPart]) -> None:
        self._described = {name: lines for lines in descriptions if (name := _described_name(lines))}
        self._zones: dict[str, tzinfo] = {}

    def zone(self, name: str, line: int) -> tzinfo:
        """Raises CalendarRefused for a zone that neither IANA nor Windows has, nor the calendar describes."""
        if (zone := self._zones.get(name)) is None:
            lines = self._described.get(name)
            zone = _public_zone(name) or (_described_zone(name, lines) if lines else None)
            if zone is None:
                raise CalendarRefused(line, f"The time zone {name[:64]} is not known.")
            self._zones[name] = zone
        return zone


def _public_zone(name: str) -> tzinfo | None:
    """Some programs put their own name before that of IANA, as in /example.org/Europe/Berlin."""
    if name.casefold() == _OUTLOOK_UTC:
        return UTC
    parts = name.strip("/").split("/")
    suffixes = ["/".join(parts[place:]) for place in range(min(len(parts) - 1, 4))] if name[:1] == "/" else []
    for candidate in (_WINDOWS.get(name.casefold(), ""), name, *suffixes):
        try:
            return ZoneInfo(candidate)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def _described_name(lines: WrittenPart) -> str:
    return next((_value(line) for _, line in lines if line.upper().startswith("TZID")), "")


def _value(line: str) -> str:
    return line.partition(":")[2].strip().strip('"')


def _described_zone(name: str, lines: WrittenPart) -> DescribedZone:
    first = lines[0][0]
    if sum(1 + line.count(",") for _, line in lines) > MOST_VALUES:
        raise CalendarRefused(first, f"The time zone that begins here has more than {MOST_VALUES} values.")
    zone, part = Timezone(), list[tuple[int, str]]()
    zone["TZID"] = name
    for number, line in lines:
        word = line.strip().upper()
        if word in _KINDS:
            part = [(number, word)]
        elif word.startswith("END:"):
            zone.add_component(_zone_part(part, word))
            part = []
        elif part:
            part.append((number, line))
    if not 1 <= len(zone.subcomponents) <= MOST_PARTS:
        raise CalendarRefused(first, f"A time zone has 1 to {MOST_PARTS} parts.")
    try:
        changes, offsets = zone.get_transitions()
        before = min(zone.subcomponents, key=lambda each: each.DTSTART).TZOFFSETFROM
        return DescribedZone(
            name, before, sorted(zip(changes, (offset for offset, *_ in offsets), strict=True))
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise CalendarRefused(first, "The time zone that begins here cannot be read.") from error


def _zone_part(lines: WrittenPart, end: str) -> Component:
    first = lines[0][0] if lines else 1
    text = "\r\n".join([*(line for _, line in lines), end])
    for number, line in lines:
        if line.upper().startswith("RRULE"):
            _refuse_often(number, _END_OF_RULE.sub("", f";{_value(line).upper()}").removeprefix(";"))
    try:
        return _KINDS[lines[0][1]].from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise CalendarRefused(first, "The time zone that begins here cannot be read.") from error


def _refuse_often(line: int, rule: str) -> None:
    try:
        starts = list(islice(starts_of(rule, _SOME_DAY, _SOME_DAY + _YEAR), MOST_A_YEAR + 1))
    except RuleRefused as error:
        raise CalendarRefused(line, str(error)) from error
    if "FREQ=YEARLY" not in rule or len(starts) > MOST_A_YEAR:
        raise CalendarRefused(line, f"A time zone changes up to {MOST_A_YEAR} times a year.")
