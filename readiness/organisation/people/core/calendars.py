"""Calendars of others, as iCalendar (RFC 5545): each event is a shift of one person.

Events are as Google, Outlook, Exchange, PagerDuty, Opsgenie and Grafana OnCall write them. `[L0]` to `[L9]` at the
start of SUMMARY is the level of OnCall, where the highest present is called first: at each instant those of the highest
level are primary, of the next secondary, of the one after tertiary. An event without a level has level 0.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from readiness.organisation.people.core.calendar_lines import CalendarRefused, written_calendar
from readiness.organisation.people.core.rotations import CalendarMoment, PlannedShift, ShiftOrigin

MOST_SHIFTS = 20_000
TERTIARY = 3


@dataclass(frozen=True, slots=True)
class ReadCalendar:
    shifts: tuple[PlannedShift, ...] = ()
    moments: tuple[CalendarMoment, ...] = ()


def read_calendar(
    content: bytes, people: Mapping[str, int], *, time_zone: str, start: datetime, end: datetime
) -> ReadCalendar:
    """Shifts that touch the time from `start` to `end`. `people` are ids by user name and e-mail in small letters;
    `time_zone` holds where the calendar names none. Raises CalendarRefused."""
    from readiness.organisation.people.core import calendar_series  # 3 MB that few processes need

    calendar = written_calendar(content)
    shifts, moments = list[tuple[int, PlannedShift]](), dict[int, CalendarMoment]()
    for event, starts_at, ends_at in calendar_series.occurrences(
        calendar, people, time_zone=time_zone, start=start, end=end, most=MOST_SHIFTS
    ):
        if starts_at >= ends_at:
            moment = CalendarMoment(event.line_of(""), starts_at, event.title)
            moments.setdefault(moment.line, moment)
            continue
        shift = PlannedShift(
            level=1,
            person=event.person,
            starts_at=starts_at,
            ends_at=ends_at,
            origin=ShiftOrigin.CALENDAR,
            unknown_name=event.unknown_name,
        )
        shifts.append((event.rank, shift))
    return ReadCalendar(tuple(_called_in_order(shifts)), tuple(moments.values()))


def _called_in_order(ranked: Sequence[tuple[int, PlannedShift]]) -> list[PlannedShift]:
    """The same shifts, cut where their place among those present changes."""
    changes: dict[datetime, Counter[int]] = defaultdict(Counter)
    for rank, shift in ranked:
        changes[shift.starts_at][rank] += 1
        changes[shift.ends_at][rank] -= 1
    present = Counter[int]()
    levels: dict[int, list[tuple[datetime, int]]] = {rank: [] for rank, _ in ranked}
    for at in sorted(changes):
        present.update(changes[at])
        order = sorted(+present, reverse=True)
        for rank, steps in levels.items():
            level = order.index(rank) + 1 if rank in order[:TERTIARY] else 0
            if not steps or steps[-1][1] != level:
                steps.append((at, level))
    parts: list[PlannedShift] = []
    for rank, shift in ranked:
        steps = levels[rank]
        place = bisect_right(steps, shift.starts_at, key=itemgetter(0)) - 1
        while place < len(steps) and steps[place][0] < shift.ends_at:
            (since, level), place = steps[place], place + 1
            until = steps[place][0] if place < len(steps) else shift.ends_at
            begins, ends = max(since, shift.starts_at), min(until, shift.ends_at)
            if level:
                parts.append(replace(shift, level=level, starts_at=begins, ends_at=ends))
            if len(parts) > MOST_SHIFTS:
                raise CalendarRefused(1, f"There are more than {MOST_SHIFTS} shifts.")
    return parts
