"""Who is to learn what, and who did."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.people.models import Course, Person, Training
from web.workflows import require

MAY_ASSIGN = "people.add_training"
MAY_COMPLETE = "people.change_training"


@transaction.atomic
def assign(
    course: Course, *, people: Collection[Person], due_at: datetime, by: User, now: datetime
) -> list[Training]:
    """Give these people a course to complete by then. Whoever has it open already keeps that, with its own due date.

    Raises MissingPermission, and ValidationError by field: nobody, or a due date that is over.
    """
    require(by, MAY_ASSIGN)
    if not people:
        raise ValidationError({"people": ["Choose somebody."]})
    if due_at <= now:
        raise ValidationError({"due_at": ["This time is over."]})
    having = set(
        Training.objects.filter(course=course, completed_at=None, person__in=people).values_list(
            "person_id", flat=True
        )
    )
    return Training.objects.bulk_create(
        Training(person=person, course=course, assigned_at=now, due_at=due_at, assigned_by=by)
        for person in sorted(people, key=lambda person: person.pk)
        if person.pk not in having
    )


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
