"""Sentences about grants: the end, the effect, and the request offered beside a check."""

from collections.abc import Sequence
from datetime import datetime

from readiness.assessment.grants.models import Grant, GrantStanding
from readiness.assessment.grants.queries import GrantRow
from readiness.assessment.scoring.core.states import CheckState, Gate
from readiness.assessment.scoring.queries.rows import CheckRow
from web.ages import ago
from web.links import link
from web.units import duration, instant

MAY_BE_WAIVED = (CheckState.FAIL, CheckState.STALE, CheckState.UNKNOWN)
EFFECTS = {
    Grant.Kind.WAIVER: ("The check shows as waived and counts 0 in the score. The verdict stays the same."),
    Grant.Kind.EXCEPTION: (
        "The check keeps its state but no longer makes the site not ready; the site is conditional at best."
    ),
    Grant.Kind.NOT_APPLICABLE: "The check no longer counts in the score and the verdict.",
}


def ends(row: GrantRow, now: datetime) -> str:
    grant = row.grant
    if row.standing == GrantStanding.DENIED:
        return "never began"
    if not row.is_open:
        return ago(grant.revoked_at or grant.ends_at, now=now)
    if grant.starts_at > now:
        return f"begins in {duration((grant.starts_at - now).total_seconds())}"
    return f"in {duration((grant.ends_at - now).total_seconds())}"


def effect(row: GrantRow, *, now: datetime) -> str:
    grant, does = row.grant, EFFECTS[Grant.Kind(row.grant.kind)]
    if row.standing == GrantStanding.REQUESTED:
        return f"Not approved yet, so it has no effect. Once approved, {does[0].lower()}{does[1:]}"
    if row.standing != GrantStanding.APPROVED:
        return "It has ended and has no effect."
    if grant.starts_at > now:
        return f"From {instant(grant.starts_at)} on: {does}"
    return f"{does} It ends at {instant(grant.ends_at)}; from then on the evidence decides again."


def request_url(row: CheckRow | None, slug: str) -> str:
    if row is None or row.gate == Gate.INFO or row.state not in MAY_BE_WAIVED:
        return ""
    return link("waiver-request", site=slug, check=row.id)


def offer(row: CheckRow | None, slug: str) -> dict[str, str] | None:
    if url := request_url(row, slug):
        return {"url": url, "label": "Request waiver"}
    if row is not None and row.state == CheckState.WAIVED and row.gate == Gate.BLOCK:
        url = link("waiver-request", site=slug, check=row.id, kind="exception")
        return {"url": url, "label": "Request go-live exception"}
    return None


def waiver_word(row: CheckRow, *, may_request: bool) -> str:
    if row.state == CheckState.WAIVED:
        return "waived"
    return "ask" if may_request and request_url(row, "") else ""


def waiver_url(row: CheckRow, slug: str, *, may_request: bool) -> str:
    if row.state == CheckState.WAIVED:
        return link("waivers", site=slug, check=row.id, live="true")
    return request_url(row, slug) if may_request else ""


def excepted_note(check_ids: Sequence[str]) -> str:
    match len(check_ids):
        case 0:
            return ""
        case 1:
            return "A signed exception lifts 1 BLOCK check, so the site is conditional at best."
    return f"Signed exceptions lift {len(check_ids)} BLOCK checks, so the site is conditional at best."
