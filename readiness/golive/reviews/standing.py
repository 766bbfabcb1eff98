"""How a site stands when it is decided on, and the frozen copy of that which a review keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inventory.models import Site
from readiness.framework.core.definition import Framework
from readiness.framework.core.vocabulary import Gate
from readiness.golive.reviews.gate import BlockingChecks
from readiness.grants.models import Grant
from readiness.scoring.core.states import Verdict
from readiness.scoring.models import CheckResult, SiteScore
from web.visibility import name_of

FROZEN = (
    *("check_id", "gate", "state", "measured_state", "reason", "value", "unit", "threshold_text"),
    *("taken_at", "evidence", "tier"),
)


def exceptions_of(site: Site, *, now: datetime) -> list[Grant]:
    """Signed go-live exceptions that are in force."""
    exceptions = Grant.objects.in_force(now).filter(site=site, kind=Grant.Kind.EXCEPTION)
    return list(exceptions.select_related("requested_by", "approver").order_by("check_id"))


def standing_of(site: Site) -> BlockingChecks:
    """The BLOCK checks by the last evaluation; one statement."""
    score = SiteScore.objects.filter(site=site).only("verdict", "deciding", "failure").first()
    if score is None or not score.verdict:
        return BlockingChecks(False, (), score.failure if score else "")
    held = score.verdict == Verdict.NOT_READY
    # Where no check applies, nothing is proved, and a site cannot go live on that.
    judged = not held or bool(score.deciding)
    return BlockingChecks(judged, tuple(score.deciding) if held else (), score.failure)


def frozen(site: Site, framework: Framework, *, now: datetime) -> dict[str, Any]:
    """BLOCK checks, verdict and exceptions as they are now, as plain values."""
    score = SiteScore.objects.get(site=site)
    excepted = {grant.check_id: grant for grant in exceptions_of(site, now=now)}
    results = CheckResult.objects.filter(site=site, gate=Gate.BLOCK).order_by("pillar", "check_id")
    return {
        "verdict": score.verdict,
        "verdict_reason": score.verdict_reason,
        "score": score.score,
        "evaluated_at": score.evaluated_at.isoformat(),
        "checks": [_check(row, framework, excepted) for row in results.values(*FROZEN)],
        "exceptions": [_exception(grant) for grant in excepted.values()],
    }


def _check(row: Mapping[str, Any], framework: Framework, excepted: Mapping[str, Grant]) -> dict[str, Any]:
    check = framework.checks_by_id.get(row["check_id"])
    grant = excepted.get(row["check_id"])
    return dict(row) | {
        "name": check.name if check else row["check_id"],
        "taken_at": row["taken_at"].isoformat() if row["taken_at"] else None,
        "exception": grant.pk if grant else None,
    }


def seen(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A frozen copy with names as the present reader may see them."""
    named = [
        row | {key: name_of(row[key]) for key in ("requested_by", "approver") if row.get(key)}
        for row in snapshot.get("exceptions", ())
    ]
    return snapshot | {"exceptions": named} if named else snapshot


def _exception(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.pk,
        "check_id": grant.check_id,
        "reason": grant.reason,
        "requested_by": str(grant.requested_by),
        "approver": str(grant.approver),
        "ends_at": grant.ends_at.isoformat(),
    }
