"""Find the trainings that would let people cover what sites require, for the most capacity.

A training takes one person to a level of a skill, on the hardware of a manufacturer where that is asked for, and counts
at every site where the person is assigned. Whoever lacks what a skill needs first is trained in that, too. A site is
covered as a whole, when each of its requirements has its number of people. With so many trainings the most capacity is
wanted; among plans of the same capacity the fewest trainings; and among these the people whom it costs least.

People whom the same sites lack for the same, and who lack the same prerequisites, are interchangeable, and are one
column of an integer program. Up to `EXACT_UP_TO` columns HiGHS solves it to the optimum; above, sites are taken by
capacity for each training that they still need, and the linear relaxation bounds what any plan can reach.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from math import inf
from typing import Any, NamedTuple

from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure
from readiness.boards.capability.core.trainings import Learners, PlannedTraining, Shortfall, ShortSite
from readiness.tradeoffs.portfolios.solver.relaxation import quiet_highs

EXACT_UP_TO = 600
"""Columns: groups of people by skill, and sites."""
_LEAST = 1e-4
"""Capacities that differ by less are alike."""
NOBODY_FIRST = Learners()


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
    sites: Iterable[ShortSite],
    most: int | None,
    measure: CapacityMeasure,
    learners: Learners = NOBODY_FIRST,
    *,
    exact_up_to: int = EXACT_UP_TO,
) -> TrainingPlan:
    """At most `most` trainings, those in prerequisites counted; None: as many as every site needs that trainings can
    cover. Candidates are able to learn what they are candidates for."""
    trainable = sorted(
        (site for site in sites if site.shortfalls and site.is_trainable and measure.of(site.capacity)),
        key=lambda site: site.site,
    )
    if not trainable or most == 0:
        return NO_PLAN
    program = _Program(trainable, measure, most, learners)
    is_exact = program.columns <= exact_up_to
    highest = program.solved() if is_exact else _greedy(trainable, most, measure, learners)
    covered = _covered(trainable, highest)
    trainings = _lowest(highest, covered, learners)
    reached = sum(measure.of(site.capacity) for site in covered)
    bound = reached if is_exact or most is None else program.relaxed()
    return TrainingPlan(trainings, covered, bound, is_exact)


def _sort_by_person(trainings: Iterable[PlannedTraining]) -> dict[int, list[PlannedTraining]]:
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    for training in trainings:
        by_person[training.person_id].append(training)
    return by_person


def _covered(sites: Sequence[ShortSite], trainings: Iterable[PlannedTraining]) -> tuple[ShortSite, ...]:
    by_person = _sort_by_person(trainings)
    return tuple(site for site in sites if all(_left(each, by_person) <= 0 for each in site.shortfalls))


def _left(shortfall: Shortfall, by_person: Mapping[int, Sequence[PlannedTraining]]) -> int:
    trained = shortfall.candidates & by_person.keys()
    return shortfall.short - sum(any(map(shortfall.met_by, by_person[person_id])) for person_id in trained)


def _lowest(
    trainings: Iterable[PlannedTraining], covered: Sequence[ShortSite], learners: Learners
) -> tuple[PlannedTraining, ...]:
    """Return the trainings at the levels that the covered sites, and other trainings of the person, ask for."""
    shortfalls = [each for site in covered for each in site.shortfalls]
    lowered = []
    for person_id, own in _sort_by_person(trainings).items():
        needs: dict[str, int] = {}
        for skill in {each.skill for each in own}:
            for needed, level in learners.missing(person_id, skill).items():
                needs[needed] = max(level, needs.get(needed, 0))
        for training in sorted(own):
            levels = [each.level for each in shortfalls if each.met_by(training)]
            level = max([1, *levels, needs.pop(training.skill, 1)])
            lowered.append(training._replace(level=level))
    return tuple(sorted(lowered))


@dataclass(frozen=True, slots=True)
class _Alike:
    """People who are candidates for the same shortfalls, by place, and lack the same prerequisites.

    `places` are by skill. `missing` has for each skill that any of this takes what must be learned right before it.
    """

    people: tuple[int, ...]
    places: Mapping[str, tuple[int, ...]]
    missing: Mapping[str, Mapping[str, int]]


def _alike(shortfalls: Sequence[Shortfall], learners: Learners) -> list[_Alike]:
    places: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, shortfall in enumerate(shortfalls):
        for person_id in shortfall.candidates:
            places[person_id][shortfall.skill].append(place)
    groups: dict[Any, list[int]] = defaultdict(list)
    for person_id, by_skill in places.items():
        skills = sorted(
            {*by_skill, *(first for skill in by_skill for first in learners.first(person_id, skill) or ())}
        )
        groups[
            tuple((skill, tuple(by_skill[skill])) for skill in sorted(by_skill)),
            tuple((skill, tuple(sorted(learners.missing(person_id, skill).items()))) for skill in skills),
        ].append(person_id)
    return [
        _Alike(
            tuple(sorted(people, key=learners.order)),
            dict(fillable),
            {skill: dict(missing) for skill, missing in missing_by_skill},
        )
        for (fillable, missing_by_skill), people in sorted(groups.items(), key=lambda each: each[0])
    ]


class _Trained(NamedTuple):
    """Columns of a group and a skill: how many are trained in it, and how many of these on whose hardware."""

    group: _Alike
    skill: str
    level: int
    people: Any
    ways: Mapping[str, Any]


class _Program:
    """How many of each group of people are trained in what, on whose hardware, and which sites that covers."""

    def __init__(
        self, sites: Sequence[ShortSite], measure: CapacityMeasure, most: int | None, learners: Learners
    ) -> None:
        self.learners = learners
        self.highs = highs = quiet_highs()
        highs.setOptionValue("mip_rel_gap", 0.0)
        shortfalls = [each for site in sites for each in site.shortfalls]
        meeting: list[list[Any]] = [[] for _ in shortfalls]
        self.trained: list[_Trained] = []
        for group in _alike(shortfalls, learners):
            self._add_group(group, shortfalls, meeting)
        covered = [highs.addBinary() for _ in sites]
        owners = (variable for site, variable in zip(sites, covered, strict=True) for _ in site.shortfalls)
        for shortfall, people, is_covered in zip(shortfalls, meeting, owners, strict=True):
            highs.addConstr(highs.qsum(people) >= shortfall.short * is_covered)
        self.all_trained = highs.qsum(number for each in self.trained for number in each.ways.values())
        if most is not None:
            highs.addConstr(self.all_trained <= most)
        self.covered_capacity = highs.qsum(
            measure.of(site.capacity) * variable for site, variable in zip(sites, covered, strict=True)
        )

    def _add_group(self, group: _Alike, shortfalls: Sequence[Shortfall], meeting: list[list[Any]]) -> None:
        highs, size = self.highs, len(group.people)
        columns: dict[str, _Trained] = {}
        for skill in group.missing:
            places = [(place, shortfalls[place]) for place in group.places.get(skill, ())]
            ways = {maker: highs.addIntegral(ub=size) for maker in _manufacturers(each for _, each in places)}
            people = next(iter(ways.values()))
            if len(ways) > 1:
                people = highs.addIntegral(ub=size)
                highs.addConstr(highs.qsum(ways.values()) >= people)
                for number in ways.values():
                    highs.addConstr(number <= people)
            levels = [each.level for _, each in places]
            levels += [needs[skill] for needs in group.missing.values() if skill in needs]
            columns[skill] = _Trained(group, skill, max(levels), people, ways)
            for place, shortfall in places:
                meeting[place].append(ways.get(shortfall.manufacturer, people))
        for skill, missing in group.missing.items():
            for needed in missing:
                highs.addConstr(columns[skill].people <= columns[needed].people)
        self.trained += columns.values()

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
        # Then the fewest trainings that reach as much, then the people whom it costs least.
        self.highs.addConstr(self.covered_capacity >= most - _LEAST)
        self.highs.minimize(self.all_trained)
        fewest = round(self.highs.getInfo().objective_function_value)
        weights = list(self._weights())
        if weights:
            self.highs.addConstr(self.all_trained <= fewest)
            self.highs.minimize(self.highs.qsum(weights))
        return tuple(sorted(self._chosen()))

    def _weights(self) -> Iterator[Any]:
        """Yield what the people of each group cost: those who cost least are trained first."""
        for each in self.trained:
            heavy = Counter(self.learners.cost(person_id, [each.skill]) for person_id in each.group.people)
            if not any(heavy):
                continue
            parts = {weight: self.highs.addVariable(lb=0, ub=number) for weight, number in heavy.items()}
            self.highs.addConstr(self.highs.qsum(parts.values()) >= each.people)
            yield from (weight * part for weight, part in parts.items() if weight)

    def _chosen(self) -> Iterator[PlannedTraining]:
        """Give each group's trainings to its people: what hangs together to the same, all else to others."""
        trainings_of = Counter[int]()
        by_group: dict[int, list[_Trained]] = defaultdict(list)
        for each in self.trained:
            if round(self.highs.val(each.people)):
                by_group[id(each.group)].append(each)
        for columns in by_group.values():
            for linked in _linked(columns):
                group = linked[0].group
                skills = [each.skill for each in linked]
                order = sorted(
                    group.people,
                    key=lambda each: _turn(self.learners.order(each, *skills), trainings_of[each]),
                )
                for trained in linked:
                    # Different people as long as there are any: a person counts once for a requirement of no vendor.
                    people = cycle(order[: round(self.highs.val(trained.people))])
                    for manufacturer, number in trained.ways.items():
                        for person_id in islice(people, round(self.highs.val(number))):
                            trainings_of[person_id] += 1
                            yield PlannedTraining(person_id, trained.skill, manufacturer, trained.level)


