"""Grants in words: the facts of one, what it does, and what the reader may do about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.boards.waivers.tables import ends
from readiness.grants.core.rules import MOST_WAIVERS
from readiness.grants.models import Grant, GrantStanding
from readiness.grants.operations import MAY_DECIDE, MAY_REQUEST
from readiness.grants.queries import GrantCounts, GrantRow, is_open
from readiness.scoring.core.states import CheckState, Gate
from readiness.scoring.queries.rows import CheckRow
from web.links import link
from web.permissions import roles_of
from web.units import duration, plural
from web.visibility import name_of

type Line = dict[str, Any]

MAY_BE_WAIVED = (CheckState.FAIL, CheckState.STALE, CheckState.UNKNOWN)


def key_figures(counts: GrantCounts, *, now: datetime) -> list[Line]:
    oldest = duration((now - counts.oldest_at).total_seconds()) if counts.oldest_at else "none"
    return [
        {
            "label": "Waiting for a decision",
            "value": counts.waiting,
            "url": link("waivers", state=GrantStanding.REQUESTED),
            "tone": "warn" if counts.waiting else "",
            "note": "somebody else than who asked decides",
        },
        {"label": "In force", "value": counts.in_force, "url": link("waivers", in_force="true")},
        {
            "label": "End within 14 days",
            "value": counts.ends_soon,
            "url": link("waivers", in_force="true", sort="ends"),
            "note": "what they cover then fails again",
        },
        {"label": "Oldest in force", "value": oldest, "url": link("waivers-ageing")},
    ]


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def facts(grant: Grant, row: GrantRow, *, now: datetime) -> list[Line]:
    terms: list[Line] = [
        {"term": "State", "kind": "grant", "state": row.standing},
        {"term": "Kind", "value": row.kind_label},
        {"term": "Site", "value": row.site_name, "url": link("site", row.site_slug)},
        {
            "term": "Check",
            "value": row.check_name,
            "url": link("site-check", row.site_slug, row.check_id),
        },
    ]
    if row.part:
        terms.append({"term": "Sub-measure", "value": row.part_name})
    terms += [
        {"term": "Asked for by", "value": row.requester, "note": _utc(row.requested_at)},
        {"term": "Begins", "value": _utc(row.starts_at)},
        {"term": "Ends", "value": _utc(row.ends_at), "note": ends(row, now)},
    ]
    if row.approver:
        terms.append({"term": "Decided by", "value": row.approver, "note": _utc(grant.decided_at)})
    if grant.decision_note:
        terms.append({"term": "Note", "value": grant.decision_note})
    if grant.revoked_by:
        terms.append(
            {
                "term": "Revoked by",
                "value": name_of(grant.revoked_by),
                "note": _utc(grant.revoked_at),
            }
        )
        terms.append({"term": "Why", "value": grant.revocation_note})
    terms.append({"term": "Owner of the site", "value": row.owner})
    terms.append({"term": "Vendor", "value": row.vendor or "cannot be told"})
    return terms


EFFECTS = {
    Grant.Kind.WAIVER: lambda: (
        "The check shows as waived, counts 0 in the score and has a band of its own. It does not lift the verdict."
    ),
    Grant.Kind.EXCEPTION: lambda: (
        "The check keeps its state but no longer makes the site not ready: it is conditional at best, and says so."
    ),
    Grant.Kind.NOT_APPLICABLE: lambda: (
        "It leaves the score and the verdict, as what does not concern the site."
    ),
}


def means(grant: Grant, row: GrantRow, *, now: datetime) -> str:
    """The effect of the grant now, and what happens when that ends."""
    effect = EFFECTS[Grant.Kind(grant.kind)]()
    if row.standing == GrantStanding.REQUESTED:
        return "Not decided, so it does nothing yet." + " " + effect
    if row.standing == GrantStanding.APPROVED and row.starts_at > now:
        return f"From {_utc(row.starts_at)} on:" + " " + effect
    if row.standing == GrantStanding.APPROVED:
        return effect + " " + f"It ends at {_utc(row.ends_at)}, and counts as measured again from then on."
    return "It does nothing any more."


def choices_of(grant: Grant, row: GrantRow, user: User) -> dict[str, Any]:
    """Which decisions the reader is offered, and why not the others."""
    own, decides = grant.requested_by_id == user.pk, user.has_perm(MAY_DECIDE)
    waiting, opened = row.standing == GrantStanding.REQUESTED, is_open(row)
    why_not = ""
    if waiting and not decides:
        why_not = f"Deciding takes the role {roles_of(MAY_DECIDE)}."
    elif waiting and own:
        why_not = f"You asked for it: somebody else with the role {roles_of(MAY_DECIDE)} decides."
    return {
        "may_approve": waiting and decides and not own,
        "may_revoke": opened and (decides or (own and user.has_perm(MAY_REQUEST))),
        "why_not": why_not,
        "withdraws": waiting and own,
    }


def of_check(rows: list[GrantRow], *, now: datetime) -> list[Line]:
    """Grants for a check at a site, for the page of that check."""
    return [
        {
            "id": row.id,
            "url": link("waiver", row.id),
            "standing": row.standing,
            "title": f"{row.kind_label}: {row.part_name}" if row.part else row.kind_label,
            "reason": row.reason,
            "requester": row.requester,
            "approver": row.approver,
            "ends": ends(row, now),
            "ends_at": row.ends_at,
        }
        for row in rows
    ]


def request_url(row: CheckRow | None, slug: str) -> str:
    """Where to ask for a waiver of a check that is open and may have one; "" for others."""
    if row is None or row.gate == Gate.INFO or row.state not in MAY_BE_WAIVED:
        return ""
    return link("waiver-request", site=slug, check=row.id)


def offer(row: CheckRow | None, slug: str) -> Line | None:
    """The request that the page of a check offers: a waiver, or an exception where a BLOCK check is waived already."""
    if url := request_url(row, slug):
        return {"url": url, "label": "Ask for a waiver"}
    if row is not None and row.state == CheckState.WAIVED and row.gate == Gate.BLOCK:
        url = link("waiver-request", site=slug, check=row.id, kind="exception")
        return {"url": url, "label": "Ask for a go-live exception"}
    return None


def waiver_word(row: CheckRow, *, may_request: bool) -> str:
    """The word about a waiver in the row of a check."""
    if row.state == CheckState.WAIVED:
        return "waived"
    return "ask" if may_request and request_url(row, "") else ""


def waiver_url(row: CheckRow, slug: str, *, may_request: bool) -> str:
    if row.state == CheckState.WAIVED:
        return link("waivers", site=slug, check=row.id, live="true")
    return request_url(row, slug) if may_request else ""


def excepted_note(check_ids: Sequence[str]) -> str:
    """How many BLOCK checks hold the verdict no longer, and why; empty if there is none."""
    if not check_ids:
        return ""
    said = plural(
        len(check_ids),
        "A signed exception lifts %(n)s BLOCK check, so the site is conditional at best.",
        "Signed exceptions lift %(n)s BLOCK checks, so the site is conditional at best.",
    )
    return said % {"n": len(check_ids)}


def most() -> str:
    """The bound that a request may meet; a default of ours, and marked as one."""
    return f"A site has {MOST_WAIVERS} live waivers at most (operator-set default)."
