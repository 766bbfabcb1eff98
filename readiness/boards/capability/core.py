"""Find the trainings that would let people cover what sites require, for the most capacity.

A training takes one person to a skill, on the hardware of a manufacturer where that is asked for, and counts at every
site where the person is assigned. A site is covered as a whole, when each of its requirements has its number of people.
With so many trainings the most capacity is wanted, and among plans of the same capacity the fewest trainings.

People whom the same sites lack for the same are interchangeable, and are one column of an integer program. Up to
`EXACT_UP_TO` columns HiGHS solves it to the optimum; above, sites are taken by capacity for each training that they
still need, and the linear relaxation bounds what any plan can reach.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from math import ceil
from typing import NamedTuple

import highspy
import numpy as np

from readiness.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure
from readiness.tradeoffs.core.relaxation import quiet_highs

EXACT_UP_TO = 600
"""Columns: groups of people, and sites."""
FRIDAY = 4
_LEAST = 1e-4
"""Capacities that differ by less are alike."""


class PlannedTraining(NamedTuple):
    """`manufacturer` is "" where the skill is of no vendor's hardware."""

    person_id: int
    skill: str
    manufacturer: str = ""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A requirement that lacks `short` people; `candidates` are assigned and do not meet it."""

    skill: str
    manufacturer: str
    short: int
    candidates: frozenset[int]

    def met_by(self, training: PlannedTraining) -> bool:
        return (
            training.skill == self.skill
            and self.manufacturer in ("", training.manufacturer)
            and training.person_id in self.candidates
        )


@dataclass(frozen=True, slots=True)
class ShortSite:
    site: str
    held: CapacityFigures
    shortfalls: tuple[Shortfall, ...]

    @property
    def is_trainable(self) -> bool:
        return all(len(each.candidates) >= each.short for each in self.shortfalls)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """`bound` is what no plan of as many trainings exceeds, in the measure asked for; `is_exact`: this plan reaches
    it, and needs the fewest trainings of those that do."""

    trainings: tuple[PlannedTraining, ...]
    covered: tuple[ShortSite, ...]
    bound: float
    is_exact: bool

    @property
    def freed(self) -> CapacityFigures:
        return sum((site.held for site in self.covered), NOTHING)


NO_PLAN = TrainingPlan((), (), 0.0, is_exact=True)


def best_plan(
    sites: Iterable[ShortSite], most: int | None, measure: CapacityMeasure, *, exact_up_to: int = EXACT_UP_TO
) -> TrainingPlan:
    """At most `most` trainings; None: as many as every site needs that trainings can cover."""
    trainable = sorted(
        (site for site in sites if site.shortfalls and site.is_trainable and measure.of(site.held)),
        key=lambda site: site.site,
    )
    if not trainable or most == 0:
        return NO_PLAN
    program = _Program(trainable, measure, most)
    if program.columns > exact_up_to and most is None:
        trainings = _for_all(trainable)
        return TrainingPlan(trainings, tuple(trainable), float(program.held.sum()), is_exact=False)
    if program.columns > exact_up_to:
        trainings = _greedy(trainable, most or 0, measure)
        return TrainingPlan(trainings, _covered(trainable, trainings), program.relaxed(), is_exact=False)
    trainings = program.solved()
    covered = _covered(trainable, trainings)
    return TrainingPlan(trainings, covered, sum(measure.of(site.held) for site in covered), is_exact=True)


def after_working_days(start: date, days: float) -> date:
    """The last of so many working days after `start`; part of a day takes the whole of it."""
    on = start
    for _ in range(ceil(days)):
        on += timedelta(days=1 if on.weekday() < FRIDAY else 7 - on.weekday())
    return on


def _covered(sites: Sequence[ShortSite], trainings: Iterable[PlannedTraining]) -> tuple[ShortSite, ...]:
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    for training in trainings:
        by_person[training.person_id].append(training)
    return tuple(site for site in sites if all(_left(each, by_person) <= 0 for each in site.shortfalls))


def _left(shortfall: Shortfall, by_person: Mapping[int, Sequence[PlannedTraining]]) -> int:
    trained = shortfall.candidates & by_person.keys()
    return shortfall.short - sum(any(map(shortfall.met_by, by_person[person_id])) for person_id in trained)


@dataclass(frozen=True, slots=True)
class _Alike:
    """People who are candidates for the same shortfalls of a skill, by place; one training each may be of any of
    `manufacturers`."""

    skill: str
    people: tuple[int, ...]
    places: tuple[int, ...]
    manufacturers: tuple[str, ...]


def _alike(shortfalls: Sequence[Shortfall]) -> list[_Alike]:
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, shortfall in enumerate(shortfalls):
        for person_id in shortfall.candidates:
            places[shortfall.skill, person_id].append(place)
    people: dict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
    for (skill, person_id), of_person in places.items():
        people[skill, tuple(of_person)].append(person_id)
    return [
        _Alike(skill, tuple(sorted(alike)), held, _manufacturers(shortfalls[place] for place in held))
        for (skill, held), alike in sorted(people.items())
    ]


def _manufacturers(shortfalls: Iterable[Shortfall]) -> tuple[str, ...]:
    """Name the hardware to train on. Training on a vendor's own meets requirements of no vendor, too."""
    named = {shortfall.manufacturer for shortfall in shortfalls}
    return tuple(sorted(named - {""})) or ("",)