def _turn(order: tuple[int, float, int], number: int) -> tuple[int, int, float, int]:
    cost, load, person_id = order
    return cost, number, load, person_id


def _linked(columns: Sequence[_Trained]) -> list[list[_Trained]]:
    """Return the columns of a group, those together of which one needs the other first."""
    parts: list[list[_Trained]] = []
    for each in columns:
        near = [
            part
            for part in parts
            if any(
                each.skill in other.group.missing[other.skill]
                or other.skill in each.group.missing[each.skill]
                for other in part
            )
        ]
        parts = [part for part in parts if part not in near]
        parts.append([*(other for part in near for other in part), each])
    return parts


def _manufacturers(shortfalls: Iterable[Shortfall]) -> tuple[str, ...]:
    """Name the hardware to train on. Training on a vendor's own meets requirements of no vendor, too."""
    names = {shortfall.manufacturer for shortfall in shortfalls}
    return tuple(sorted(names - {""})) or ("",)


def _greedy(
    sites: Sequence[ShortSite], most: int | None, measure: CapacityMeasure, learners: Learners
) -> tuple[PlannedTraining, ...]:
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    at_person: dict[int, set[int]] = defaultdict(set)
    for place, site in enumerate(sites):
        for person_id in {each for shortfall in site.shortfalls for each in shortfall.candidates}:
            at_person[person_id].add(place)
    trainings_left = inf if most is None else most
    reach = {person_id: len(places) for person_id, places in at_person.items()}
    needed = {place: _needed(site, by_person, reach, learners) for place, site in enumerate(sites)}
    plan: list[PlannedTraining] = []
    while needed:
        fitting = [place for place, trainings in needed.items() if len(trainings) <= trainings_left]
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
            trainings_left -= 1
            changed |= at_person[training.person_id]
        for place in changed & needed.keys():
            needed[place] = _needed(sites[place], by_person, reach, learners)
    return _once(plan)


