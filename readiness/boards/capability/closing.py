"""The trainings that would cover what sites require: for whom, in what, when, and the capacity behind it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, lru_cache

from django.contrib.auth.models import Group

from accounts.models import RoleMembership, User
from inventory.models import DeviceType, Manufacturer, Site
from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure
from readiness.assessment.scoring.core.states import Verdict
from readiness.boards.capability import planning
from readiness.boards.capability.core.schedule import PlannedStep, Undated, scheduled
from readiness.boards.capability.core.solver import TrainingPlan, best_plan
from readiness.boards.capability.core.trainings import Learners, PlannedTraining, Shortfall, ShortSite
from readiness.boards.capability.params import CapabilityQuestion
from readiness.boards.capability.queries import CapabilityStanding
from readiness.golive.worklist import operations as worklist
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.core.on_call import HOUR
from readiness.organisation.people.models import (
    Course,
    Leave,
    Membership,
    Person,
    Qualification,
    Shift,
    Skill,
    SkillPrerequisite,
    Staffing,
    Team,
    Training,
)
from web.cached import CachedAnswer
from web.links import link
from web.units import day, how_many

CHECK = "p3-role-coverage"
"""Work items of a plan are of this check: it passes where every requirement has its number of people."""
LONGEST_NOTE = 2000
_best_plan = lru_cache(maxsize=16)(best_plan)
# Its people of the fleet and the sites held back are its basis. What people have to do counts from the full hour.
_CLOSING: CachedAnswer[None, "CapabilityClosing"] = CachedAnswer(
    "trainings that close the gap",
    models=(
        *(Person, User, RoleMembership, Team, Membership, Staffing, Leave, Assignment),
        *(Skill, SkillPrerequisite, Qualification, Course, Training),
        *(Site, Manufacturer, DeviceType),
    ),
    rows=(Shift, Group),
    grain=HOUR,
    most=16,
)
WHY_UNDATED = {
    Undated.NO_COURSE: "no course leads there",
    Undated.NO_DATE: "no date of a course has a free place while they are there",
    Undated.WAITS: "what it needs first has no date",
    Undated.OVERDUE: "they have the course already, and it is overdue",
    Undated.ENDS_BEFORE: "what it needs first ends before the course does",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLine:
    """People of one team who take the same course to the same level on the same days.

    `names` are theirs, for readers who may see them. `course` is "" where no course leads there; without a date
    `undated` says why. `is_assigned`: they have the course already. `first_for` are the skills that need it first, and
    `helps` the sites that it helps to cover.
    """

    team: str
    skill: str
    level: int
    vendor: str
    names: tuple[str, ...] = ()
    person_ids: tuple[int, ...] = ()
    helps: frozenset[str] = frozenset()
    first_for: tuple[str, ...] = ()
    course: str = ""
    course_id: int | None = None
    days: float | None = None
    starts_on: date | None = None
    due_on: date | None = None
    is_assigned: bool = False
    undated: Undated | None = None

    @property
    def people(self) -> int:
        return len(self.names)

    @property
    def sites(self) -> int:
        return len(self.helps)

    @property
    def subject(self) -> str:
        on = f" on {self.vendor}" if self.vendor else ""
        return f"{self.skill}{on}, level {self.level}" if self.level > 1 else f"{self.skill}{on}"

    @property
    def why_undated(self) -> str:
        return WHY_UNDATED[self.undated] if self.undated else ""

    @property
    def may_be_assigned(self) -> bool:
        return self.course_id is not None and self.due_on is not None and not self.is_assigned

    @property
    def assign_url(self) -> str:
        """The form that assigns the course, filled in as the plan proposes it."""
        proposed = {"course": self.course_id, "people": ",".join(map(str, self.person_ids))}
        if self.starts_on is not None:
            proposed["starts_on"] = self.starts_on.isoformat()
        return link("training-assign", **proposed, due_at=f"{self.due_on} 18:00")

    @property
    def sentence(self) -> str:
        """Name no people: everybody who sees the worklist reads this."""
        whom = f"{how_many(self.people, 'person', 'people')} of {self.team}"
        first = f", first for {' and '.join(self.first_for)}" if self.first_for else ""
        when = f" by {day(self.due_on)}" if self.due_on else f" ({self.why_undated})"
        return f"Train {whom} in {self.subject}{first}{when}."


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
        """When all that has a date can be done; None where nothing has one."""
        return max((line.due_on for line in self.lines if line.due_on), default=None)

    @property
    def undated(self) -> int:
        """Trainings without a date."""
        return sum(line.people for line in self.lines if line.due_on is None)

    @cached_property
    def beyond(self) -> tuple[ShortSite, ...]:
        return tuple(site for site in self.short if not site.is_trainable)

    @cached_property
    def held_capacity(self) -> CapacityFigures:
        return sum((site.capacity for site in self.short), NOTHING)

    def site_lines(self, slug: str) -> tuple[TrainingLine, ...]:
        return tuple(line for line in self.lines if slug in line.helps)


def closing(question: CapabilityQuestion, standing: CapabilityStanding) -> CapabilityClosing:
    """Keep it for each question. Nine statements for people who could learn, and eight for a plan, at most."""
    fleet = standing.fleet
    held_back = tuple(
        (site.ref.id, site.ref.slug, capacity.deployed)
        for site in fleet.sites
        if (capacity := fleet.capacity[site.ref.id]).deployed != NOTHING
        and capacity.verdict is not Verdict.READY
    )
    return _CLOSING.value(
        lambda: _closing(question, held_back, standing.people.covered, now=fleet.at),
        key=(question.site and question.site.pk, question.region and question.region.pk, question.measure,
             question.trainings),
        basis=(standing.people, held_back),
        now=fleet.at,
    )  # fmt: skip


def _closing(
    question: CapabilityQuestion,
    held_back: Iterable[tuple[int, str, CapacityFigures]],
    covered: Mapping[int, SiteCoverage],
    *,
    now: datetime,
) -> CapabilityClosing:
    short = tuple(
        ShortSite(slug, deployed, shortfalls)
        for site_id, slug, deployed in held_back
        if (of_site := covered.get(site_id)) and (shortfalls := _shortfalls(of_site))
    )
    candidates = {each for site in short for shortfall in site.shortfalls for each in shortfall.candidates}
    skills = {shortfall.skill for site in short for shortfall in site.shortfalls}
    people = planning.learning_people(candidates, skills, now=now) if candidates else planning.NOBODY
    able = tuple(_who_can_learn(site, people) for site in short)
    plan = _best_plan(able, question.trainings, question.measure, people.learners)
    return CapabilityClosing(
        measure=question.measure,
        trainings=question.trainings,
        plan=plan,
        everything=_best_plan(able, None, question.measure, people.learners),
        short=able,
        lines=_lines(plan, people, now=now) if plan.trainings else (),
    )


def _shortfalls(coverage: SiteCoverage) -> tuple[Shortfall, ...]:
    return tuple(
        Shortfall(
            skill=each.requirement.skill,
            manufacturer=each.requirement.vendor,
            short=each.requirement.people - len(each.qualified),
            candidates=coverage.assigned - each.qualified - each.exempt,
            level=each.requirement.level,
        )
        for each in coverage.requirements
        if each.is_short
    )


def _who_can_learn(site: ShortSite, people: planning.LearningPeople) -> ShortSite:
    """The same site without candidates who leave, or who could never learn what is needed first."""
    shortfalls = (
        replace(each, candidates=people.learners.able(each.skill, each.candidates - people.leaving))
        for each in site.shortfalls
    )
    return replace(site, shortfalls=tuple(shortfalls))


def _lines(plan: TrainingPlan, people: planning.LearningPeople, *, now: datetime) -> tuple[TrainingLine, ...]:
    skills = planning.skills_named({training.skill for training in plan.trainings})
    person_ids = {training.person_id for training in plan.trainings}
    steps = scheduled(
        plan.trainings,
        planning.course_offers(skills, today=now.date()),
        people.learners,
        planning.diaries(person_ids, people, now=now),
        lasts={skill: days for skill, (_, days) in skills.items() if days},
        today=now.date(),
    )
    names, makers = _names(plan), dict(Manufacturer.objects.values_list("slug", "name"))
    helps, first_for = _purposes(plan, people.learners)
    alike: dict[TrainingLine, list[PlannedTraining]] = defaultdict(list)
    for step in steps:
        training = step.training
        line = _line(step, team=names[training.person_id][1], skill=skills[training.skill][0], makers=makers)
        needing = tuple(sorted(skills[skill][0] for skill in first_for[training]))
        alike[replace(line, first_for=needing)].append(training)
    lines = []
    for line, trainings in alike.items():
        people_of_line = sorted((names[training.person_id][0], training.person_id) for training in trainings)
        lines.append(
            replace(
                line,
                names=tuple(name for name, _ in people_of_line),
                person_ids=tuple(person_id for _, person_id in people_of_line),
                helps=frozenset().union(*(helps[training] for training in trainings)),
            )
        )
    return tuple(
        sorted(
            lines,
            key=lambda line: (line.due_on or date.max, line.team, line.subject, line.course, line.names),
        )
    )


def _line(step: PlannedStep, *, team: str, skill: str, makers: Mapping[str, str]) -> TrainingLine:
    course = step.course
    return TrainingLine(
        team=team,
        skill=skill,
        level=step.training.level,
        vendor=makers.get(step.training.manufacturer, ""),
        course=course.name if course else "",
        course_id=course.id if course else None,
        days=course.days if course else None,
        starts_on=step.starts_on if course and course.is_dated else None,
        due_on=step.due_on,
        is_assigned=step.is_assigned,
        undated=step.undated,
    )


def _purposes(
    plan: TrainingPlan, learners: Learners
) -> tuple[dict[PlannedTraining, frozenset[str]], dict[PlannedTraining, frozenset[str]]]:
    """Return the sites that each training helps, itself or as what another needs first, and the skills that need it."""
    by_person: dict[int, list[PlannedTraining]] = defaultdict(list)
    for training in plan.trainings:
        by_person[training.person_id].append(training)
    direct = {
        training: frozenset(site.site for site in plan.covered if site.helped_by([training]))
        for training in plan.trainings
    }
    helps, first_for = dict(direct), dict[PlannedTraining, frozenset[str]]()
    for person_id, trainings in by_person.items():
        for training in trainings:
            others = [
                each for each in trainings if training.skill in (learners.first(person_id, each.skill) or ())
            ]
            helps[training] = direct[training].union(*(direct[each] for each in others))
            first_for[training] = frozenset(each.skill for each in others)
    return helps, first_for


def _names(plan: TrainingPlan) -> dict[int, tuple[str, str]]:
    """Names of people and of the first of their teams that staffs one of the sites."""
    rows = Membership.objects.filter(
        person__in={training.person_id for training in plan.trainings},
        team__staffings__site__slug__in=[site.site for site in plan.covered],
    ).order_by("-team__name", "person")
    return {
        person_id: (name, team)
        for person_id, name, team in rows.values_list("person_id", "person__name", "team__name")
    }


def put_on_worklist(outcome: CapabilityClosing, *, by: User, now: datetime) -> int:
    """Add an item for each site of the plan whose check is not on the list yet, with its own lines and the date by
    which these can be done, if all of them have one; returns how many.

    Raises MissingPermission, ValidationError.
    """
    sites = {
        site.slug: site for site in Site.objects.filter(slug__in=[each.site for each in outcome.plan.covered])
    }
    alike: dict[tuple[str, date | None], list[Site]] = defaultdict(list)
    for slug in sorted(sites):
        lines = outcome.site_lines(slug)
        note = " ".join(line.sentence for line in lines)[:LONGEST_NOTE]
        alike[note, latest(line.due_on for line in lines)].append(sites[slug])
    return sum(
        worklist.add_many([(site, CHECK) for site in sites], note=note, due_on=due_on, by=by, now=now)
        for (note, due_on), sites in alike.items()
    )


def latest(days: Iterable[date | None]) -> date | None:
    """Return None where one of the days is unknown, or there are none."""
    due_days = list(days)
    return None if None in due_days else max((each for each in due_days if each), default=None)
