"""Ending what somebody was qualified for, and loading the skills and rules that come with Muster."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.people.models import CapabilityRule, Course, Qualification, Skill, SkillPrerequisite
from web import yaml_documents
from web.workflows import require

MAY_REVOKE = "people.change_qualification"
MAY_LOAD = ("people.add_skill", "people.add_capabilityrule", "people.add_course")
STARTING_SET = Path(__file__).parent.parent / "data" / "starting_set.yaml"


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
    before = Skill.objects.count() + CapabilityRule.objects.count() + Course.objects.count()
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
    return Skill.objects.count() + CapabilityRule.objects.count() + Course.objects.count() - before


def _add(model: Any, rows: list[dict[str, Any]]) -> None:
    model.objects.bulk_create([model(**row) for row in rows], ignore_conflicts=True)
