"""When each training of a plan can be taken: after what it needs first, on a date of a course with a free place, and on
days on which the person is there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from math import ceil

from readiness.boards.capability.core.trainings import Learners, PlannedTraining

DAY = timedelta(days=1)
FRIDAY = 4
LOOKED_AHEAD = timedelta(days=366)


class Undated(StrEnum):
    NO_COURSE = "no-course"
    NO_DATE = "no-date"
    WAITS = "waits"
    OVERDUE = "overdue"
    ENDS_BEFORE = "ends-before"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseOffer:
    """A course that leads to a level of a skill, on anybody's hardware where it has no `manufacturer`. With `dates` it
    begins on these, else on any working day. `free` are the places left of each date; None: as many as come."""

    id: int
    name: str
    skill: str
    level: int = 1
    manufacturer: str = ""
    days: float = 1
    is_dated: bool = False
    dates: tuple[date, ...] = ()
    free: Mapping[date, int | None] = field(default_factory=dict)

    def leads_to(self, training: PlannedTraining) -> bool:
        return (
            self.skill == training.skill
            and self.level >= training.level
            and (self.manufacturer in ("", training.manufacturer) or not training.manufacturer)
        )

    def ends_on(self, starts_on: date) -> date:
        return add_working_days(starts_on - DAY, self.days)


@dataclass(frozen=True, slots=True)
class Diary:
    """A person's days away or elsewhere, and the courses (by id) that they are assigned to,
    with the days on which these begin and are due. `held_until` has the last day of what they hold, by skill."""

    busy: frozenset[date] = frozenset()
    assigned: Mapping[int, tuple[date | None, date]] = field(default_factory=dict)
    held_until: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """`is_assigned`: the person has the course already. Without a date `undated` says why."""

    training: PlannedTraining
    course: CourseOffer | None = None
    starts_on: date | None = None
    due_on: date | None = None
    is_assigned: bool = False
    undated: Undated | None = None


def add_working_days(start: date, days: float) -> date:
    """The last of so many working days after `start`; part of a day takes the whole of it."""
    on = start
    for _ in range(ceil(days)):
        on += timedelta(days=1 if on.weekday() < FRIDAY else 7 - on.weekday())
    return on


def scheduled(
    trainings: Iterable[PlannedTraining],
    offers: Collection[CourseOffer],
    learners: Learners,
    diaries: Mapping[int, Diary],
    *,
    lasts: Mapping[str, int],
    today: date,
) -> tuple[PlannedStep, ...]:
    """Give each training the course and days by which it ends first, those that others wait for before these. `lasts`
    are the days for which a new qualification holds, by skill, if not for good."""
    planner = _Planner(offers, learners, diaries, lasts, today)
    return tuple(planner.step(training) for training in _order(trainings, offers, learners))


def _order(
    trainings: Iterable[PlannedTraining], offers: Collection[CourseOffer], learners: Learners
) -> list[PlannedTraining]:
    """Trainings that others need come first, then the shortest."""
    planned = list(trainings)
    skills: dict[int, set[str]] = defaultdict(set)
    for training in planned:
        skills[training.person_id].add(training.skill)

    def key(training: PlannedTraining) -> tuple[int, float, tuple[int, float, int], PlannedTraining]:
        first = learners.first(training.person_id, training.skill) or {}
        days = min((each.days for each in offers if each.leads_to(training)), default=0.0)
        return (
            len(first.keys() & skills[training.person_id]),
            days,
            learners.order(training.person_id, training.skill),
            training,
        )

    return sorted(planned, key=key)


class _Planner:
    """Days and places that earlier steps have taken."""

    def __init__(
        self,
        offers: Collection[CourseOffer],
        learners: Learners,
        diaries: Mapping[int, Diary],
        lasts: Mapping[str, int],
        today: date,
    ) -> None:
        self.offers, self.learners, self.lasts, self.today = offers, learners, lasts, today
        self.diaries = diaries
        self.busy = {person_id: set(diary.busy) for person_id, diary in diaries.items()}
        self.taken: dict[tuple[int, date], int] = defaultdict(int)
        self.steps: dict[tuple[int, str], PlannedStep] = {}

    def step(self, training: PlannedTraining) -> PlannedStep:
        step = self._planned(training)
        if step.undated is None and not self._holds_until(step):
            step = PlannedStep(training=training, course=step.course, undated=Undated.ENDS_BEFORE)
        if step.starts_on is not None and step.due_on is not None and step.course is not None:
            self.taken[step.course.id, step.starts_on] += not step.is_assigned
            self.busy.setdefault(training.person_id, set()).update(_days(step.starts_on, step.due_on))
        self.steps[training.person_id, training.skill] = step
        return step

    def _planned(self, training: PlannedTraining) -> PlannedStep:
        courses = [each for each in self.offers if each.leads_to(training)]
        first = [
            self.steps.get((training.person_id, needed))
            for needed in self.learners.missing(training.person_id, training.skill)
        ]
        earliest = self.today + DAY
        for before in first:
            if before is None or before.due_on is None:
                return PlannedStep(training=training, course=_shortest(courses), undated=Undated.WAITS)
            earliest = max(earliest, before.due_on + DAY)
        assigned = self.diaries.get(training.person_id, Diary()).assigned
        for course in courses:
            if course.id in assigned:
                return self._assigned(training, course, *assigned[course.id], earliest)
        options = [
            (course.ends_on(starts_on), course.days, course.name, starts_on, course)
            for course in courses
            if (starts_on := self._start(training.person_id, course, earliest)) is not None
        ]
        if not options:
            undated = Undated.NO_DATE if courses else Undated.NO_COURSE
            return PlannedStep(training=training, course=_shortest(courses), undated=undated)
        due_on, _, _, starts_on, course = min(options, key=lambda each: each[:4])
        return PlannedStep(training=training, course=course, starts_on=starts_on, due_on=due_on)

    def _assigned(
        self,
        training: PlannedTraining,
        course: CourseOffer,
        starts_on: date | None,
        due_on: date,
        earliest: date,
    ) -> PlannedStep:
        if due_on <= self.today:
            return PlannedStep(training=training, course=course, is_assigned=True, undated=Undated.OVERDUE)
        return PlannedStep(
            training=training,
            course=course,
            starts_on=starts_on,
            due_on=max(due_on, earliest),
            is_assigned=True,
        )

    def _start(self, person_id: int, course: CourseOffer, earliest: date) -> date | None:
        busy = self.busy.get(person_id, set())
        return next(
            (
                on
                for on in self._dates(course, earliest)
                if busy.isdisjoint(_days(on, course.ends_on(on))) and self._has_place(course, on)
            ),
            None,
        )

    def _dates(self, course: CourseOffer, earliest: date) -> Iterator[date]:
        if course.is_dated:
            yield from (on for on in sorted(course.dates) if on >= earliest)
            return
        on = add_working_days(earliest - DAY, 1)
        while on <= self.today + LOOKED_AHEAD:
            yield on
            on = add_working_days(on, 1)

    def _has_place(self, course: CourseOffer, on: date) -> bool:
        free = course.free.get(on)
        return free is None or self.taken[course.id, on] < free

    def _holds_until(self, step: PlannedStep) -> bool:
        """Whether everything that the skill needs is still held on the day on which it is shown."""
        training, due_on = step.training, step.due_on
        assert due_on is not None
        last_days = self.diaries.get(training.person_id, Diary()).held_until
        for needed in self.learners.needed_for(training.skill):
            before = self.steps.get((training.person_id, needed))
            if before is not None and before.due_on is not None:
                if needed in self.lasts and before.due_on + timedelta(days=self.lasts[needed]) <= due_on:
                    return False
            elif needed in last_days and last_days[needed] <= due_on:
                return False
        return True


def _days(first: date, last: date) -> Iterator[date]:
    """Return the first day and the working days until the last."""
    days = (first + number * DAY for number in range((last - first).days + 1))
    return (on for on in days if on == first or on.weekday() <= FRIDAY)


def _shortest(courses: Sequence[CourseOffer]) -> CourseOffer | None:
    return min(courses, key=lambda each: (each.days, each.name), default=None)
