"""Times in which one person has a level of a rotation, and would have a later one too: there or beside it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from readiness.organisation.people.core.on_call import gaps
from readiness.organisation.people.core.rotations import HeldShift, TimeSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenShift(HeldShift):
    """`is_double`: it is nobody's because its person has an earlier level of the rotation."""

    is_double: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleDuty(TimeSpan):
    """`first` is the person's; `second` would be, at a later level."""

    person: int
    first: WrittenShift
    second: WrittenShift

    @property
    def key(self) -> tuple[int, ...]:
        return self.person, self.first.rotation, self.first.level, self.second.rotation, self.second.level


def doubles_of(
    shifts: Iterable[WrittenShift], neighbours: Mapping[int, Collection[int]]
) -> Iterator[DoubleDuty]:
    """`neighbours` are the rotations that serve a site in the same domain as another one does."""
    of_person: dict[int, list[WrittenShift]] = defaultdict(list)
    of_rotation: dict[int, list[WrittenShift]] = defaultdict(list)
    all_shifts = list(shifts)
    for shift in all_shifts:
        of_rotation[shift.rotation].append(shift)
        if shift.person is not None:
            of_person[shift.person].append(shift)
    for second in all_shifts:
        others = of_person[second.person] if second.person is not None else of_rotation[second.rotation]
        for first in others if second.person is not None or second.is_double else ():
            begins = max(first.starts_at, second.starts_at)
            ends = min(first.ends_at, second.ends_at)
            beside = first.rotation in (second.rotation, *neighbours.get(second.rotation, ()))
            if first.person is not None and first.level < second.level and begins < ends and beside:
                yield DoubleDuty(
                    person=first.person, first=first, second=second, starts_at=begins, ends_at=ends
                )


def new_doubles(before: Iterable[DoubleDuty], after: Iterable[DoubleDuty]) -> list[DoubleDuty]:
    """Those of `after` that hold a time which those of `before` do not."""
    spans_before: dict[tuple[int, ...], list[TimeSpan]] = defaultdict(list)
    for double in before:
        spans_before[double.key].append(double)
    return [double for double in after if gaps(spans_before[double.key], double.starts_at, double.ends_at)]


def wholly_double(doubles: Iterable[DoubleDuty], shifts: Iterable[WrittenShift]) -> list[DoubleDuty]:
    """Those whose person has no shift at the later level at all."""
    present = {(shift.person, shift.rotation, shift.level) for shift in shifts}
    return [
        double
        for double in doubles
        if (double.person, double.second.rotation, double.second.level) not in present
    ]
