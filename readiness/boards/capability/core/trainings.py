"""Shortfalls of sites, people who could learn, and the skills that each of them has to learn first."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from readiness.assessment.scoring.core.gap import CapacityFigures


class PlannedTraining(NamedTuple):
    """`manufacturer` is "" where the skill is of no vendor's hardware."""

    person_id: int
    skill: str
    manufacturer: str = ""
    level: int = 1


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A requirement that lacks `short` people; `candidates` are assigned and do not meet it."""

    skill: str
    manufacturer: str
    short: int
    candidates: frozenset[int]
    level: int = 1

    def met_by(self, training: PlannedTraining) -> bool:
        return (
            training.skill == self.skill
            and training.level >= self.level
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


FURTHEST = 2


@dataclass(frozen=True, slots=True)
class Learner:
    """`holds` are skills with the level that lasts. Among equals those of the least `weight` are trained, then those
    nearest to the skill, then those with the least `load`. `near` has skills of which the person holds something (0),
    or something of their domain (1); all else is further away (2)."""

    person_id: int
    holds: tuple[tuple[str, int], ...] = ()
    weight: int = 0
    load: float = 0.0
    near: tuple[tuple[str, int], ...] = ()

    def cost(self, skill: str) -> int:
        return 3 * self.weight + dict(self.near).get(skill, FURTHEST)


@dataclass(frozen=True)
class Learners:
    """`prerequisites` are skill, needed skill and level. Somebody who is not among `people` holds nothing."""

    people: tuple[Learner, ...] = ()
    prerequisites: tuple[tuple[str, str, int], ...] = ()

    @cached_property
    def _people(self) -> dict[int, Learner]:
        return {each.person_id: each for each in self.people}

    @cached_property
    def _needs(self) -> dict[str, dict[str, int]]:
        needs: dict[str, dict[str, int]] = {}
        for skill, needed, level in self.prerequisites:
            needs.setdefault(skill, {})[needed] = level
        return needs

    def person(self, person_id: int) -> Learner:
        return self._people.get(person_id) or Learner(person_id)

    def cost(self, person_id: int, skills: Iterable[str]) -> int:
        learner = self.person(person_id)
        return sum(learner.cost(skill) for skill in skills)

    def order(self, person_id: int, *skills: str) -> tuple[int, float, int]:
        """Sort people who are equal otherwise by this: those first who are to learn the skills."""
        return self.cost(person_id, skills), self.person(person_id).load, person_id

    def needed_for(self, skill: str) -> Mapping[str, int]:
        return self._needs.get(skill, {})

    def missing(self, person_id: int, skill: str) -> dict[str, int]:
        """Return the skills, with their levels, that the person must learn right before this one."""
        needs = self.needed_for(skill)
        holds = dict(self.person(person_id).holds) if needs else {}
        return {needed: level for needed, level in needs.items() if holds.get(needed, 0) < level}

    @cached_property
    def _first(self) -> dict[tuple[int, str], dict[str, int] | None]:
        return {}

    def first(self, person_id: int, skill: str) -> Mapping[str, int] | None:
        """Return all that the person must learn before, in order; None where it needs itself."""
        if not self.needed_for(skill):
            return {}
        key = person_id, skill
        if key not in self._first:
            levels: dict[str, int] = {}
            is_possible = self._add_first(person_id, skill, levels, (skill,))
            self._first[key] = levels if is_possible else None
        return self._first[key]

    def _add_first(self, person_id: int, skill: str, levels: dict[str, int], above: tuple[str, ...]) -> bool:
        for needed, level in self.missing(person_id, skill).items():
            if needed in above or not self._add_first(person_id, needed, levels, (*above, needed)):
                return False
            levels[needed] = max(level, levels.get(needed, 0))
        return True

    def able(self, skill: str, people: Collection[int]) -> frozenset[int]:
        """Return those who can learn it, with what it needs first."""
        if not self.needed_for(skill):
            return frozenset(people)
        return frozenset(each for each in people if self.first(each, skill) is not None)