@dataclass
class _Rows:
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, entries: Iterable[tuple[int, float]], *, lower: float, upper: float = np.inf) -> None:
        for column, value in entries:
            self.columns.append(column)
            self.values.append(value)
        self.starts.append(len(self.columns))
        self.lower.append(lower)
        self.upper.append(upper)


class _Program:
    """Columns: for each group of people and manufacturer how many are trained; for each group that has a choice of
    manufacturers how many different people are; for each site whether it is covered."""

    def __init__(self, sites: Sequence[ShortSite], measure: CapacityMeasure, most: int | None) -> None:
        shortfalls = [each for site in sites for each in site.shortfalls]
        self.groups = _alike(shortfalls)
        self.held = np.array([measure.of(site.held) for site in sites])
        self.trained = [
            (group, manufacturer) for group in self.groups for manufacturer in group.manufacturers
        ]
        place = {(id(group), manufacturer): at for at, (group, manufacturer) in enumerate(self.trained)}
        choosing = [group for group in self.groups if len(group.manufacturers) > 1]
        different = {id(group): len(self.trained) + at for at, group in enumerate(choosing)}
        self.first_site = len(self.trained) + len(choosing)
        self.columns = self.first_site + len(sites)
        sizes = [len(group.people) for group, _ in self.trained] + [len(group.people) for group in choosing]
        self.upper = np.r_[np.array(sizes, float), np.ones(len(sites))]
        self.rows = _Rows()
        meeting: list[list[tuple[int, float]]] = [[] for _ in shortfalls]
        for group in self.groups:
            anybody = different.get(id(group), place[id(group), group.manufacturers[0]])
            for at in group.places:
                wanted = shortfalls[at].manufacturer
                meeting[at].append((place[id(group), wanted] if wanted else anybody, 1.0))
        owners = (column for column, site in enumerate(sites, self.first_site) for _ in site.shortfalls)
        for shortfall, entries, owner in zip(shortfalls, meeting, owners, strict=True):
            self.rows.add([*entries, (owner, -float(shortfall.short))], lower=0.0)
        for group in choosing:
            each = [(place[id(group), manufacturer], 1.0) for manufacturer in group.manufacturers]
            self.rows.add([*each, (different[id(group)], -1.0)], lower=0.0)
        if most is not None:
            every = [(column, 1.0) for column in range(len(self.trained))]
            self.rows.add(every, lower=0.0, upper=float(most))

    def relaxed(self) -> float:
        highs = self._highs(integral=False)
        highs.run()
        return float(-highs.getInfo().objective_function_value)

    def solved(self) -> tuple[PlannedTraining, ...]:
        highs = self._highs(integral=True)
        highs.run()
        best = self.held @ np.round(np.array(highs.getSolution().col_value)[self.first_site :])
        # Then the fewest trainings that reach as much.
        sites = np.arange(self.first_site, self.columns, dtype=np.int32)
        highs.addRow(float(best) - _LEAST, np.inf, len(sites), sites, self.held)
        few = np.r_[np.ones(len(self.trained)), np.zeros(self.columns - len(self.trained))]
        highs.changeColsCost(self.columns, np.arange(self.columns, dtype=np.int32), few)
        highs.run()
        return self._trainings(np.round(np.array(highs.getSolution().col_value)).astype(int).tolist())

    def _trainings(self, counts: Sequence[int]) -> tuple[PlannedTraining, ...]:
        """Choose different people as long as there are any: a person counts once for a requirement of no vendor."""
        trainings: list[PlannedTraining] = []
        taken: dict[int, int] = defaultdict(int)
        for (group, manufacturer), count in zip(self.trained, counts, strict=False):
            for _ in range(count):
                person_id = group.people[taken[id(group)] % len(group.people)]
                trainings.append(PlannedTraining(person_id, group.skill, manufacturer))
                taken[id(group)] += 1
        return tuple(sorted(trainings))

    def _highs(self, *, integral: bool) -> highspy.Highs:
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.columns, len(self.rows.lower)
        program.col_cost_ = np.r_[np.zeros(self.first_site), -self.held]
        program.col_lower_, program.col_upper_ = np.zeros(self.columns), self.upper
        program.row_lower_, program.row_upper_ = np.array(self.rows.lower), np.array(self.rows.upper)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.array(self.rows.starts, dtype=np.int32)
        program.a_matrix_.index_ = np.array(self.rows.columns, dtype=np.int32)
        program.a_matrix_.value_ = np.array(self.rows.values)
        if integral:
            program.integrality_ = [highspy.HighsVarType.kInteger] * self.columns
        highs = quiet_highs()
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.passModel(program)
        return highs


