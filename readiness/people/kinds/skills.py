"""Skills, qualifications, exemptions and rules of what is required: their lists, pages and forms."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers

from readiness.people import operations
from readiness.people.core.coverage import EXPIRING
from readiness.people.forms import CapabilityRuleForm, ExemptionForm, RevokeForm, SkillForm, StartingSetForm
from readiness.people.kinds.tabs import declared, standing
from readiness.people.models import (
    CapabilityRule,
    Course,
    Qualification,
    Skill,
    SkillExemption,
    SkillPrerequisite,
)
from readiness.people.models.skills import SUBJECT_VALUES
from web import clock, kinds
from web.kinds import Related
from web.kinds.columns import figure, plain, related
from web.links import link
from web.rest.lookups import Flag
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.tables import Column
from web.visibility import SEES_NAMES
from web.workflows.endpoints import operated


class SignedViewSet(ObjectViewSet):
    """Writes down in the field `signed` of a new object who entered it."""

    signed = ""

    def perform_create(self, serializer: Any) -> None:
        serializer.save(**{self.signed: self.request.user})


class ExemptionViewSet(SignedViewSet):
    signed = "granted_by"


class RevokeSerializer(BodySerializer):
    reason = serializers.ChoiceField(choices=Qualification.RevokedFor.choices)


class RevocableViewSet(ObjectViewSet):
    revoke = operated(
        operations.revoke, RevokeSerializer, "End a qualification before its time", operations.MAY_REVOKE
    )


class RuleFields(ObjectSerializer):
    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        there = {name: getattr(self.instance, name, "") for name in ("subject", "value")}
        CapabilityRule(**there | {name: given[name] for name in there.keys() & given.keys()}).clean()
        return given


def _standing(row: Qualification) -> str:
    now = clock.now()
    if row.revoked_at is not None:
        return "revoked"
    if row.shown_at > now:
        return "not yet"
    return "ended" if row.valid_until is not None and row.valid_until <= now else "in force"


def _expiring(_key: str) -> Q:
    now = clock.now()
    return Q(valid_until__gt=now, valid_until__lte=now + EXPIRING, revoked_at=None)


SKILLS = declared(
    Skill,
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
        Related(CapabilityRule, ("skill",), ("name", "subject", "people")),
        Related(SkillPrerequisite, ("skill",), ("needed", "level")),
        Related(Course, ("skill",), ("name", "days")),
        Related(Qualification, ("skill",), ("person", "level", "device_type", "standing")),
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
    SkillPrerequisite,
    ("skill", "needed", "level"),
    ("skill", related("needed", "Needs"), figure("level", "At level")),
    search=("skill__name", "needed__name"),
    panel=("skill", "needed"),
    hint="Which skill comes before which",
)


def _value(rule: CapabilityRule) -> str:
    if rule.value:
        return SUBJECT_VALUES.get(rule.subject, {}).get(rule.value, rule.value)
    return "" if rule.subject == CapabilityRule.Subject.SITE else "each that is found"


RULES = declared(
    CapabilityRule,
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
    serializer=RuleFields,
    hint="Which skills the installed equipment requires",
    then="Every site that is staffed is evaluated again.",
    empty="Without a rule no site requires anybody. Load the starting set from the list of skills.",
)
QUALIFICATIONS = declared(
    Qualification,
    (
        *("person", "skill", "level", "basis", "device_type", "assessed_by", "evidence"),
        *("shown_at", "valid_until"),
    ),
    (
        *("person", "skill", "level", "basis"),
        related("device_type", "Shown on", sort="device_type__model"),
        *("shown_at", "valid_until"),
        standing(_standing, revoked="bad", ended="warn", **{"not yet": "unknown"}),
    ),
    hidden=("assessed_by", "evidence"),
    also=("revoked_at", "revoked_for"),
    may=(SEES_NAMES,),
    search=("person__name", "skill__name", "evidence"),
    panel=("skill", "basis", "ends_soon"),
    filters={"ends_soon": Flag(read=_expiring, label="Ends within 30 days")},
    viewset=RevocableViewSet,
    entries=(
        kinds.Entry(
            url_name="qualification-revoke",
            on_object=True,
            permissions=(operations.MAY_REVOKE,),
            heading="Revoke",
            form=RevokeForm,
            template="people/step.html",
            initial=lambda held: {"title": f"Revoke {held}"},
            enter=operations.revoke,
            done="The qualification is revoked.",
            icon="ban",
        ),
    ),
    hint="Who showed which skill, on which hardware, and until when that counts",
)
EXEMPTIONS = declared(
    SkillExemption,
    ("person", "skill", "reason", "begins_at", "ends_at"),
    ("person", "skill", "reason", plain("begins_at", "From"), plain("ends_at", "Until")),
    also=("granted_by",),
    may=(SEES_NAMES,),
    search=("person__name", "skill__name"),
    panel=("skill", "reason"),
    form=ExemptionForm,
    viewset=ExemptionViewSet,
    hint="Who is neither asked for a skill nor counted for it, for a time",
)
KINDS = (RULES, SKILLS, PREREQUISITES, QUALIFICATIONS, EXEMPTIONS)
