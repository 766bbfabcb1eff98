"""The trainings that would cover what sites require: for whom, in what, until when, and the capacity behind it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache

from accounts.models import User
from inventory.models import Manufacturer, Site
from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure
from readiness.assessment.scoring.core.states import Verdict
from readiness.boards.capability.core import (
    PlannedTraining,
    Shortfall,
    ShortSite,
    TrainingPlan,
    add_working_days,
    best_plan,
)
from readiness.boards.capability.params import CapabilityQuestion
from readiness.boards.capability.queries import CapabilityStanding
from readiness.golive.worklist import operations as worklist
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.models import Course, Membership
from web.units import day, how_many

CHECK = "p3-role-coverage"
"""Work items of a plan are of this check: it passes where every requirement has its number of people."""
LONGEST_NOTE = 2000
NO_COURSE: tuple[str, float | None] = ("", None)
_best_plan = lru_cache(maxsize=16)(best_plan)


@dataclass(frozen=True, slots=True)
class TrainingLine:
    """People of one team who learn the same. `names` are theirs, for readers who may see them; `course` is "" and
    `due_on` None where no course leads to the skill."""

    team: str
    skill: str
    vendor: str
    names: tuple[str, ...]
    sites: int
    course: str
    days: float | None
    due_on: date | None

    @property
    def people(self) -> int:
        return len(self.names)

    @property
    def subject(self) -> str:
        return f"{self.skill} on {self.vendor}" if self.vendor else self.skill

    @property
    def sentence(self) -> str:
        """Name no people: everybody who sees the worklist reads this."""
        whom = f"{how_many(self.people, 'person', 'people')} of {self.team}"
        return f"Train {whom} in {self.subject}" + (f" by {day(self.due_on)}." if self.due_on else ".")


@dataclass(frozen=True)
class CapabilityClosing:
    """`short` sites lack people, and are held back as long as they do; those beyond training have too few people.
    `everything` is the plan for all the others together."""

    measure: CapacityMeasure
    trainings: int
    plan: TrainingPlan
    everything: TrainingPlan
    short: tuple[ShortSite, ...]
    lines: tuple[TrainingLine, ...]

    @property
    def due_on(self) -> date | None:
        """When all of it can be done; None where that of a line is unknown."""
        return _latest(line.due_on for line in self.lines)

    @cached_property
    def beyond(self) -> tuple[ShortSite, ...]:
        return tuple(site for site in self.short if not site.is_trainable)

    @cached_property
    def held_capacity(self) -> CapacityFigures:
        return sum((site.capacity for site in self.short), NOTHING)

    @property
    def note(self) -> str:
        return " ".join(line.sentence for line in self.lines)[:LONGEST_NOTE]


def closing(question: CapabilityQuestion, standing: CapabilityStanding) -> CapabilityClosing:
    """Three statements at most."""
    fleet, covered = standing.fleet, standing.people.covered
    short = tuple(
        ShortSite(site.ref.slug, capacity.deployed, shortfalls)
        for site in fleet.sites
        if (capacity := fleet.capacity[site.ref.id]).deployed != NOTHING
        and capacity.verdict is not Verdict.READY
        and (of_site := covered.get(site.ref.id))
        and (shortfalls := _shortfalls(of_site))
    )
    plan = _best_plan(short, question.trainings, question.measure)
    return CapabilityClosing(
        measure=question.measure,
        trainings=question.trainings,
        plan=plan,
        everything=_best_plan(short, None, question.measure),
        short=short,
        lines=_lines(plan, covered.values(), now=fleet.at),
    )


def _shortfalls(coverage: SiteCoverage) -> tuple[Shortfall, ...]:
    return tuple(
        Shortfall(
            skill=each.requirement.skill,
            manufacturer=each.requirement.vendor,
            short=each.requirement.people - len(each.qualified),
            candidates=coverage.assigned - each.qualified - each.exempt,
        )
        for each in coverage.requirements
        if each.is_short
    )


def _lines(plan: TrainingPlan, covered: Iterable[SiteCoverage], *, now: datetime) -> tuple[TrainingLine, ...]:
    if not plan.trainings:
        return ()
    skills = {
        each.requirement.skill: each.requirement.skill_name for site in covered for each in site.requirements
    }
    courses = _courses({training.skill for training in plan.trainings})
    people = _people(plan)
    makers = dict(Manufacturer.objects.values_list("slug", "name"))
    due = _due(plan.trainings, courses, now.date())
    alike: dict[tuple[str, str, str], list[PlannedTraining]] = defaultdict(list)
    for training in plan.trainings:
        alike[people[training.person_id][1], training.skill, training.manufacturer].append(training)
    return tuple(
        TrainingLine(
            team=team,
            skill=skills[skill],
            vendor=makers.get(maker, ""),
            names=tuple(sorted(people[training.person_id][0] for training in trainings)),
            sites=sum(site.helped_by(trainings) for site in plan.covered),
            course=courses.get(skill, NO_COURSE)[0],
            days=courses.get(skill, NO_COURSE)[1],
            due_on=_latest(due[training] for training in trainings),
        )
        for (team, skill, maker), trainings in sorted(alike.items())
    )


def _latest(days: Iterable[date | None]) -> date | None:
    """Return None where one of the days is unknown, or there are none."""
    due_days = list(days)
    return None if None in due_days else max((each for each in due_days if each), default=None)


def _courses(skills: Collection[str]) -> dict[str, tuple[str, float | None]]:
    """The shortest that leads to each skill."""
    rows = Course.objects.filter(skill__slug__in=skills).order_by("-days", "-name")
    return {skill: (name, days) for skill, name, days in rows.values_list("skill__slug", "name", "days")}


def _people(plan: TrainingPlan) -> dict[int, tuple[str, str]]:
    """Names of people and of the first of their teams that staffs one of the sites."""
    rows = Membership.objects.filter(
        person__in={training.person_id for training in plan.trainings},
        team__staffings__site__slug__in=[site.site for site in plan.covered],
    ).order_by("-team__name", "person")
    return {
        person_id: (name, team)
        for person_id, name, team in rows.values_list("person_id", "person__name", "team__name")
    }


def _due(
    trainings: Iterable[PlannedTraining], courses: Mapping[str, tuple[str, float | None]], today: date
) -> dict[PlannedTraining, date | None]:
    """A person attends one course after the other, from the next working day on, the shortest first."""
    taken: dict[int, float] = defaultdict(float)
    due: dict[PlannedTraining, date | None] = {}
    lasts = {training: courses.get(training.skill, NO_COURSE)[1] for training in trainings}
    for training, days in sorted(lasts.items(), key=lambda each: (each[1] or 0.0, each[0])):
        taken[training.person_id] += days or 0.0
        due[training] = add_working_days(today, taken[training.person_id]) if days is not None else None
    return due


def put_on_worklist(outcome: CapabilityClosing, *, by: User, now: datetime) -> int:
    """Add an item for each site of the plan whose check is not on the list yet; returns how many.

    Raises MissingPermission, ValidationError.
    """
    sites = Site.objects.filter(slug__in=[site.site for site in outcome.plan.covered]).order_by("pk")
    return worklist.add_many(
        [(site, CHECK) for site in sites], note=outcome.note, due_on=outcome.due_on, by=by, now=now
    )