def _places(sites: Sequence[ShortSite]) -> dict[int, set[int]]:
    """Map each candidate to the sites that they could help."""
    at_person: dict[int, set[int]] = defaultdict(set)
    for place, site in enumerate(sites):
        for person_id in {each for shortfall in site.shortfalls for each in shortfall.candidates}:
            at_person[person_id].add(place)
    return at_person


def _for_all(sites: Sequence[ShortSite]) -> tuple[PlannedTraining, ...]:
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    reach = {person_id: len(places) for person_id, places in _places(sites).items()}
    for site in sites:
        for training in _needed(site, by_person, reach):
            by_person[training.person_id].append(training)
    return tuple(sorted(training for trainings in by_person.values() for training in trainings))


def _greedy(sites: Sequence[ShortSite], most: int, measure: CapacityMeasure) -> tuple[PlannedTraining, ...]:
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    at_person, left = _places(sites), most
    reach = {person_id: len(places) for person_id, places in at_person.items()}
    needed = {place: _needed(site, by_person, reach) for place, site in enumerate(sites)}
    chosen: list[PlannedTraining] = []
    while needed:
        fitting = [place for place, trainings in needed.items() if len(trainings) <= left]
        if not fitting:
            break
        best = max(
            fitting, key=lambda place: (measure.of(sites[place].held) / max(len(needed[place]), 1), -place)
        )
        changed = {best}
        for training in needed.pop(best):
            by_person[training.person_id].append(training)
            chosen.append(training)
            left -= 1
            changed |= at_person[training.person_id]
        for place in changed & needed.keys():
            needed[place] = _needed(sites[place], by_person, reach)
    return tuple(sorted(chosen))


def _needed(
    site: ShortSite, by_person: Mapping[int, Sequence[PlannedTraining]], reach: Mapping[int, int]
) -> list[PlannedTraining]:
    """Return trainings that cover the site, those of people first whom most sites lack."""
    own: dict[int, list[PlannedTraining]] = defaultdict(list)
    # What asks for a vendor goes first: that counts for what any vendor will do for, too.
    for shortfall in sorted(site.shortfalls, key=lambda each: (each.manufacturer == "", each.skill)):
        known = {
            person_id: [*by_person.get(person_id, ()), *own.get(person_id, ())]
            for person_id in shortfall.candidates
        }
        short = _left(shortfall, known)
        untrained = sorted(
            (
                person_id
                for person_id, trainings in known.items()
                if not any(map(shortfall.met_by, trainings))
            ),
            key=lambda person_id: (-reach[person_id], person_id),
        )
        for person_id in islice(untrained, max(short, 0)):
            own[person_id].append(PlannedTraining(person_id, shortfall.skill, shortfall.manufacturer))
    return [training for trainings in own.values() for training in trainings]
