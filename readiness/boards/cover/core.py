"""Half days of sites as bytes, so that a thousand sites are counted within a page's time. No Django, no clock."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.cover import DAY_BEGINS, NIGHT_BEGINS, HalfDay, ShiftStanding

CODES = (None, *ShiftStanding)
SHORT, NOT_PLANNED = CODES.index(ShiftStanding.SHORT), CODES.index(ShiftStanding.NOT_PLANNED)
MOST_COUNTED = 255


class Half(NamedTuple):
    """The day or the night of a local date; the night is that which begins on it."""

    day: date
    is_night: bool

    @classmethod
    def at(cls, place: int) -> Self:
        return cls(date.fromordinal(place // 2), bool(place % 2))

    @property
    def place(self) -> int:
        return 2 * self.day.toordinal() + self.is_night

    @property
    def key(self) -> str:
        return f"{self.day.isoformat()}-{'night' if self.is_night else 'day'}"

    def times(self, zone: str) -> tuple[datetime, datetime]:
        begins = datetime.combine(self.day, NIGHT_BEGINS if self.is_night else DAY_BEGINS, ZoneInfo(zone))
        next_day = self.day + timedelta(days=self.is_night)
        ends = datetime.combine(next_day, DAY_BEGINS if self.is_night else NIGHT_BEGINS, ZoneInfo(zone))
        return begins.astimezone(UTC), ends.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Half days that a page shows: from `first` on, `days` whole days."""

    first: date
    days: int

    @property
    def places(self) -> range:
        begins = 2 * self.first.toordinal()
        return range(begins, begins + 2 * self.days)


@dataclass(frozen=True, slots=True)
class DomainShifts:
    """A domain of a site from the half day `begins` on, a byte for each: the place of its standing among CODES (0: not
    known), and how many qualified people it has. `needed` is the largest number that any of them needs."""

    domain: str
    needed: int
    begins: int
    standings: bytes
    qualified: bytes

    @classmethod
    def read(cls, domain: str, halves: Sequence[HalfDay]) -> Self:
        at = {Half(half.day, half.is_night).place: half for half in halves}
        places = range(min(at, default=0), max(at, default=-1) + 1)
        return cls(
            domain=domain,
            needed=max((half.needed for half in halves), default=0),
            begins=places.start,
            standings=bytes(CODES.index(at[each].standing) if each in at else 0 for each in places),
            qualified=bytes(min(at[each].qualified, MOST_COUNTED) if each in at else 0 for each in places),
        )

    def within(self, window: Window) -> bytes:
        return self.standings[self._slice(window)]

    def _slice(self, window: Window) -> slice:
        places = window.places
        return slice(max(places.start - self.begins, 0), max(places.stop - self.begins, 0))

    def cells(self, window: Window) -> Iterator[tuple[int, ShiftStanding | None, int]]:
        """Place, standing and number of each half day of the window; without a standing it is over, or too far ahead."""
        for place in window.places:
            at = place - self.begins
            is_known = 0 <= at < len(self.standings)
            yield (
                place,
                CODES[self.standings[at]] if is_known else None,
                self.qualified[at] if is_known else 0,
            )

    def short_places(self, window: Window) -> Iterator[int]:
        within = self._slice(window)
        at = self.standings.find(SHORT, within.start, within.stop)
        while at >= 0:
            yield self.begins + at
            at = self.standings.find(SHORT, at + 1, within.stop)


@dataclass(frozen=True, slots=True)
class SiteShifts:
    site_id: int
    domains: tuple[DomainShifts, ...]

    @property
    def begins(self) -> int:
        return min((each.begins for each in self.domains), default=0)

    def of(self, domains: Collection[str]) -> tuple[DomainShifts, ...]:
        return tuple(each for each in self.domains if not domains or each.domain in domains)


@dataclass(frozen=True, slots=True)
class ShiftCounts:
    """Planned shifts, and the short ones: in all, by half day, and by site and domain."""

    planned: int
    short: int
    by_place: Counter[int]
    by_line: Counter[tuple[int, str]]


def counted(sites: Iterable[SiteShifts], domains: Collection[str], window: Window) -> ShiftCounts:
    planned, by_place, by_line = 0, Counter[int](), Counter[tuple[int, str]]()
    for site in sites:
        for line in site.of(domains):
            within = line.within(window)
            planned += len(within) - within.count(0) - within.count(NOT_PLANNED)
            if number := within.count(SHORT):
                by_line[site.site_id, line.domain] = number
                by_place.update(line.short_places(window))
    return ShiftCounts(planned, by_line.total(), by_place, by_line)


def first_day(sites: Iterable[SiteShifts]) -> date | None:
    """The earliest day of which a half day is not over at some site."""
    begins = min((site.begins for site in sites if site.domains), default=None)
    return None if begins is None else Half.at(begins).day
