"""Write a lesson, and open the draft of the framework that asks it of every site."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import DomainChoices
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.operations import edit, make_draft
from readiness.loop.findings.models import Finding
from readiness.loop.incidents.models import Incident
from readiness.loop.lessons.core.drafting import LessonQuestion, add_question, check_id_for
from readiness.loop.lessons.models import Lesson
from web.versioned.core.documents import DocumentError, written
from web.workflows import require, require_words

MAY_SEE, MAY_WRITE = "lessons.view_lesson", "lessons.add_lesson"
MAX_AGE = "180d"
"""How long an answer counts. Operator-set default: as long as an attested runbook."""


@transaction.atomic
def write_lesson(
    *,
    claim: str,
    why: str,
    kind: str,
    incident: Incident | None = None,
    finding: Finding | None = None,
    check_id: str = "",
    draft: FrameworkVersion | None = None,
    by: User,
    now: datetime,
    **new_check: str,
) -> Lesson:
    """Write a lesson. A new check (`pillar`, `domain`, `gate`, `how_to`) goes into `draft`, or into a new draft of the
    version in force; another threshold gets a draft to change it in; a check that is there already needs none.

    Raises MissingPermission, ValidationError by field, and what drafts raise.
    """
    require(by, MAY_WRITE)
    _refuse_draft(draft, kind)
    lesson = Lesson(
        claim=require_words("claim", claim),
        why=require_words("why", why),
        kind=kind,
        check_id=check_id,
        incident=incident,
        finding=finding,
        written_by=by,
        written_at=now,
    )
    if kind == Lesson.Kind.CHECK:
        question = _question(lesson, by, now, **new_check)
        lesson.check_id, lesson.draft = _draft_check(question, draft, by=by, now=now)
    else:
        in_force = _version_with(check_id)
        if kind == Lesson.Kind.THRESHOLD:
            lesson.draft = draft or make_draft(made_from=in_force, by=by, now=now)
    lesson.clean_fields(exclude=["incident", "finding", "draft", "written_by"])
    lesson.save(force_insert=True)
    return lesson


def _refuse_draft(draft: FrameworkVersion | None, kind: str) -> None:
    """Nobody asks a site by a version that was published before the lesson, and what is there already needs none."""
    if draft is None:
        return
    if kind == Lesson.Kind.PRESENT:
        raise ValidationError({"draft": ["A check that is there already needs no draft."]})
    locked = FrameworkVersion.objects.select_for_update(of=("self",)).filter(pk=draft.pk).first()
    if locked is None or not locked.is_draft:
        raise ValidationError(
            {"draft": [f"{draft.version} is no draft any more: choose another one, or none."]}
        )


def _version_with(check_id: str) -> FrameworkVersion:
    in_force, framework = framework_queries.current()
    if check_id not in framework.checks_by_id:
        raise ValidationError({"check_id": [f"{framework.version} has no check {check_id[:64]}."]})
    return in_force


def _question(
    lesson: Lesson,
    by: User,
    now: datetime,
    *,
    pillar: str = "",
    domain: str = "",
    gate: str = Gate.INFO,
    how_to: str = "",
) -> LessonQuestion:
    _version, framework = framework_queries.current()
    if pillar not in {each.id for each in framework.pillars}:
        raise ValidationError({"pillar": ["Choose a pillar."]})
    if domain not in {*DomainChoices.values, "people", "governance"}:
        raise ValidationError({"domain": ["Choose a domain."]})
    if gate not in set(Gate):
        raise ValidationError({"gate": ["Choose what the check decides."]})
    return LessonQuestion(
        claim=lesson.claim,
        why=lesson.why,
        how_to=require_words("how_to", how_to),
        pillar=pillar,
        domain=domain,
        gate=Gate(gate),
        max_age=MAX_AGE,
        decided_by=by.get_username(),
        decided_on=now.date().isoformat(),
    )


def _draft_check(
    question: LessonQuestion, draft: FrameworkVersion | None, *, by: User, now: datetime
) -> tuple[str, FrameworkVersion]:
    in_force, framework = framework_queries.current()
    if draft is not None:
        framework = framework_queries.definition_of(draft)
    check_id = check_id_for(question.pillar, question.claim, framework.checks_by_id)

    def change(definition: Mapping[str, Any]) -> Mapping[str, Any]:
        return add_question(definition, check_id, question)

    try:
        if draft is not None:
            return check_id, edit(draft, change, revision=None, by=by, now=now)
        definition = change(written(framework))
        return check_id, make_draft(made_from=in_force, definition=definition, by=by, now=now)
    except DocumentError as error:
        raise ValidationError(str(error)) from error


def forget_lesson(lesson: Lesson, *, by: User, now: datetime) -> None:
    """Delete a lesson that was written by mistake; its check stays where it is. Raises MissingPermission."""
    require(by, "lessons.delete_lesson")
    lesson.delete()
