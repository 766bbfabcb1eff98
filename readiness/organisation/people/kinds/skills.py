"""Skills, qualifications, exemptions, training, and rules of what is required: their lists, pages and forms."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from inventory.api import InventorySerializer
from readiness.organisation.people import models, operations
from readiness.organisation.people.core.coverage import EXPIRING
from readiness.organisation.people.forms import (
    ApproveForm,
    AssignTrainingForm,
    CapabilityRuleForm,
    CompleteForm,
    ConfirmForm,
    ExemptionForm,
    NotAssessedForm,
    PlainStepForm,
    RevokeForm,
    SkillForm,
    StartingSetForm,
)
from readiness.organisation.people.kinds.tabs import declared, standing_column
from readiness.organisation.people.models.skills import SUBJECT_VALUES
from readiness.organisation.people.operations import confirming
from web import clock, kinds
from web.kinds import Related
from web.kinds.columns import figure, plain, related
from web.links import link
from web.rest.lookups import Flag
from web.rest.serializers import BodySerializer
from web.rest.viewsets import ObjectViewSet
from web.tables import Column
from web.units import day
from web.visibility import SEES_NAMES, name_of
from web.workflows import second
from web.workflows.approvals import ApprovedSerializer, FlagsField, rests_on
from web.workflows.endpoints import endpoint, operated


class SignedViewSet(ObjectViewSet):
    """Writes down in the field `signed` of a new object who entered it."""

    signed = ""

    def perform_create(self, serializer: Any) -> None:
        serializer.save(**{self.signed: self.request.user})


class ExemptionViewSet(SignedViewSet):
    signed = "granted_by"

    def get_queryset(self) -> QuerySet[models.SkillExemption]:
        return super().get_queryset().annotate(approval_flags=second.flags_of(models.SkillExemption))

    approve = endpoint(confirming.approve)


class RevokeSerializer(BodySerializer):
    reason = serializers.ChoiceField(choices=models.Qualification.RevokedFor.choices)


class RevocableViewSet(ObjectViewSet):
    def get_queryset(self) -> QuerySet[models.Qualification]:
        return super().get_queryset().annotate(approval_flags=second.flags_of(models.Qualification))

    confirm = endpoint(confirming.confirm)
    refuse = endpoint(confirming.refuse)
    revoke = operated(
        operations.revoke, RevokeSerializer, "End a qualification before its time", operations.MAY_REVOKE
    )


class CompleteSerializer(BodySerializer):
    completed_at = serializers.DateTimeField(required=False, help_text="By default now.")


class TrainingViewSet(SignedViewSet):
    signed = "assigned_by"
    complete = operated(
        operations.complete, CompleteSerializer, "Write down that it was completed", operations.MAY_COMPLETE
    )


class QualificationSerializer(InventorySerializer):
    approval_flags = FlagsField()


def step_entry(step: Any, url_name: str, form: type[PlainStepForm], **more: Any) -> kinds.Entry:
    """A step as a button on the object's page, for those who may take it now."""
    return kinds.Entry(
        url_name=url_name,
        address=f"{step.name}/",
        on_object=True,
        permissions=step.any_of,
        heading=form.submit,
        form=form,
        template="people/step.html",
        initial=lambda obj: {"title": f"{form.submit}: {obj}"},
        when=lambda obj, user: step.follows(obj, clock.now()) and not step.why_not(obj, user),
        enter=step,
        **more,
    )


def _standing(row: models.Qualification) -> str:
    now = clock.now()
    if row.revoked_at is not None:
        return "revoked"
    if row.shown_at > now:
        return "not yet"
    if row.confirmed_at is None:
        return "declared"
    return "ended" if row.valid_until is not None and row.valid_until <= now else "in force"


def _confirmation(row: models.Qualification) -> str:
    """Who confirmed it, or why it does not count."""
    if row.confirmed_at is not None:
        return f"confirmed by {name_of(row.confirmed_by)}" if row.confirmed_by else "confirmed by the upgrade"
    if row.assessed_by is None:
        return "does not count: nobody is named who assessed it"
    if row.assessed_by.user is None:
        return "does not count: its assessor has no account"
    if row.assessed_by.user_id == row.entered_by_id:
        return "does not count: its assessor entered it, and somebody else must"
    return f"waits for {name_of(row.assessed_by)}"


def _approval(row: models.SkillExemption) -> str:
    if row.approved_at is None:
        return "waits for a second person"
    words = f"approved by {name_of(row.approved_by)}" if row.approved_by else "approved by the upgrade"
    return f"{words}, cut to a year" if row.was_until and row.was_until != row.ends_at else words


def _expiring(_key: str) -> Q:
    now = clock.now()
    return Q(valid_until__gt=now, valid_until__lte=now + EXPIRING, revoked_at=None)


