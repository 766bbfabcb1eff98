"""Sentences about a review's actions, for pages and packs."""

from readiness.assessment.evidence.models import ReviewAction
from web.units import instant
from web.visibility import name_of


def closed_words(action: ReviewAction) -> str:
    if action.closed_at is None:
        return ""
    closed = f"closed by {name_of(action.closed_by)}, {instant(action.closed_at)}"
    return f"{closed}: {action.close_note}" if action.close_note else closed
