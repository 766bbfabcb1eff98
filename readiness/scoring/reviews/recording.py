"""What a review knows, written down as evidence of p4-golive-review. Scoring reads it like any other."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.models import User
from readiness.evidence.operations import attest, record_fact
from readiness.framework import queries as framework_queries
from readiness.scoring.reviews.gate import CHECK, Counts, OpenAction, counted
from readiness.scoring.reviews.models import Review, SignOff

OF_ACTIONS = ("critical-actions", "undated-actions", "dated-actions")


def counts_of(review: Review) -> Counts:
    """As they are now; two statements."""
    signed = review.sign_offs.filter(state=SignOff.State.SIGNED).values_list("domain", flat=True)
    actions = review.actions.filter(closed_at=None).values_list("critical", "due_on")
    return counted(list(signed), [OpenAction(critical, due is not None) for critical, due in actions])


def record_decision(review: Review, *, by: User, now: datetime) -> None:
    """All four figures, and a statement of what was signed and decided; by whom, the review itself says."""
    counts = counts_of(review)
    _record(review, {"signatures-missing": counts.signatures_missing, **_of_actions(counts)}, by=by, now=now)
    if CHECK not in framework_queries.current()[1].checks_by_id:
        return
    attest(
        site=review.site,
        check=CHECK,
        statement=_statement(review),
        attested_by=str(by)[:100],
        taken_on=_today(review, now),
        document=source_of(review),
        by=by,
        now=now,
    )


def record_actions(review: Review, *, by: User, now: datetime) -> None:
    """The figures of the actions alone: what was signed is as old as the decision, whatever is closed later."""
    _record(review, _of_actions(counts_of(review)), by=by, now=now)


def source_of(review: Review) -> str:
    return f"go-live review #{review.pk}"


def _of_actions(counts: Counts) -> dict[str, int]:
    return dict(zip(OF_ACTIONS, (counts.critical, counts.undated, counts.dated), strict=True))


def _record(review: Review, figures: dict[str, int], *, by: User, now: datetime) -> None:
    """Those that the framework in force still has."""
    check = framework_queries.current()[1].checks_by_id.get(CHECK)
    there = {part.id for part in check.parts} if check else set()
    for part, value in figures.items():
        if part in there:
            record_fact(
                site=review.site,
                check=CHECK,
                part=part,
                value=float(value),
                taken_on=_today(review, now),
                source=source_of(review),
                by=by,
                now=now,
            )


def _statement(review: Review) -> str:
    answers = ", ".join(
        f"{one.get_domain_display()} {one.get_state_display().lower()}" for one in review.sign_offs.all()
    )
    note = f" {review.end_note}" if review.end_note else ""
    return f"Go-live review #{review.pk}: {review.get_state_display()}.{note} {answers}."[:2000]


def _today(review: Review, now: datetime) -> date:
    return now.astimezone(ZoneInfo(review.site.time_zone)).date()
