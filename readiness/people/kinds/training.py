"""Courses, and who was assigned to them: their lists, pages and forms."""

from django.db.models import Q
from rest_framework import serializers

from readiness.people import operations
from readiness.people.forms import AssignTrainingForm, CompleteForm
from readiness.people.kinds.skills import SignedViewSet
from readiness.people.kinds.tabs import declared, standing
from readiness.people.models import Course, Training
from web import clock
from web.kinds import Entry, Related
from web.kinds.columns import figure, related
from web.links import link
from web.rest.lookups import Flag
from web.rest.serializers import BodySerializer
from web.visibility import SEES_NAMES
from web.workflows.endpoints import operated


class CompleteSerializer(BodySerializer):
    completed_at = serializers.DateTimeField(required=False, help_text="By default now.")


class TrainingViewSet(SignedViewSet):
    signed = "assigned_by"
    complete = operated(
        operations.complete, CompleteSerializer, "Write down that it was completed", operations.MAY_COMPLETE
    )


def _standing(training: Training) -> str:
    now = clock.now()
    if training.completed_at is None or training.valid_until is None:
        return "overdue" if training.due_at <= now else "due"
    return "ended" if training.valid_until <= now else "in date"


def _overdue(_key: str) -> Q:
    return Q(completed_at=None, due_at__lte=clock.now())


COURSES = declared(
    Course,
    ("name", "slug", "kind", "domain", "skill", "procedure", "days", "valid_days"),
    (
        *("name", "kind", "domain", "skill"),
        related("procedure", "Procedure", sort="procedure__title"),
        figure("days", "Takes", "days"),
        figure("valid_days", "Valid for", "days"),
    ),
    hidden=("slug",),
    search=("name", "slug", "skill__name", "procedure__title"),
    panel=("kind", "domain", "skill"),
    related=(Related(Training, ("course",), ("person", "due_at", "standing")),),
    hint="What can be learned, and which skill it leads to",
)
TRAININGS = declared(
    Training,
    ("person", "course", "assigned_at", "due_at", "completed_at", "valid_until"),
    (
        *("person", "course", "due_at", "completed_at", "valid_until"),
        standing(_standing, overdue="bad", ended="warn"),
    ),
    hidden=("assigned_at",),
    also=("assigned_by",),
    may=(SEES_NAMES,),
    pages=("list", "detail", "edit", "delete", "bulk", "csv"),
    search=("person__name", "course__name"),
    panel=("course", "overdue"),
    filters={"overdue": Flag(read=_overdue, label="Overdue")},
    viewset=TrainingViewSet,
    entries=(
        Entry(
            url_name="training-assign",
            permissions=(operations.MAY_ASSIGN,),
            heading="Assign training",
            hint="To several people at once",
            form=AssignTrainingForm,
            enter=operations.assign,
            fills=("course", "people", "due_at"),
            done=lambda given: f"{len(given)} people are assigned; whoever had it open keeps that.",
            after=lambda given: link("training-list"),
        ),
        Entry(
            url_name="training-complete",
            on_object=True,
            permissions=(operations.MAY_COMPLETE,),
            heading="Complete",
            form=CompleteForm,
            template="people/step.html",
            initial=lambda training: {"title": f"Complete {training}"},
            enter=operations.complete,
            done="The training is completed.",
            icon="check",
        ),
    ),
    hint="Who is to learn what, and who did",
)
KINDS = (COURSES, TRAININGS)