SKILLS = declared(
    models.Skill,
    ("name", "slug", "domain", "description", "levels", "valid_days"),
    (
        *("name", "domain"),
        Column("levels", "Levels", value=lambda skill: "; ".join(skill.levels), phone="full"),
        figure("valid_days", "Valid for", "days"),
        "description",
    ),
    hidden=("slug",),
    search=("name", "slug", "description"),
    panel=("domain",),
    form=SkillForm,
    related=(
        Related(models.CapabilityRule, ("skill",), ("name", "subject", "people")),
        Related(models.SkillPrerequisite, ("skill",), ("needed", "level")),
        Related(models.Course, ("skill",), ("name", "days")),
        Related(models.Qualification, ("skill",), ("person", "level", "device_type", "standing")),
    ),
    entries=(
        kinds.Entry(
            url_name="starting-set",
            address="starting-set/",
            permissions=operations.MAY_LOAD,
            heading="Load the starting set",
            hint="Seven skills, the rules that require them, and the courses that teach them",
            form=StartingSetForm,
            enter=operations.load_starting_set,
            done=lambda count: f"{count} skills, rules and courses are added.",
            after=lambda count: link("skill-list"),
        ),
    ),
    hint="What people can do, in levels",
    empty="A rule asks for people of a skill; a qualification says who has it.",
)
PREREQUISITES = declared(
    models.SkillPrerequisite,
    ("skill", "needed", "level"),
    ("skill", related("needed", "Needs"), figure("level", "At level")),
    search=("skill__name", "needed__name"),
    panel=("skill", "needed"),
    serializer=InventorySerializer,
    together=("needed", "level"),
    hint="Which skill comes before which",
)


def _value(rule: models.CapabilityRule) -> str:
    if rule.value:
        return SUBJECT_VALUES.get(rule.subject, {}).get(rule.value, rule.value)
    return "" if rule.subject == models.CapabilityRule.Subject.SITE else "each that is found"


RULES = declared(
    models.CapabilityRule,
    ("name", "slug", "subject", "value", "skill", "level", "people", "per_shift", "is_in_force"),
    (
        "name",
        plain("subject", "Asks about"),
        plain("value", "Value", text=_value),
        *("skill", "level", "people"),
        figure("per_shift", "Per shift"),
        plain("is_in_force", "In force", phone="status"),
        "version",
    ),
    hidden=("slug",),
    also=("version",),
    search=("name", "slug", "value", "skill__name"),
    panel=("subject", "skill", "is_in_force"),
    form=CapabilityRuleForm,
    serializer=InventorySerializer,
    together=("subject", "value", "skill", "level"),
    hint="Which skills the installed equipment requires",
    then="Every site that is staffed is evaluated again.",
    empty="Without a rule no site requires anybody. Load the starting set from the list of skills.",
)
QUALIFICATIONS = declared(
    models.Qualification,
    (
        *("person", "skill", "level", "basis", "device_type", "assessed_by", "evidence"),
        *("shown_at", "valid_until"),
    ),
    (
        *("person", "skill", "level", "basis"),
        related("device_type", "Shown on", sort="device_type__model"),
        *("shown_at", "valid_until"),
        standing_column(_standing, revoked="bad", ended="warn", declared="warn", **{"not yet": "unknown"}),
        Column("confirmation", "Confirmation", _confirmation, phone="full"),
        rests_on(),
    ),
    hidden=("assessed_by", "evidence"),
    also=("revoked_at", "revoked_for", "entered_by", "confirmed_by", "confirmed_at", "approval_flags"),
    rows=models.Qualification.objects.select_related(
        *("person", "skill", "device_type", "assessed_by__user", "entered_by", "confirmed_by")
    ).annotate(approval_flags=second.flags_of(models.Qualification)),
    may=(SEES_NAMES,),
    search=("person__name", "skill__name", "evidence"),
    panel=("skill", "basis", "ends_soon", "confirmed"),
    serializer=QualificationSerializer,
    together=("skill", "level"),
    filters={
        "ends_soon": Flag(read=_expiring, label="Ends within 30 days"),
        "confirmed": Flag(read=lambda _key: Q(confirmed_at__isnull=False), label="Confirmed"),
    },
    viewset=RevocableViewSet,
    entries=(
        kinds.Entry(
            url_name="qualification-revoke",
            on_object=True,
            permissions=(operations.MAY_REVOKE,),
            heading="Revoke",
            form=RevokeForm,
            when=lambda qualification, user: qualification.revoked_at is None,
            template="people/step.html",
            initial=lambda qualification: {"title": f"Revoke {qualification}"},
            enter=operations.revoke,
            done="The qualification is revoked.",
            icon="ban",
        ),
        step_entry(
            confirming.confirm,
            "qualification-confirm",
            ConfirmForm,
            done="You confirmed it: the qualification counts from now on.",
            icon="check",
        ),
        step_entry(
            confirming.refuse,
            "qualification-refuse",
            NotAssessedForm,
            done="You did not confirm it: the qualification counts nowhere.",
            icon="ban",
        ),
    ),
    hint="Who showed which skill, on which hardware, and until when that counts; its assessor confirms it first",
)
EXEMPTIONS = declared(
    models.SkillExemption,
    ("person", "skill", "reason", "begins_at", "ends_at"),
    (
        *("person", "skill", "reason"),
        plain("begins_at", "From"),
        plain("ends_at", "Until"),
        Column("approval", "Approval", _approval, phone="full"),
        rests_on(),
    ),
    also=("granted_by", "approved_by", "approved_at", "was_until", "approval_flags"),
    may=(SEES_NAMES,),
    search=("person__name", "skill__name"),
    panel=("skill", "reason", "approved"),
    filters={"approved": Flag(read=lambda _key: Q(approved_at__isnull=False), label="Approved")},
    form=ExemptionForm,
    serializer=ApprovedSerializer,
    viewset=ExemptionViewSet,
    rows=models.SkillExemption.objects.select_related(
        *("person", "skill", "granted_by", "approved_by")
    ).annotate(approval_flags=second.flags_of(models.SkillExemption)),
    entries=(
        step_entry(
            confirming.approve,
            "skill-exemption-approve",
            ApproveForm,
            done="The exemption is approved and counts from now on.",
            icon="check",
        ),
    ),
    hint="Who is neither asked for a skill nor counted for it, for a time; a second person approves it",
    then="It counts once a second person has approved it, and for a year at most.",
)


