"""Reviews in words: who answered what, what is left to do, what was decided on, and what the reader may do."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from accounts.models import User
from inventory.models import Site
from readiness.evidence.models import Review, ReviewAction, SignOff
from readiness.golive.reviews.gate import CHECK
from readiness.golive.reviews.operations import MAY_CHANGE, MAY_DECIDE, MAY_OPEN
from readiness.golive.reviews.queries import GateSnapshot, SitesReview
from readiness.golive.reviews.standing import seen
from readiness.scoring.core.combine import ACCEPTABLE
from web.links import link
from web.units import against_limit
from web.visibility import name_of

type Line = dict[str, Any]


def utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def facts(review: Review, until: datetime | None) -> list[Line]:
    site = review.site
    entries: list[Line] = [
        {"term": "State", "kind": "review", "state": review.state},
        {
            "term": "Site",
            "value": site.name,
            "url": link("site", site.slug),
            "note": site.get_stage_display(),
        },
        {"term": "Opened by", "value": name_of(review.opened_by), "note": utc(review.opened_at)},
    ]
    if review.note:
        entries.append({"term": "Note", "value": review.note})
    if review.ended_by:
        decided = review.state != Review.State.CANCELLED
        term = "Decided by" if decided else "Cancelled by"
        entries.append({"term": term, "value": name_of(review.ended_by), "note": utc(review.ended_at)})
    if review.end_note:
        entries.append({"term": "Why", "value": review.end_note})
    if review.framework_version:
        entries.append({"term": "Framework", "value": review.framework_version.version})
    if until:
        entries.append({"term": "Holds until", "value": utc(until), "note": "then it is held again"})
    return entries


def sign_off_lines(review: Review, named: Mapping[str, Sequence[User]], user: User) -> list[Line]:
    """The five answers, and what the reader may answer: for themselves, and for nobody else."""
    changes = review.is_open and user.has_perm(MAY_CHANGE)
    return [
        {
            "id": sign_off.pk,
            "domain": sign_off.domain,
            "label": sign_off.get_domain_display(),
            "state": sign_off.state,
            "who": name_of(sign_off.approver),
            "nobody": not named.get(sign_off.domain),
            "at": sign_off.answered_at,
            "note": sign_off.note,
            "mine": sign_off.approver_id == user.pk,
            "name_url": link("review-name", review.pk, sign_off.domain)
            if changes and sign_off.state != SignOff.State.SIGNED
            else "",
        }
        for sign_off in review.sign_offs.all()
    ]


def my_answer(review: Review, named: Mapping[str, Sequence[User]], user: User) -> Line:
    """Whether the reader may sign or decline now, and for what."""
    mine = next((sign_off for sign_off in review.sign_offs.all() if sign_off.approver_id == user.pk), None)
    if mine is None or not review.is_open:
        return {}
    if user not in named.get(mine.domain, ()):
        return {"why_not": f"You may no longer sign for {mine.get_domain_display()} here."}
    return {
        "domain": mine.get_domain_display(),
        "may_sign": mine.state != SignOff.State.SIGNED,
        "may_decline": mine.state != SignOff.State.DECLINED,
    }


def action_lines(review: Review, user: User, *, today: date) -> list[Line]:
    changes = user.has_perm(MAY_CHANGE)
    may = review.state != Review.State.CANCELLED
    return [
        {
            "id": action.pk,
            "title": action.title,
            "critical": action.critical,
            "owner": name_of(action.owner or action.owner_name),
            "due_on": action.due_on,
            "late": action.is_open and action.due_on is not None and action.due_on < today,
            "open": action.is_open,
            "closed": closed_words(action),
            "edit_url": link("review-action-edit", action.pk) if may and changes and action.is_open else "",
            "close_url": link("review-action-close", action.pk)
            if may and action.is_open and (changes or action.owner_id == user.pk)
            else "",
        }
        for action in sorted(
            review.actions.all(), key=lambda action: (not action.is_open, not action.critical, action.pk)
        )
    ]


def closed_words(action: ReviewAction) -> str:
    if action.is_open:
        return ""
    said = f"closed by {name_of(action.closed_by)}, {utc(action.closed_at)}"
    return f"{said}: {action.close_note}" if action.close_note else said


def gate_lines(gate: GateSnapshot, slug: str) -> list[Line]:
    """BLOCK checks, those that hold the site back first."""
    checks = [
        {
            "id": row["check_id"],
            "name": row["name"],
            "url": link("site-check", slug, row["check_id"]),
            "state": row["state"],
            "reason": row["reason"],
            "result": against_limit(row["value"], row["unit"], row["threshold_text"]),
            "exception": row["exception"],
            "exception_url": link("waiver", row["exception"]) if row["exception"] else "",
            "itself": row["check_id"] == CHECK,
        }
        for row in gate.snapshot.get("checks", ())
    ]
    return sorted(checks, key=lambda line: line["state"] in ACCEPTABLE)


def exception_lines(gate: GateSnapshot) -> list[Line]:
    return [
        row | {"url": link("waiver", row["id"]), "ends": utc(parse_datetime(row["ends_at"]))}
        for row in seen(gate.snapshot).get("exceptions", ())
    ]


def choices_of(review: Review, user: User) -> dict[str, bool]:
    return {
        "may_cancel": review.is_open and user.has_perm(MAY_CHANGE),
        "may_decide": review.is_open and user.has_perm(MAY_DECIDE),
        "may_add_action": review.state != Review.State.CANCELLED
        and (
            user.has_perm(MAY_CHANGE)
            or any(sign_off.approver_id == user.pk for sign_off in review.sign_offs.all())
        ),
    }


def of_site(site: Site, reviews: SitesReview, user: User, *, now: datetime) -> Line:
    """The line for a site's page: in production without a review, when it is due again, or which is under way."""
    line: Line = {"url": link("reviews", site=site.slug), "text": "", "tone": ""}
    if site.stage == Site.Stage.PRODUCTION and reviews.held is None:
        line |= {
            "text": "In production without a review: nobody has signed for it here.",
            "tone": "bad",
        }
    elif reviews.is_due(now):
        line |= {
            "text": f"{reviews.held} held until {utc(reviews.holds_until)}: a new one is due.",
            "tone": "warn",
        }
    elif reviews.held is not None:
        line |= {
            "text": (
                f"{reviews.held}: go, decided by {name_of(reviews.held.ended_by)}, "
                f"{utc(reviews.held.ended_at)}."
            ),
            "tone": "ok",
            "url": link("review", reviews.held.pk),
        }
    if reviews.open is not None:
        under_way = f"{reviews.open} is under way."
        line |= {"text": f"{line['text']} {under_way}".strip(), "url": link("review", reviews.open.pk)}
    elif site.has_verdict and user.has_perm(MAY_OPEN):
        line["open_url"] = link("review-open", site=site.slug)
    return line
