"""Days and nights of sites as bytes, so that a thousand sites are counted within a page's time. No Django, no clock."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from readiness.organisation.people.core.cover import DAY_BEGINS, NIGHT_BEGINS, STANDINGS, CoverPart

MOST_COUNTED = 255
_INSTANT = timedelta(microseconds=1)


class ShiftStanding(StrEnum):
    """How a day or a night is covered, worst first."""

    SHORT = "short"
    NOT_PLANNED = "not-planned"
    AS_NEEDED = "as-needed"
    MORE = "more"


CODES = (None, *ShiftStanding)
SHORT, NOT_PLANNED = CODES.index(ShiftStanding.SHORT), CODES.index(ShiftStanding.NOT_PLANNED)
_CODE_OF = {standing: STANDINGS.index(standing) + 1 for standing in STANDINGS}


class Half(NamedTuple):
    """The day or the night of a local date; a night is of the date on which it begins."""

    day: date
    is_night: bool

    @classmethod
    def containing(cls, instant: datetime, zone: ZoneInfo) -> Self:
        local = instant.astimezone(zone)
        if local.time() < DAY_BEGINS:
            return cls(local.date() - timedelta(days=1), True)
        return cls(local.date(), local.time() >= NIGHT_BEGINS)

    @classmethod
    def unpacked(cls, place: int) -> Self:
        return cls(date.fromordinal(place // 2), bool(place % 2))

    @property
    def place(self) -> int:
        """Days and nights, counted."""
        return 2 * self.day.toordinal() + self.is_night

    @property
    def key(self) -> str:
        return f"{self.day.isoformat()}-{'night' if self.is_night else 'day'}"

    def times(self, zone: str) -> tuple[datetime, datetime]:
        local = ZoneInfo(zone)
        begins, ends = (NIGHT_BEGINS, DAY_BEGINS) if self.is_night else (DAY_BEGINS, NIGHT_BEGINS)
        last = self.day + timedelta(days=self.is_night)
        return (
            datetime.combine(self.day, begins, local).astimezone(UTC),
            datetime.combine(last, ends, local).astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The time of a page: `days` whole days from `first` on. `present` is the place that is under way, by zone."""

    first: date
    days: int
    present: Mapping[str, int]

    @property
    def places(self) -> range:
        begins = 2 * self.first.toordinal()
        return range(begins, begins + 2 * self.days)

    def ahead(self, zone: str) -> range:
        """Places that are not over in a zone."""
        return range(max(self.places.start, self.present[zone]), self.places.stop)


@dataclass(frozen=True, slots=True)
class DomainShifts:
    """A domain of a site from the place `begins` on, a byte for each: its standing among CODES (0: not known), and how
    many qualified people it has at least. `needed` is the largest number that any of them needs."""

    domain: str
    needed: int
    begins: int
    standings: bytes
    qualified: bytes

    @classmethod
    def read(cls, domain: str, parts: Collection[CoverPart], zone: str) -> Self:
        """The worst part of a day or night decides, and the fewest people count, as `half_days` has them."""
        local = ZoneInfo(zone)
        standings: dict[int, int] = {}
        qualified: dict[int, int] = {}
        for part in parts:
            code, number = _CODE_OF[part.standing], min(len(part.qualified), MOST_COUNTED)
            last = Half.containing(part.ends_at - _INSTANT, local).place
            for place in range(Half.containing(part.starts_at, local).place, last + 1):
                standings[place] = min(code, standings.get(place, code))
                qualified[place] = min(number, qualified.get(place, number))
        places = range(min(standings, default=0), max(standings, default=-1) + 1)
        return cls(
            domain=domain,
            needed=max((part.needed for part in parts), default=0),
            begins=places.start,
            standings=bytes([standings.get(place, 0) for place in places]),
            qualified=bytes([qualified.get(place, 0) for place in places]),
        )

    def codes(self, places: range) -> bytes:
        return self.standings[self._slice(places)]

    def entry(self, place: int) -> tuple[ShiftStanding | None, int]:
        """Standing and number; None where nothing is known."""
        at = place - self.begins
        if not 0 <= at < len(self.standings):
            return None, 0
        return CODES[self.standings[at]], self.qualified[at]

    def short_places(self, places: range) -> Iterator[int]:
        within = self._slice(places)
        at = self.standings.find(SHORT, within.start, within.stop)
        while at >= 0:
            yield self.begins + at
            at = self.standings.find(SHORT, at + 1, within.stop)

    def _slice(self, places: range) -> slice:
        return slice(max(places.start - self.begins, 0), max(places.stop - self.begins, 0))


@dataclass(frozen=True, slots=True)
class SiteShifts:
    site_id: int
    zone: str
    domains: tuple[DomainShifts, ...]

    def among(self, domains: Collection[str]) -> tuple[DomainShifts, ...]:
        """Those of these domains; all where none is named."""
        return tuple(each for each in self.domains if not domains or each.domain in domains)


@dataclass(frozen=True, slots=True)
class ShiftCounts:
    """Shifts that are planned, and those that are short: in all, by place, and by site and domain."""

    planned: int
    by_place: Counter[int]
    by_line: Counter[tuple[int, str]]

    @property
    def short(self) -> int:
        return self.by_line.total()


def window_ahead(sites: Iterable[SiteShifts], *, days: int, now: datetime) -> Window:
    """From the earliest date on that is under way at one of the sites."""
    zones = {site.zone for site in sites} or {"UTC"}
    present = {zone: Half.containing(now, ZoneInfo(zone)).place for zone in zones}
    return Window(Half.unpacked(min(present.values())).day, days, present)


def counted(sites: Iterable[SiteShifts], domains: Collection[str], window: Window) -> ShiftCounts:
    planned, by_place, by_line = 0, Counter[int](), Counter[tuple[int, str]]()
    for site in sites:
        ahead = window.ahead(site.zone)
        for line in site.among(domains):
            codes = line.codes(ahead)
            planned += len(codes) - codes.count(0) - codes.count(NOT_PLANNED)
            if number := codes.count(SHORT):
                by_line[site.site_id, line.domain] = number
                by_place.update(line.short_places(ahead))
    return ShiftCounts(planned, by_place, by_line)