def _progress(training: models.Training) -> str:
    now = clock.now()
    if training.completed_at is None or training.valid_until is None:
        return "overdue" if training.due_at <= now else "due"
    return "ended" if training.valid_until <= now else "in date"


COURSES = declared(
    models.Course,
    (
        *("name", "slug", "kind", "domain", "skill", "level", "manufacturer", "procedure", "days", "dates"),
        *("places", "valid_days"),
    ),
    (
        *("name", "kind", "domain", "skill"),
        figure("level", "To level"),
        related("manufacturer", "Hardware of"),
        related("procedure", "Procedure", sort="procedure__title"),
        figure("days", "Takes", "days"),
        Column("dates", "Begins on", value=lambda course: ", ".join(map(day, course.dates)), phone="full"),
        "places",
        figure("valid_days", "Valid for", "days"),
    ),
    hidden=("slug", "manufacturer", "places"),
    groups=(
        ("Course", ("name", "slug", "kind", "domain", "procedure")),
        ("What it leads to", ("skill", "level", "manufacturer", "valid_days")),
        ("When", ("days", "dates", "places")),
    ),
    together=("skill", "level"),
    search=("name", "slug", "skill__name", "procedure__title"),
    panel=("kind", "domain", "skill"),
    related=(Related(models.Training, ("course",), ("person", "due_at", "standing")),),
    hint="What can be learned, and which skill it leads to",
)
TRAININGS = declared(
    models.Training,
    ("person", "course", "assigned_at", "starts_on", "due_at", "completed_at", "valid_until"),
    (
        *("person", "course", "starts_on", "due_at", "completed_at", "valid_until"),
        standing_column(_progress, overdue="bad", ended="warn"),
    ),
    hidden=("assigned_at",),
    also=("assigned_by",),
    may=(SEES_NAMES,),
    pages=("list", "detail", "edit", "delete", "bulk", "csv"),
    search=("person__name", "course__name"),
    panel=("course", "overdue"),
    filters={
        "overdue": Flag(read=lambda _key: Q(completed_at=None, due_at__lte=clock.now()), label="Overdue")
    },
    viewset=TrainingViewSet,
    entries=(
        kinds.Entry(
            url_name="training-assign",
            permissions=(operations.MAY_ASSIGN,),
            heading="Assign training",
            hint="To several people at once",
            form=AssignTrainingForm,
            enter=operations.assign,
            fills=("course", "people", "starts_on", "due_at"),
            done=lambda assigned: f"{len(assigned)} people are assigned; whoever had it open keeps that.",
            after=lambda assigned: link("training-list"),
        ),
        kinds.Entry(
            url_name="training-complete",
            on_object=True,
            permissions=(operations.MAY_COMPLETE,),
            heading="Complete",
            form=CompleteForm,
            when=lambda training, user: training.completed_at is None,
            template="people/step.html",
            initial=lambda training: {"title": f"Complete {training}"},
            enter=operations.complete,
            done="The training is completed.",
            icon="check",
        ),
    ),
    hint="Who is to learn what, and who did",
)
KINDS = (RULES, SKILLS, PREREQUISITES, QUALIFICATIONS, EXEMPTIONS, COURSES, TRAININGS)
