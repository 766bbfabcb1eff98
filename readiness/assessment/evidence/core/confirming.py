"""Attestations by two: where a sub-measure needs a confirmation, who gives it, and what counts until then."""

from datetime import datetime, timedelta
from enum import StrEnum

from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure
from readiness.assessment.framework.core.vocabulary import Gate

GRACE = timedelta(days=60)
"""How long an attestation entered before the upgrade counts without a confirmation: an operator-set default."""


class ConfirmationState(StrEnum):
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


def confirmation_at(
    confirmed_at: datetime | None, rejected_at: datetime | None, now: datetime
) -> ConfirmationState:
    if rejected_at is not None and rejected_at <= now:
        return ConfirmationState.REJECTED
    if confirmed_at is not None and confirmed_at <= now:
        return ConfirmationState.CONFIRMED
    return ConfirmationState.WAITING


def awaited(*, has_account: bool) -> str:
    """The end of a sentence with "until": a confirmation by whom makes the attestation count in full."""
    if has_account:
        return "the person named in it confirms it"
    return "a second person confirms having seen the signed document"


def why_not(*, by: int, entered_by: int | None, attester: int | None, confirmed_by: int | None = None) -> str:
    """The sentence that refuses this user as the one who confirms or rejects; "" if they may. All are keys of users."""
    if by == entered_by:
        whom = "a second person" if attester is None else "the person named in it"
        return f"You entered this attestation yourself: {whom} must confirm it."
    if confirmed_by is not None:
        return (
            "" if by == confirmed_by else "Only the person who confirmed it can take the confirmation back."
        )
    if attester is not None:
        return "" if by == attester else "Only the person named in it can confirm or reject it."
    if entered_by is None:
        return "Nobody is on record as having entered it, so nobody can be the second person: enter it again."
    return ""


type PartKey = tuple[str, str]


def blocking_parts(framework: Framework) -> dict[PartKey, SubMeasure]:
    """The sub-measures that an attestation may decide and that may hold a go-live at some site, by check and id.

    The gate at one site follows from the site's facts; scoring applies it. Where a run or telemetry is asked for, an
    attestation is capped anyway, and where evidence counts only live, none is taken.
    """
    return {
        (check.id, part.id): part
        for check in framework.checks
        if _may_block(check)
        for part in check.parts
        if part.gate in (None, Gate.BLOCK)
        if part.pass_at is not None and not part.is_measured and not part.validity.is_live
    }


def _may_block(check: Check) -> bool:
    return Gate.BLOCK in {check.gate, *(rule.gate for rule in check.gate_rules)}
