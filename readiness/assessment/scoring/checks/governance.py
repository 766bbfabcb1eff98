"""p4-golive-review: signatures, open actions and the decision of the site's go-live review; p4-orchestration-owner and
p4-asset-ownership: the owned shares by accepted and confirmed assignments; p4-regulatory-register: duties and
certificates that are overdue, due soon or without an owner."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from readiness.assessment.duties.core.register import RegisterItem
from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.evidence.core.reviews import CANCELLED, HeldReview, counting_review
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.checks.people import recorded
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.states import Provenance
from readiness.assessment.scoring.facts import EvaluationFacts
from readiness.organisation.ownership.core.standing import (
    Item,
    ItemStanding,
    Share,
    assets_owned,
    items_owned,
)

SIGNATURES = "signatures-missing"
REVIEW_EVIDENCE = "review:"
"""Prefix of a reference to a review; the review's id follows."""


def review_readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
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
        evidence=f"{REVIEW_EVIDENCE}{review.id}",
        detail=f"{name}, {CANCELLED if review.is_cancelled else standing}",
        cannot_judge=called_off if review.is_cancelled else "",
    )


WORDS = {
    ItemStanding.NO_DEPUTY: "no deputy",
    ItemStanding.OVERDUE: "not confirmed in time",
    ItemStanding.UNANSWERED: "owner cannot answer",
    ItemStanding.WAITING: "not accepted",
    ItemStanding.UNOWNED: "nobody",
}


def orchestration(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """Readings have the date of the oldest confirmation and expire with it. Until anybody accepted anything at the site
    there is no reading, and attestations count."""
    if facts.owned is None:
        return {}
    part = next(each for each in check.parts if each.id == "items-owned")
    share = items_owned(facts.owned, now=now, valid=timedelta(seconds=part.validity.limit_s(None)))
    return {
        "items-owned": Reading(
            value=share.percent,
            taken_at=share.since or now,
            provenance=Provenance.DECLARED,
            evidence=f"ownership:{share.term_id or facts.profile.slug}",
            detail=_not_owned_text(share),
        )
    }


def assets(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    if facts.owned is None:
        return {}
    counted = {
        Item.COMPUTE: facts.context.compute_objects or 0,
        Item.NETWORK: facts.context.network_objects or 0,
        Item.ENERGY: facts.context.energy_objects or 0,
    }
    share = assets_owned(facts.owned, counted, now=now)
    term_id = share.term_id if share else None
    return {
        "assets-owned": recorded(
            f"owned-assets:{term_id or facts.profile.slug}",
            share.percent if share else None,
            _not_owned_text(share) if share else "",
            now=now,
            cannot_judge="The site has nothing in its inventory that could be owned.",
        )
    }


def _not_owned_text(share: Share) -> str:
    """Name no people, because everybody who sees the check can read this."""
    if not share.missing:
        return ""
    missing = [f"{item} ({WORDS[standing]})" for item, standing in share.missing]
    return f"not owned: {few(missing)}"


def register_readings(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """Until somebody keeps the register there is no reading, and attestations count."""
    register = facts.register
    if register is None:
        return {}
    overdue, soon, unowned = register.overdue(now), register.due_soon(now), register.unowned(now)
    evidence = f"duties:{facts.profile.slug}"
    began_at = min((item.due_at for item in overdue if item.due_at), default=None)
    return {
        "overdue": recorded(evidence, float(len(overdue)), _items_text(overdue), now=now)._replace(
            bad_since=began_at
        ),
        "owned": recorded(
            evidence, register.owned_percent(now), _items_text(unowned, "without an owner: "), now=now
        ),
        "due-soon": recorded(evidence, float(len(soon)), _items_text(soon), now=now),
    }


def _items_text(items: Sequence[RegisterItem], head: str = "") -> str:
    return f"{head}{few([item.name for item in items])}" if items else ""