def _once(trainings: Iterable[PlannedTraining]) -> tuple[PlannedTraining, ...]:
    """Return one training, at the highest level, for each person, skill and manufacturer. One on a vendor's hardware
    makes another on no vendor's needless."""
    levels: dict[tuple[int, str, str], int] = {}
    for person_id, skill, manufacturer, level in trainings:
        key = person_id, skill, manufacturer
        levels[key] = max(level, levels.get(key, 0))
    for person_id, skill, manufacturer in sorted(levels):
        if manufacturer and (level := levels.pop((person_id, skill, ""), 0)):
            key = person_id, skill, manufacturer
            levels[key] = max(level, levels[key])
    return tuple(sorted(PlannedTraining(*key, level) for key, level in levels.items()))


def _needed(
    site: ShortSite,
    by_person: Mapping[int, Sequence[PlannedTraining]],
    reach: Mapping[int, int],
    learners: Learners,
) -> list[PlannedTraining]:
    """Return trainings that cover the site, those of people first who need few of them, and whom most sites lack."""
    own: dict[int, list[PlannedTraining]] = defaultdict(list)
    # What asks for a vendor goes first: that counts for what any vendor will do for, too.
    order = sorted(site.shortfalls, key=lambda each: (each.manufacturer == "", -each.level, each.skill))
    for shortfall in order:
        planned = {
            person_id: [*by_person.get(person_id, ()), *own.get(person_id, ())]
            for person_id in shortfall.candidates
        }
        short = _left(shortfall, planned)
        if short <= 0:
            continue
        steps = {
            person_id: _steps(person_id, shortfall, trainings, learners)
            for person_id, trainings in planned.items()
            if not any(map(shortfall.met_by, trainings))
        }
        nearest = sorted(
            steps, key=lambda each: (len(steps[each]), -reach[each], *learners.order(each, shortfall.skill))
        )
        for person_id in islice(nearest, short):
            own[person_id] += steps[person_id]
    return [training for trainings in own.values() for training in trainings]


def _steps(
    person_id: int, shortfall: Shortfall, planned: Sequence[PlannedTraining], learners: Learners
) -> list[PlannedTraining]:
    """Return what the person is still to be trained in, beside what is planned, in order to meet the shortfall."""
    first = (learners.first(person_id, shortfall.skill) or {}).items()
    missing = [
        PlannedTraining(person_id, skill, "", level)
        for skill, level in first
        if not any(each.skill == skill and each.level >= level for each in planned)
    ]
    return [*missing, PlannedTraining(person_id, shortfall.skill, shortfall.manufacturer, shortfall.level)]
