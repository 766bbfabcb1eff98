"""Marking the run that later runs of the same thing are measured against."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from readiness.evidence.core.bearing import HAVE_BASELINE
from readiness.evidence.models import ValidationRun
from readiness.evidence.refusals import EvidenceRefused
from web.permissions import MissingPermission

MAY_MARK = "evidence.change_validationrun"


def can_be_baseline(run: ValidationRun) -> bool:
    """Whether marking it, or no longer marking it, would not be refused."""
    return run.baseline_at is not None or not _why_not(run)


@transaction.atomic
def mark_baseline(run: ValidationRun, *, marked: bool, by: User, now: datetime) -> ValidationRun:
    """Make it the baseline of its thing, or leave that to the first runs again. Its site's claim row is the table's.

    Raises MissingPermission, and EvidenceRefused for a run that is not compared or that a change has voided.
    """
    if not by.has_perm(MAY_MARK):
        raise MissingPermission([MAY_MARK])
    locked = ValidationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if marked and (reason := _why_not(locked)):
        raise EvidenceRefused("run", reason)
    if (locked.baseline_at is not None) != marked:
        locked.baseline_at, locked.baseline_by = (now, by) if marked else (None, None)
        locked.save(update_fields=["baseline_at", "baseline_by"])
    return locked


def _why_not(run: ValidationRun) -> str:
    if run.tool not in HAVE_BASELINE:
        return "Runs of this tool have no rate or latency to compare."
    if run.loopback:
        return "A loopback crosses no network and is no baseline."
    if run.void_changes:
        return "A change has voided this run: take a new one."
    return ""
