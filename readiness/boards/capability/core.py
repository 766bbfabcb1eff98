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
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice
from math import ceil, inf
from typing import Any, NamedTuple

from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure
from readiness.tradeoffs.portfolios.solver.relaxation import quiet_highs

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
    capacity: CapacityFigures
    shortfalls: tuple[Shortfall, ...]

    @property
    def is_trainable(self) -> bool:
        return all(len(each.candidates) >= each.short for each in self.shortfalls)

    def helped_by(self, trainings: Iterable[PlannedTraining]) -> bool:
        return any(shortfall.met_by(each) for each in trainings for shortfall in self.shortfalls)


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
        return sum((site.capacity for site in self.covered), NOTHING)


NO_PLAN = TrainingPlan((), (), 0.0, is_exact=True)


def best_plan(
    sites: Iterable[ShortSite], most: int | None, measure: CapacityMeasure, *, exact_up_to: int = EXACT_UP_TO
) -> TrainingPlan:
    """At most `most` trainings; None: as many as every site needs that trainings can cover."""
    trainable = sorted(
        (site for site in sites if site.shortfalls and site.is_trainable and measure.of(site.capacity)),
        key=lambda site: site.site,
    )
    if not trainable or most == 0:
        return NO_PLAN
    program = _Program(trainable, measure, most)
    is_exact = program.columns <= exact_up_to
    trainings = program.solved() if is_exact else _greedy(trainable, most, measure)
    covered = _covered(trainable, trainings)
    reached = sum(measure.of(site.capacity) for site in covered)
    bound = reached if is_exact or most is None else program.relaxed()
    return TrainingPlan(trainings, covered, bound, is_exact)


def add_working_days(start: date, days: float) -> date:
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
        _Alike(
            skill,
            tuple(sorted(alike)),
            fillable_places,
            _manufacturers(shortfalls[place] for place in fillable_places),
        )
        for (skill, fillable_places), alike in sorted(people.items())
    ]


def _manufacturers(shortfalls: Iterable[Shortfall]) -> tuple[str, ...]:
    """Name the hardware to train on. Training on a vendor's own meets requirements of no vendor, too."""
    names = {shortfall.manufacturer for shortfall in shortfalls}
    return tuple(sorted(names - {""})) or ("",)


class _Program:
    """How many of each group of people are trained on whose hardware, and which sites that covers."""

    def __init__(self, sites: Sequence[ShortSite], measure: CapacityMeasure, most: int | None) -> None:
        self.highs = highs = quiet_highs()
        highs.setOptionValue("mip_rel_gap", 0.0)
        shortfalls = [each for site in sites for each in site.shortfalls]
        meeting: list[list[Any]] = [[] for _ in shortfalls]
        self.trained = []
        for group in _alike(shortfalls):
            size = len(group.people)
            ways = {manufacturer: highs.addIntegral(ub=size) for manufacturer in group.manufacturers}
            self.trained += [(group, manufacturer, number) for manufacturer, number in ways.items()]
            different = next(iter(ways.values()))
            if len(ways) > 1:
                different = highs.addIntegral(ub=size)
                highs.addConstr(highs.qsum(ways.values()) >= different)
            for place in group.places:
                meeting[place].append(ways.get(shortfalls[place].manufacturer, different))
        covered = [highs.addBinary() for _ in sites]
        owners = (variable for site, variable in zip(sites, covered, strict=True) for _ in site.shortfalls)
        for shortfall, people, is_covered in zip(shortfalls, meeting, owners, strict=True):
            highs.addConstr(highs.qsum(people) >= shortfall.short * is_covered)
        self.all_trained = highs.qsum(number for *_, number in self.trained)
        if most is not None:
            highs.addConstr(self.all_trained <= most)
        self.covered_capacity = highs.qsum(
            measure.of(site.capacity) * variable for site, variable in zip(sites, covered, strict=True)
        )

    @property
    def columns(self) -> int:
        return int(self.highs.numVariables)

    def relaxed(self) -> float:
        self.highs.setOptionValue("solve_relaxation", True)
        self.highs.maximize(self.covered_capacity)
        return float(self.highs.getInfo().objective_function_value)

    def solved(self) -> tuple[PlannedTraining, ...]:
        self.highs.maximize(self.covered_capacity)
        most = self.highs.getInfo().objective_function_value
        # Then the fewest trainings that reach as much.
        self.highs.addConstr(self.covered_capacity >= most - _LEAST)
        self.highs.minimize(self.all_trained)
        # Choose different people as long as there are any: a person counts once for a requirement of no vendor.
        people = {id(group): cycle(group.people) for group, *_ in self.trained}
        return tuple(
            sorted(
                PlannedTraining(person_id, group.skill, manufacturer)
                for group, manufacturer, number in self.trained
                for person_id in islice(people[id(group)], round(self.highs.val(number)))
            )
        )


def _greedy(
    sites: Sequence[ShortSite], most: int | None, measure: CapacityMeasure
) -> tuple[PlannedTraining, ...]:
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    at_person: dict[int, set[int]] = defaultdict(set)
    for place, site in enumerate(sites):
        for person_id in {each for shortfall in site.shortfalls for each in shortfall.candidates}:
            at_person[person_id].add(place)
    left = inf if most is None else most
    reach = {person_id: len(places) for person_id, places in at_person.items()}
    needed = {place: _needed(site, by_person, reach) for place, site in enumerate(sites)}
    plan: list[PlannedTraining] = []
    while needed:
        fitting = [place for place, trainings in needed.items() if len(trainings) <= left]
        if not fitting:
            break
        best = max(
            fitting,
            key=lambda place: (measure.of(sites[place].capacity) / max(len(needed[place]), 1), -place),
        )
        changed = {best}
        for training in needed.pop(best):
            by_person[training.person_id].append(training)
            plan.append(training)
            left -= 1
            changed |= at_person[training.person_id]
        for place in changed & needed.keys():
            needed[place] = _needed(sites[place], by_person, reach)
    return tuple(sorted(plan))


def _needed(
    site: ShortSite, by_person: Mapping[int, Sequence[PlannedTraining]], reach: Mapping[int, int]
) -> list[PlannedTraining]:
    """Return trainings that cover the site, those of people first whom most sites lack."""
    own: dict[int, list[PlannedTraining]] = defaultdict(list)
    # What asks for a vendor goes first: that counts for what any vendor will do for, too.
    for shortfall in sorted(site.shortfalls, key=lambda each: (each.manufacturer == "", each.skill)):
        candidate_trainings = {
            person_id: [*by_person.get(person_id, ()), *own.get(person_id, ())]
            for person_id in shortfall.candidates
        }
        short = _left(shortfall, candidate_trainings)
        untrained = sorted(
            (
                person_id
                for person_id, trainings in candidate_trainings.items()
                if not any(map(shortfall.met_by, trainings))
            ),
            key=lambda person_id: (-reach[person_id], person_id),
        )
        for person_id in islice(untrained, max(short, 0)):
            own[person_id].append(PlannedTraining(person_id, shortfall.skill, shortfall.manufacturer))
    return [training for trainings in own.values() for training in trainings]
