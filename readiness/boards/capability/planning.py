"""The rows that a training plan rests on: people who could learn, what they hold and have to do, dates of courses."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Sum
from django.db.models.functions import Greatest

from readiness.boards.capability.core.schedule import LOOKED_AHEAD, CourseOffer, Diary, add_working_days
from readiness.boards.capability.core.trainings import Learner, Learners
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.core.on_call import MONTH, OVERLOAD, full_hour
from readiness.organisation.people.facts import holders_of
from readiness.organisation.people.models import (
    Course,
    Leave,
    Person,
    Shift,
    Skill,
    SkillPrerequisite,
    Training,
)

LASTING = timedelta(days=90)
"""A prerequisite that ends within this time is learned anew."""
SHIFT_HOURS = 12
"""So many hours on call weigh as much as an item that somebody answers for, or a course to complete."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class LearningPeople:
    """`held_until` is the last day of what lasts, by person and skill, if it ends. `leaving` are no candidates."""

    learners: Learners
    held_until: Mapping[int, Mapping[str, date]]
    leaving: frozenset[int]


NOBODY = LearningPeople(Learners(), {}, frozenset())


def learning_people(person_ids: Collection[int], skills: Collection[str], *, now: datetime) -> LearningPeople:
    """Read what these people hold and have to do, for learning these skills. Eight statements."""
    prerequisites = tuple(
        SkillPrerequisite.objects.order_by("skill__slug", "needed__slug").values_list(
            "skill__slug", "needed__slug", "level"
        )
    )
    holds, until, near = _held(person_ids, skills, now)
    people = Person.objects.filter(pk__in=person_ids)
    managers = set(people.filter(user__groups__name="manager").values_list("pk", flat=True))
    leaving = frozenset(people.exclude(left_at=None).values_list("pk", flat=True))
    loads = _loads(person_ids, full_hour(now))
    limit = (1 + OVERLOAD) * sum(loads.values()) / max(len(person_ids), 1)
    learners = tuple(
        Learner(
            person_id,
            tuple(sorted(holds[person_id].items())) if person_id in holds else (),
            weight=2 * (person_id in managers) + (loads[person_id] > limit),
            load=loads[person_id],
            near=tuple(sorted(near[person_id].items())) if person_id in near else (),
        )
        for person_id in sorted(person_ids)
    )
    return LearningPeople(Learners(learners, prerequisites), until, leaving)


type Held = tuple[dict[int, dict[str, int]], dict[int, dict[str, date]], dict[int, dict[str, int]]]


def _held(person_ids: Collection[int], skills: Collection[str], now: datetime) -> Held:
    """Return the highest level that lasts, until when if it ends, and how near people are, by person and skill."""
    rows = list(Skill.objects.values_list("pk", "slug", "domain"))
    slugs = {pk: slug for pk, slug, _ in rows}
    of_domain: dict[str, list[str]] = defaultdict(list)
    for _, slug, domain in rows:
        if slug in skills:
            of_domain[domain].append(slug)
    lasting: dict[tuple[int, str], list[tuple[int, datetime]]] = defaultdict(list)
    near: dict[int, dict[str, int]] = defaultdict(dict)
    for holder in holders_of(person_ids, now=now):
        if holder.begins_at > now:
            continue
        slug, ends_at = slugs[holder.skill_id], holder.until or datetime.max.replace(tzinfo=now.tzinfo)
        if ends_at > now + LASTING:
            lasting[holder.person_id, slug].append((holder.level, ends_at))
        for other in of_domain.get(holder.domain, ()):
            near[holder.person_id].setdefault(other, 1)
        if slug in skills:
            near[holder.person_id][slug] = 0
    holds: dict[int, dict[str, int]] = defaultdict(dict)
    until: dict[int, dict[str, date]] = defaultdict(dict)
    for (person_id, skill), levels in lasting.items():
        level, ends_at = max(levels)
        holds[person_id][skill] = level
        until[person_id][skill] = ends_at.date()
    return holds, until, near


