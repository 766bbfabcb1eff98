"""Withdraw a run, or move one that was placed wrongly. Both keep their reason in the history."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.assessment.evidence import refusals
from readiness.assessment.evidence.models import RunDevice, RunFile, ValidationRun
from readiness.assessment.evidence.operations.runs import placed
from readiness.assessment.evidence.operations.uploading import RunContext, Upload
from web.actor import acting
from web.permissions import MissingPermission
from web.workflows import still_there

MAY_MOVE = "evidence.change_validationrun"
LONGEST_WORDS = 300


def _words(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise ValidationError({"reason": ["Enter a reason."]})
    if len(words) > LONGEST_WORDS:
        raise ValidationError({"reason": [f"Enter at most {LONGEST_WORDS} characters."]})
    return words


def _held(run: ValidationRun, by: User) -> ValidationRun:
    if not by.has_perm(MAY_MOVE):
        raise MissingPermission([MAY_MOVE])
    locked: ValidationRun = still_there(ValidationRun.objects.select_for_update(of=("self",)), run.pk)
    if locked.withdrawn_at is not None:
        raise ValidationError("The run was withdrawn already.")
    return locked


@transaction.atomic
def withdraw_run(run: ValidationRun, *, reason: str, by: User, now: datetime) -> ValidationRun:
    """Withdraw a run: it proves nothing any more, and its file may be imported again. Raises MissingPermission and
    ValidationError."""
    words = _words(reason)
    locked = _held(run, by)
    with acting(by, message=f"Withdraw: {words}"):
        locked.withdrawn_at, locked.withdrawn_by, locked.withdrawn_reason = now, by, words
        locked.baseline_at = locked.baseline_by = None
        locked.save()
    return locked


@transaction.atomic
def move_run(
    run: ValidationRun, *, site: Site, device_names: Sequence[str], reason: str, by: User, now: datetime
) -> ValidationRun:
    """Place a run at another site or on other devices, compared with the inventory as a new one is.

    `device_names` are those at the site, none for those that the file names. Raises MissingPermission, ValidationError,
    and EvidenceRefused for a place that contradicts the file.
    """
    words = _words(reason)
    refusals.refuse_retired(site)
    locked = _held(run, by)
    content = RunFile.objects.filter(run=locked).values_list("content", flat=True).first()
    if content is None:
        raise ValidationError("The run has no file any more, so it cannot be placed anew.")
    upload = Upload(
        tool=locked.tool,
        content=bytes(content),
        file_name=locked.file_name,
        context=RunContext(
            load=locked.load,
            load_gbps=locked.load_gbps,
            device_names=device_names,
            taken_at=locked.taken_at,
            note=locked.note,
            provenance=locked.provenance,
        ),
    )
    with acting(by, message=f"Move: {words}"):
        RunDevice.objects.filter(run=locked).delete()
        return placed(locked, upload, site=site, now=now)
