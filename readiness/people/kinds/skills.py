"""Skills, qualifications, exemptions and rules of what is required: their lists, pages and forms."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from readiness.people import operations
from readiness.people.core.coverage import EXPIRING
from readiness.people.forms import CapabilityRuleForm, ExemptionForm, RevokeForm, SkillForm, StartingSetForm
from readiness.people.kinds.tabs import tabs
from readiness.people.models import (
    CapabilityRule,
    Course,
    Qualification,
    Skill,
    SkillExemption,
    SkillPrerequisite,
)
from web import clock, kinds
from web.kinds import Related
from web.kinds.columns import figure, plain, related
from web.kinds.declaring import declared
from web.links import link
from web.rest.lookups import Flag
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.tables import Column
from web.visibility import SEES_NAMES
from web.workflows.endpoints import operated

_declared = partial(declared, room=("People", "people"), tabs=tabs)


class SignedViewSet(ObjectViewSet):
    """Writes down in the field `signed` of a new object who entered it."""

    signed = ""

    def perform_create(self, serializer: Any) -> None:
        serializer.save(**{self.signed: self.request.user})


class ExemptionViewSet(SignedViewSet):
    signed = "granted_by"


class RevokeSerializer(serializers.Serializer):
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


_TONES = {"in force": "", "revoked": "bad", "ended": "warn"}


def _standing(row: Qualification, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.shown_at > now:
        return "not yet"
    return "ended" if row.valid_until is not None and row.valid_until <= now else "in force"


def _with_standing(rows: Sequence[Any]) -> Sequence[Any]:
    now = clock.now()
    for row in rows:
        row.standing = _standing(row, now)
    return rows


def _expiring(_key: str) -> Q:
    now = clock.now()
    return Q(valid_until__gt=now, valid_until__lte=now + EXPIRING, revoked_at=None)


SKILLS = _declared(
    Skill,
    ("name", "slug", "domain", "description", "levels", "valid_days"),
    (
        *("name", "domain"),
        Column("levels", "Levels", value=lambda skill: "; ".join(skill.levels), phone="full"),
        figure("valid_days", "Valid for", "days"),
        "description",
    ),
    hidden=("slug",),
    brief=("name", "slug"),
    search=("name", "slug", "description"),
    panel=("domain",),
    form=SkillForm,
    related=(
        Related(CapabilityRule, ("skill",), ("name", "subject", "people")),
        Related(SkillPrerequisite, ("skill",), ("needed", "level")),
        Related(Course, ("skill",), ("name", "days")),
        Related(Qualification, ("skill",), ("person", "level", "standing")),
    ),
    entries=(
        kinds.Entry(
            url_name="starting-set",
            address="starting-set/",
            permissions=operations.MAY_LOAD,
            heading="Load the starting set",
            hint="Seven skills, what asks for them, and the courses that lead there",
            form=StartingSetForm,
            enter=operations.load_starting_set,
            done=lambda count: f"{count} skills, rules and courses are added.",
            after=lambda count: link("skill-list"),
        ),
    ),
    hint="What people can do, in levels",
    empty={
        "title": "No skill yet",
        "text": "A rule asks for people of a skill; a qualification says who has it.",
        "icon": "school",
    },
)
PREREQUISITES = _declared(
    SkillPrerequisite,
    ("skill", "needed", "level"),
    ("skill", related("needed", "Needs"), figure("level", "At level")),
    brief=("skill", "needed"),
    search=("skill__name", "needed__name"),
    panel=("skill", "needed"),
    hint="Which skill comes before which",
)
RULES = _declared(
    CapabilityRule,
    ("name", "slug", "subject", "value", "skill", "level", "people", "per_shift", "is_in_force"),
    (
        "name",
        plain("subject", "Asks about"),
        plain("value", "Value", text=lambda rule: rule.value or "each that is found"),
        *("skill", "level", "people"),
        figure("per_shift", "Per shift"),
        plain("is_in_force", "In force", phone="status"),
        "version",
    ),
    hidden=("slug",),
    also=("version",),
    brief=("name", "slug"),
    search=("name", "slug", "value", "skill__name"),
    panel=("subject", "skill", "is_in_force"),
    form=CapabilityRuleForm,
    serializer=RuleFields,
    hint="Which skills what is installed asks for",
    then="Every site that is staffed is evaluated again.",
    empty={
        "title": "No rule yet",
        "text": "Without a rule no site requires anybody. Load the starting set from the list of skills.",
        "icon": "school",
    },
)
QUALIFICATIONS = _declared(
    Qualification,
    (
        *("person", "skill", "level", "basis", "device_type", "assessed_by", "evidence"),
        *("shown_at", "valid_until"),
    ),
    (
        *("person", "skill", "level", "basis"),
        related("device_type", "Shown on", sort="device_type__model"),
        *("shown_at", "valid_until"),
        Column("standing", "Standing", phone="status", tone=lambda row: _TONES.get(row.standing, "unknown")),
    ),
    hidden=("assessed_by", "evidence"),
    also=("revoked_at", "revoked_for"),
    may=(SEES_NAMES,),
    brief=("person", "skill"),
    search=("person__name", "skill__name", "evidence"),
    panel=("skill", "basis", "ends_soon"),
    filters={"ends_soon": Flag(read=_expiring, label="Ends within 30 days")},
    viewset=RevocableViewSet,
    prepare=_with_standing,
    entries=(
        kinds.Entry(
            url_name="qualification-revoke",
            address="revoke/",
            on_object=True,
            permissions=(operations.MAY_REVOKE,),
            heading="Revoke",
            form=RevokeForm,
            enter=operations.revoke,
            done="The qualification is revoked.",
        ),
    ),
    hint="Who showed which skill, on which hardware, and until when that counts",
)
EXEMPTIONS = _declared(
    SkillExemption,
    ("person", "skill", "reason", "begins_at", "ends_at"),
    ("person", "skill", "reason", plain("begins_at", "From"), plain("ends_at", "Until")),
    also=("granted_by",),
    may=(SEES_NAMES,),
    brief=("person", "skill"),
    search=("person__name", "skill__name"),
    panel=("skill", "reason"),
    form=ExemptionForm,
    viewset=ExemptionViewSet,
    hint="Who is neither asked for a skill nor counted for it, for a time",
)
KINDS = (RULES, SKILLS, PREREQUISITES, QUALIFICATIONS, EXEMPTIONS)
