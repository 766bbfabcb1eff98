"""Sentences about reviews: what a site's page says of them, who closed an action, when the next is due."""

from datetime import datetime
from typing import Any

from accounts.models import User
from inventory.models import Site
from readiness.evidence.models import ReviewAction
from readiness.golive.reviews.operations import MAY_OPEN
from readiness.golive.reviews.queries import SitesReview
from web.links import link
from web.units import duration
from web.visibility import name_of


def closed_words(action: ReviewAction) -> str:
    if action.closed_at is None:
        return ""
    closed = f"closed by {name_of(action.closed_by)}, {action.closed_at:%Y-%m-%d %H:%M} UTC"
    return f"{closed}: {action.close_note}" if action.close_note else closed


def again(holds_until: datetime | None, now: datetime) -> str:
    if holds_until is None:
        return ""
    span = duration(abs((now - holds_until).total_seconds()))
    return f"due since {span}" if holds_until <= now else f"in {span}"


def of_site(site: Site, reviews: SitesReview, user: User, *, now: datetime) -> dict[str, Any]:
    line: dict[str, Any] = {"url": link("reviews", site=site.slug), "text": "", "tone": ""}
    held = reviews.held
    if held is None:
        if site.stage == Site.Stage.PRODUCTION:
            text = "In production without a review: nobody has signed for it here."
            line |= {"text": text, "tone": "bad"}
    elif reviews.is_due(now):
        text = f"{held} held until {reviews.holds_until:%Y-%m-%d %H:%M} UTC: a new one is due."
        line |= {"text": text, "tone": "warn"}
    else:
        text = f"{held}: go, decided by {name_of(held.ended_by)}, {held.ended_at:%Y-%m-%d %H:%M} UTC."
        line |= {"text": text, "tone": "ok", "url": link("review", held.pk)}
    if reviews.open is not None:
        text = f"{line['text']} {reviews.open} is under way.".strip()
        line |= {"text": text, "url": link("review", reviews.open.pk)}
    elif site.has_verdict and user.has_perm(MAY_OPEN):
        line["open_url"] = link("review-open", site=site.slug)
    return line