def _loads(person_ids: Collection[int], now: datetime) -> Counter[int]:
    """Count what people answer for, courses that they have to complete, and hours on call within 30 days."""
    loads = Counter[int]()
    answered = Assignment.objects.only_in_force(now).filter(accountable__in=person_ids)
    learning = Training.objects.filter(completed_at=None, person__in=person_ids)
    for rows, key in ((answered, "accountable_id"), (learning, "person_id")):
        loads.update(dict(rows.order_by().values_list(key).annotate(Count("pk"))))
    shifts = Shift.objects.overlapping(now, now + MONTH).filter(person__in=person_ids).order_by()
    on_call = Sum(F("ends_at") - Greatest(F("starts_at"), now))
    hours = shifts.values_list("person_id").annotate(on_call=on_call)
    for person_id, time_on_call in hours:
        loads[person_id] += time_on_call / timedelta(hours=SHIFT_HOURS)
    return loads


def course_offers(skills: Collection[str], *, today: date) -> tuple[CourseOffer, ...]:
    """Two statements."""
    courses = Course.objects.filter(skill__slug__in=skills).select_related("skill", "manufacturer")
    seats = Training.objects.filter(course__skill__slug__in=skills, starts_on__gt=today).order_by()
    seats_taken = {
        tuple(key): count for *key, count in seats.values_list("course", "starts_on").annotate(Count("pk"))
    }
    return tuple(
        CourseOffer(
            id=course.pk,
            name=course.name,
            skill=course.skill.slug,
            level=course.level,
            manufacturer=course.manufacturer.slug if course.manufacturer else "",
            days=course.days,
            is_dated=bool(course.dates),
            dates=tuple(sorted(on for on in course.dates if on > today)),
            free={
                on: None if course.places is None else course.places - seats_taken.get((course.pk, on), 0)
                for on in course.dates
            },
        )
        for course in courses.order_by("name", "pk")
        if course.skill is not None
    )


def diaries(person_ids: Collection[int], people: LearningPeople, *, now: datetime) -> dict[int, Diary]:
    """Three statements. Days of leave are days in the zone of the person."""
    zones = {
        person_id: ZoneInfo(name)
        for person_id, name in Person.objects.filter(pk__in=person_ids).values_list("pk", "time_zone")
    }
    busy: dict[int, set[date]] = defaultdict(set)
    leave = Leave.objects.filter(
        person__in=person_ids, ends_at__gt=now, starts_at__lt=now + LOOKED_AHEAD
    ).order_by()
    for person_id, starts_at, ends_at in leave.values_list("person_id", "starts_at", "ends_at"):
        last = (
            (min(ends_at, now + 2 * LOOKED_AHEAD) - timedelta(microseconds=1))
            .astimezone(zones[person_id])
            .date()
        )
        busy[person_id].update(_days(max(starts_at, now).astimezone(zones[person_id]).date(), last))
    assigned: dict[int, dict[int, tuple[date | None, date]]] = defaultdict(dict)
    waiting = Training.objects.filter(person__in=person_ids, completed_at=None).order_by()
    for person_id, course_id, days, starts_on, due_at in waiting.values_list(
        "person_id", "course_id", "course__days", "starts_on", "due_at"
    ):
        assigned[person_id][course_id] = starts_on, due_at.astimezone(zones[person_id]).date()
        if starts_on is not None:
            busy[person_id].update(_days(starts_on, add_working_days(starts_on - DAY, days)))
    return {
        person_id: Diary(
            frozenset(busy.get(person_id, ())),
            assigned.get(person_id, {}),
            people.held_until.get(person_id, {}),
        )
        for person_id in person_ids
    }


def _days(first: date, last: date) -> Iterable[date]:
    return (first + number * DAY for number in range((last - first).days + 1))


def skills_named(slugs: Collection[str]) -> dict[str, tuple[str, int | None]]:
    """Names of skills, and the days for which a qualification holds. One statement."""
    rows = Skill.objects.filter(slug__in=slugs)
    return {slug: (name, days) for slug, name, days in rows.values_list("slug", "name", "valid_days")}
