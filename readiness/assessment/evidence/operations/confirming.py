"""Confirm and reject attestations. The table's triggers leave the site's claim row and keep what was confirmed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from accounts.models import User
from readiness.assessment.evidence import confirmations
from readiness.assessment.evidence.confirmations import MAY_CONFIRM
from readiness.assessment.evidence.core.confirming import ConfirmationState, why_not
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.framework import queries as framework_queries
from web.workflows import Turn, Workflow, require, second

MAY_SEE = "evidence.view_attestation"


class NotTheirsToConfirm(PermissionDenied):
    """Somebody else confirms or rejects this attestation."""


ATTESTATIONS = Workflow(
    model=Attestation,
    states={state: state.value for state in ConfirmationState},
    state_of=Attestation.confirmation_now,
    refusal="It is {state} already.",
)


def _refuse_others(attestation: Attestation, by: User, confirmed_by: int | None = None) -> None:
    if attestation.attester_id is None:
        require(by, MAY_CONFIRM)
    accounts = {"entered_by": attestation.by_id, "attester": attestation.attester_id}
    if reason := why_not(by=by.pk, confirmed_by=confirmed_by, **accounts):
        raise NotTheirsToConfirm(reason)


def _refuse_to_take_back(attestation: Attestation, by: User) -> None:
    _refuse_others(attestation, by, attestation.confirmed_by_id)


def _waiting_for(by: User, now: datetime) -> Q:
    return confirmations.needed(now) & confirmations.answerable_by(by, now)


def _subjects(attestations: Sequence[Attestation]) -> Iterable[str]:
    _version, framework = framework_queries.current()
    for attestation in attestations:
        part = framework.parts_by_key.get((attestation.check_id, attestation.part))
        check = framework.checks_by_id.get(attestation.check_id)
        yield f"{check.name}: {part.name}" if check and part else str(attestation)


CONFIRMING = Turn(
    kind="Confirm an attestation",
    verb="Answer",
    tab="evidence",
    page="attestation-detail",
    of=_waiting_for,
    subjects=_subjects,
    asked_by=lambda attestation: attestation.by,
    since="recorded_at",
    due="grace_until",
    joined=("site", "by"),
)


@ATTESTATIONS.step(
    after=[ConfirmationState.WAITING],
    any_of=(MAY_SEE,),
    refuse=_refuse_others,
    second=second.first_in("by", "recorded_at"),
    words="",
    turn=CONFIRMING,
)
def confirm(attestation: Attestation, *, by: User, now: datetime) -> None:
    """Confirm that you attested this, or that you saw the signed document."""
    attestation.confirmed_by, attestation.confirmed_at = by, now
    attestation.save(update_fields=["confirmed_by", "confirmed_at"])


@ATTESTATIONS.step(
    after=[ConfirmationState.WAITING, ConfirmationState.CONFIRMED],
    any_of=(MAY_SEE,),
    refuse=_refuse_to_take_back,
    words="reason",
    must_say=True,
)
def reject(attestation: Attestation, *, reason: str, by: User, now: datetime) -> None:
    """Say that you did not attest this, or take back your confirmation, with a reason."""
    attestation.rejected_by, attestation.rejected_at, attestation.rejection = by, now, reason
    attestation.save(update_fields=["rejected_by", "rejected_at", "rejection"])
