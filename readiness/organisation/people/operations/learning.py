"""Learning and showing skills: training, drills, what somebody is qualified for no more, and the starting set."""

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from readiness.organisation.people.models import (
    CapabilityRule,
    Course,
    Drill,
    Person,
    Qualification,
    Skill,
    SkillPrerequisite,
    Training,
)
from web import yaml_documents
from web.database_refusals import refusal
from web.workflows import require

MAY_ASSIGN, MAY_COMPLETE = "people.add_training", "people.change_training"
MAY_REVOKE = "people.change_qualification"
MAY_LOAD = ("people.add_skill", "people.add_capabilityrule", "people.add_course")
STARTING_SET = Path(__file__).parent.parent / "data" / "starting_set.yaml"


@transaction.atomic
def assign(
    course: Course,
    *,
    people: Collection[Person],
    due_at: datetime,
    starts_on: date | None = None,
    by: User,
    now: datetime,
) -> list[Training]:
    """Give these people a course to complete by then, on one of its dates if it has any. Whoever has it open already
    keeps that, with its own due date.

    Raises MissingPermission, and ValidationError by field: nobody, a due date that is over, a date without a place.
    """
    require(by, MAY_ASSIGN)
    if not people:
        raise ValidationError({"people": ["Choose somebody."]})
    if due_at <= now:
        raise ValidationError({"due_at": ["This time is over."]})
    open_already = Training.objects.filter(course=course, completed_at=None, person__in=people)
    having = set(open_already.values_list("person_id", flat=True))
    trainings = [
        Training(
            person=person, course=course, assigned_at=now, due_at=due_at, starts_on=starts_on, assigned_by=by
        )
        for person in sorted(people, key=lambda person: person.pk)
        if person.pk not in having
    ]
    try:
        with transaction.atomic():
            return Training.objects.bulk_create(trainings)
    except IntegrityError as error:  # The date has no place left, or the course does not begin on it.
        raise ValidationError(dict(refusal(error))) from error


@transaction.atomic
def complete(
    training: Training, *, completed_at: datetime | None = None, by: User, now: datetime
) -> Training:
    """Write down that it was completed, now or earlier; it is valid for as long as its course says.

    Raises MissingPermission, and ValidationError: it was completed before, or the time lies ahead.
    """
    require(by, MAY_COMPLETE)
    locked = Training.objects.select_for_update().get(pk=training.pk)
    if locked.completed_at is not None:
        raise ValidationError("This training is completed already.")
    if completed_at is not None and completed_at > now:
        raise ValidationError({"completed_at": ["This time lies ahead."]})
    locked.completed_at = completed_at or now
    locked.save(update_fields=["completed_at", "valid_until"])
    locked.refresh_from_db(fields=["valid_until"])
    return locked


@transaction.atomic
def enter_result(drill: Drill, *, result: str, held_at: datetime, by: User, now: datetime) -> Drill:
    """Raises MissingPermission, and ValidationError for a drill that is still to come."""
    require(by, "people.change_drill")
    if held_at > now:
        raise ValidationError({"held_at": ["A drill has a result once it was held."]})
    locked = Drill.objects.select_for_update().get(pk=drill.pk)
    locked.result, locked.held_at = result, held_at
    locked.full_clean()
    locked.save(update_fields=["result", "held_at"])
    return locked


@transaction.atomic
def revoke(qualification: Qualification, *, reason: str, by: User, now: datetime) -> Qualification:
    """End a qualification before its time. Raises MissingPermission, and ValidationError: it ended already."""
    require(by, MAY_REVOKE)
    locked = Qualification.objects.select_for_update().get(pk=qualification.pk)
    if locked.revoked_at is not None:
        raise ValidationError("This qualification was revoked already.")
    locked.revoked_at, locked.revoked_for = now, reason
    locked.full_clean()
    locked.save(update_fields=["revoked_at", "revoked_for"])
    return locked


@transaction.atomic
def load_starting_set(*, by: User, now: datetime) -> int:
    """Add the skills, rules and courses that come with Muster and are not there yet; return how many were added.

    What is there stays as it is, changed or not. Raises MissingPermission.
    """
    for permission in MAY_LOAD:
        require(by, permission)
    shipped = yaml_documents.read(STARTING_SET.read_text(encoding="utf-8"))
    before = _count()
    _add(Skill, shipped["skills"])
    skills = {skill.slug: skill for skill in Skill.objects.all()}
    needs = [
        SkillPrerequisite(skill=skills[needing], needed=skills[needed])
        for needing, needed in shipped["prerequisites"].items()
    ]
    SkillPrerequisite.objects.bulk_create(needs, ignore_conflicts=True)
    for model in (CapabilityRule, Course):
        rows = shipped[str(model._meta.verbose_name_plural)]
        _add(model, [row | {"skill": skills.get(row.get("skill"))} for row in rows])
    return _count() - before


def _count() -> int:
    return sum(model._default_manager.count() for model in (Skill, CapabilityRule, Course))


def _add(model: Any, rows: list[dict[str, Any]]) -> None:
    model.objects.bulk_create([model(**row) for row in rows], ignore_conflicts=True)
