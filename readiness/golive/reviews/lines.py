"""Reviews in words: who answered what, what is left to do, what was decided on, and what the reader may do."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

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
    told: list[Line] = [
        {"term": gettext("State"), "kind": "review", "state": review.state},
        {
            "term": gettext("Site"),
            "value": site.name,
            "url": link("site", site.slug),
            "note": site.get_stage_display(),
        },
        {"term": gettext("Opened by"), "value": name_of(review.opened_by), "note": utc(review.opened_at)},
    ]
    if review.note:
        told.append({"term": gettext("Note"), "value": review.note})
    if review.ended_by:
        decided = review.state != Review.State.CANCELLED
        term = gettext("Decided by") if decided else gettext("Cancelled by")
        told.append({"term": term, "value": name_of(review.ended_by), "note": utc(review.ended_at)})
    if review.end_note:
        told.append({"term": gettext("Why"), "value": review.end_note})
    if review.framework_version:
        told.append({"term": gettext("Framework"), "value": review.framework_version.version})
    if until:
        told.append(
            {"term": gettext("Holds until"), "value": utc(until), "note": gettext("then it is held again")}
        )
    return told


def sign_off_lines(review: Review, named: Mapping[str, Sequence[User]], user: User) -> list[Line]:
    """The five answers, and what the reader may answer: for themselves, and for nobody else."""
    changes = review.is_open and user.has_perm(MAY_CHANGE)
    return [
        {
            "id": one.pk,
            "domain": one.domain,
            "label": one.get_domain_display(),
            "state": one.state,
            "who": name_of(one.approver),
            "nobody": not named.get(one.domain),
            "at": one.answered_at,
            "note": one.note,
            "mine": one.approver_id == user.pk,
            "name_url": link("review-name", review.pk, one.domain)
            if changes and one.state != SignOff.State.SIGNED
            else "",
        }
        for one in review.sign_offs.all()
    ]


def my_answer(review: Review, named: Mapping[str, Sequence[User]], user: User) -> Line:
    """Whether the reader may sign or decline now, and for what."""
    mine = next((one for one in review.sign_offs.all() if one.approver_id == user.pk), None)
    if mine is None or not review.is_open:
        return {}
    if user not in named.get(mine.domain, ()):
        return {
            "why_not": gettext("You may no longer sign for %(domain)s here.")
            % {"domain": mine.get_domain_display()}
        }
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
            "id": one.pk,
            "title": one.title,
            "critical": one.critical,
            "owner": name_of(one.owner or one.owner_name),
            "due_on": one.due_on,
            "late": one.is_open and one.due_on is not None and one.due_on < today,
            "open": one.is_open,
            "closed": closed_words(one),
            "edit_url": link("review-action-edit", one.pk) if may and changes and one.is_open else "",
            "close_url": link("review-action-close", one.pk)
            if may and one.is_open and (changes or one.owner_id == user.pk)
            else "",
        }
        for one in sorted(review.actions.all(), key=lambda one: (not one.is_open, not one.critical, one.pk))
    ]


def closed_words(action: ReviewAction) -> str:
    if action.is_open:
        return ""
    said = gettext("closed by %(who)s, %(at)s") % {
        "who": name_of(action.closed_by),
        "at": utc(action.closed_at),
    }
    return f"{said}: {action.close_note}" if action.close_note else said


def gate_lines(gate: GateSnapshot, slug: str) -> list[Line]:
    """BLOCK checks, those that hold the site back first."""
    told = [
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
    return sorted(told, key=lambda line: line["state"] in ACCEPTABLE)


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
        and (user.has_perm(MAY_CHANGE) or any(one.approver_id == user.pk for one in review.sign_offs.all())),
    }


def of_site(site: Site, found: SitesReview, user: User, *, now: datetime) -> Line:
    """What a site's page says: in production without a review, when it is due again, or which is under way."""
    told: Line = {"url": link("reviews", site=site.slug), "text": "", "tone": ""}
    if site.stage == Site.Stage.PRODUCTION and found.held is None:
        told |= {
            "text": gettext("In production without a review: nobody has signed for it here."),
            "tone": "bad",
        }
    elif found.is_due(now):
        told |= {
            "text": gettext("%(review)s held until %(until)s: a new one is due.")
            % {"review": found.held, "until": utc(found.holds_until)},
            "tone": "warn",
        }
    elif found.held is not None:
        told |= {
            "text": gettext("%(review)s: go, decided by %(who)s, %(at)s.")
            % {"review": found.held, "who": name_of(found.held.ended_by), "at": utc(found.held.ended_at)},
            "tone": "ok",
            "url": link("review", found.held.pk),
        }
    if found.open is not None:
        under_way = gettext("%(review)s is under way.") % {"review": found.open}
        told |= {"text": f"{told['text']} {under_way}".strip(), "url": link("review", found.open.pk)}
    elif site.has_verdict and user.has_perm(MAY_OPEN):
        told["open_url"] = link("review-open", site=site.slug)
    return told
