"""p4-golive-review: the signatures, the open actions and the decision of the site's go-live review."""

from __future__ import annotations

from datetime import datetime, timedelta

from readiness.evidence.core.reviews import CANCELLED, HeldReview, counting_review
from readiness.framework.core.definition import Check
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts

SIGNATURES = "signatures-missing"
EVIDENCE = "review:"
"""What a reference to a review begins with; its id follows."""


def readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    valid = timedelta(seconds=check.part(SIGNATURES).validity.limit_s(None))
    review = counting_review(facts.reviews, valid=valid, now=now)
    if review is None:
        return {}
    counts = review.counts
    return {
        SIGNATURES: _reading(review, counts.signatures_missing, review.signed_at),
        "critical-actions": _reading(review, counts.critical, review.acted_at),
        "undated-actions": _reading(review, counts.undated, review.acted_at),
        "dated-actions": _reading(review, counts.dated, review.acted_at),
    }


def _reading(review: HeldReview, count: int, taken_at: datetime) -> Reading:
    standing = f"decided {review.state}" if review.decided_at else "open, not decided yet"
    name = f"go-live review #{review.id}"
    called_off = f"The {name} was cancelled. What people enter counts only at a site that never had a review."
    return Reading(
        value=None if review.is_cancelled else float(count),
        taken_at=taken_at,
        provenance=Provenance.DECLARED,
        evidence=f"{EVIDENCE}{review.id}",
        detail=f"{name}, {CANCELLED if review.is_cancelled else standing}",
        cannot_judge=called_off if review.is_cancelled else "",
    )
