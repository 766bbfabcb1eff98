"""Second persons of what somebody can do: assessors confirm qualifications, and exemptions are approved."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from accounts.models import User
from readiness.organisation.people.models import Qualification, SkillExemption
from web.workflows import Turn, Workflow, second
from web.workflows.waiting import subjects_by

MAY_SEE = "people.view_qualification"
MAY_APPROVE = "people.add_skillexemption"
CONFIRMED, DECLARED, REVOKED = "confirmed", "declared", "revoked"
APPROVED, REQUESTED = "approved", "requested"


class NotTheAssessor(PermissionDenied):
    """Only the assessor confirms a qualification, signed in with their own account."""


def qualification_state(qualification: Qualification, now: datetime) -> str:
    if qualification.revoked_at is not None:
        return REVOKED
    return DECLARED if qualification.confirmed_at is None else CONFIRMED


QUALIFICATIONS = Workflow(
    model=Qualification,
    states={each: each for each in (CONFIRMED, DECLARED, REVOKED)},
    state_of=qualification_state,
    joined=("person", "skill"),
    refusal="This qualification is {state} already.",
)
EXEMPTIONS = Workflow(
    model=SkillExemption,
    states={each: each for each in (APPROVED, REQUESTED)},
    state_of=lambda exemption, now: REQUESTED if exemption.approved_at is None else APPROVED,
    joined=("person", "skill"),
    refusal="This exemption is {state} already.",
)


def _refuse_stranger(qualification: Qualification, by: User) -> None:
    assessor = qualification.assessed_by
    if assessor is None or assessor.user_id != by.pk:
        raise NotTheAssessor("Only the assessor confirms it, signed in with their own account.")
    if qualification.entered_by_id == by.pk:
        raise NotTheAssessor("You entered this yourself: somebody else must enter what you assessed.")


ASSESSES: second.SecondPerson[Qualification] = second.SecondPerson(
    lambda qualification, by: [(qualification.entered_by_id, None), (qualification.person.user_id, None)]
)
"""Who entered it, who is qualified, and who confirms it are different persons."""
CONFIRMING = Turn(
    kind="Confirm a qualification",
    verb="Answer",
    tab="coverage",
    page="qualification-detail",
    of=lambda by, now: (
        Q(assessed_by__user=by, confirmed_at=None, revoked_at=None)
        & second.others("entered_by", by, now)
        & second.others("person__user", by, now)
    ),
    subjects=subjects_by(str),
    site=lambda qualification: None,
    asked_by=lambda qualification: qualification.entered_by,
    since="shown_at",
    joined=("person", "skill", "entered_by"),
)


@QUALIFICATIONS.step(
    after=[DECLARED], any_of=(MAY_SEE,), refuse=_refuse_stranger, second=ASSESSES, words="", turn=CONFIRMING
)
def confirm(qualification: Qualification, *, by: User, now: datetime) -> None:
    """Confirm that you saw the person show this skill, or saw their licence. It counts from now on."""
    qualification.confirmed_by, qualification.confirmed_at = by, now
    qualification.save(update_fields=["confirmed_by", "confirmed_at"])


@QUALIFICATIONS.step(after=[DECLARED], any_of=(MAY_SEE,), refuse=_refuse_stranger, words="")
def refuse(qualification: Qualification, *, by: User, now: datetime) -> None:
    """Say that you did not assess this. It stays as a record and counts nowhere."""
    qualification.revoked_at, qualification.revoked_for = now, Qualification.RevokedFor.REFUSED
    qualification.save(update_fields=["revoked_at", "revoked_for"])


def _refuse_own(exemption: SkillExemption, by: User) -> None:
    if exemption.granted_by_id == by.pk:
        raise PermissionDenied("You granted this yourself: a second person must approve it.")
    if exemption.person.user_id == by.pk:
        raise PermissionDenied("This exempts you: somebody else must approve it.")


APPROVES: second.SecondPerson[SkillExemption] = second.SecondPerson(
    lambda exemption, by: [(exemption.granted_by_id, None), (exemption.person.user_id, None)]
)
APPROVING = Turn(
    kind="Approve an exemption",
    verb="Decide",
    tab="coverage",
    page="skill-exemption-detail",
    of=lambda by, now: (
        Q(approved_at=None, ends_at__gt=now)
        & second.others("granted_by", by, now)
        & second.others("person__user", by, now)
    ),
    subjects=subjects_by(str),
    site=lambda exemption: None,
    asked_by=lambda exemption: exemption.granted_by,
    since="begins_at",
    due="ends_at",
    joined=("person", "skill", "granted_by"),
)


@EXEMPTIONS.step(
    after=[REQUESTED], any_of=(MAY_APPROVE,), refuse=_refuse_own, second=APPROVES, words="", turn=APPROVING
)
def approve(exemption: SkillExemption, *, by: User, now: datetime) -> None:
    """Approve an exemption that somebody else granted. It counts from now on."""
    exemption.approved_by, exemption.approved_at = by, now
    exemption.save(update_fields=["approved_by", "approved_at"])
