"""Who is on call and whether that is enough, worked out for one instant from the entries themselves: separately from
the program, which works with spans."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class DailyLayer:
    """A shift each `every` days at the same local time, with people in turn."""

    level: int
    first: datetime
    """Local, without a zone."""
    hours: int
    every: int
    turn: int
    people: tuple[int, ...]
    zone: str

    def holders(self, at):
        """The people at an instant: shifts may be longer than the time between their beginnings."""
        zone, local = ZoneInfo(self.zone), at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        latest = (local - self.first) // timedelta(days=self.every) + 1
        for place in range(max(latest - self.hours // 24 - 3, 0), latest + 1):
            starts = self.first + place * timedelta(days=self.every)
            begins = starts.replace(tzinfo=zone).astimezone(UTC)
            ends = (starts + timedelta(hours=self.hours)).replace(tzinfo=zone).astimezone(UTC)
            if begins <= at < ends:
                yield self.people[place // self.turn % len(self.people)]


@dataclass
class Entries:
    """Entries of people for a rotation: spans are (level, start, end, person, taker) as far as they have them."""

    layers: list = field(default_factory=list)
    overrides: list = field(default_factory=list)
    swaps: list = field(default_factory=list)

    def levels(self, at, away):
        """People by level at an instant, nobody as None, a level without a shift left out. Nobody has two levels."""
        found = {}
        for layer in self.layers:
            for person in layer.holders(at):
                found.setdefault(layer.level, []).append(person)
        for level, starts_at, ends_at, person in self.overrides:
            if starts_at <= at < ends_at:
                found[level] = [person]
        for level, starts_at, ends_at, person, taker in self.swaps:
            if starts_at <= at < ends_at and level in found:
                found[level] = [taker if each == person else each for each in found[level]]
        gone = {person for person, starts_at, ends_at in away if starts_at <= at < ends_at}
        found = {
            level: [None if each in gone else each for each in people] for level, people in found.items()
        }
        return one_each(found)


def one_each(levels):
    """People by level: whoever has several keeps the first."""
    taken, kept = set(), {}
    for level in sorted(levels):
        kept[level] = [None if each in taken else each for each in levels[level]]
        taken |= {each for each in kept[level] if each is not None}
    return kept


def joined(rotations):
    """The levels of several rotations at one site."""
    levels = {}
    for of_rotation in rotations:
        for level, people in of_rotation.items():
            levels.setdefault(level, []).extend(people)
    return one_each(levels)


def cover_at(levels, requirements, abilities, at):
    """Standing, people, qualified and needed. `abilities` are (person, skill, level or None if exempt, start, end)."""
    shifts = {level: people for level, people in levels.items() if level in (1, 2)}
    first, second = (({*shifts.get(level, ())} - {None}) for level in (1, 2))
    people, is_short = first | second, not first or not second
    weakest = (len(people) - 2, len(people)), people, 2
    for skill, level, per_shift in requirements:
        able = {
            person
            for person, held_skill, held_level, starts_at, ends_at in abilities
            if held_skill == skill and (held_level is None or held_level >= level)
            if starts_at <= at < ends_at
        }
        needed, counted = max(2, per_shift), people & able
        weakest = min(
            weakest, ((len(counted) - needed, len(counted)), counted, needed), key=lambda each: each[0]
        )
        is_short = is_short or not first & able or not second & able or len(counted) < per_shift
    _, qualified, needed = weakest
    if not any(shifts.values()):
        return "not-planned", people, qualified, needed
    standing = "short" if is_short else "more" if len(qualified) > needed else "as-needed"
    return standing, people, qualified, needed
