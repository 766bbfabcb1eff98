"""Reviews, the state of a site at the decision, the snapshot that a review keeps, and what blocks a go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from inventory.models import Site
from readiness.assessment.evidence.core.reviews import ReviewCounts, counted
from readiness.assessment.evidence.models import Review, ReviewAction, SignOff
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.golive.models import Approver
from web.units import how_many
from web.visibility import name_of
from web.workflows import second

CHECK = "p4-golive-review"
"""The check that a review proves; a review is not judged by its own check."""


@dataclass(frozen=True, slots=True)
class BlockingChecks:
    """A site's BLOCK checks at an instant: `blocking` ones hold it back without an exception. `failure` says why the
    site could not be evaluated since.
    """

    judged: bool
    blocking: tuple[str, ...]
    failure: str = ""

    @property
    def held_by(self) -> tuple[str, ...]:
        return tuple(check_id for check_id in self.blocking if check_id != CHECK)


FROZEN = (
    *("check_id", "gate", "state", "measured_state", "reason", "value", "unit", "threshold_text"),
    *("taken_at", "evidence", "tier"),
)


def exceptions_of(site: Site, *, now: datetime) -> list[Grant]:
    exceptions = Grant.objects.only_in_force(now).filter(site=site, kind=Grant.Kind.EXCEPTION)
    return list(exceptions.select_related("requested_by", "approver").order_by("check_id"))


def standing_of(site: Site) -> BlockingChecks:
    score = SiteScore.objects.filter(site=site).only("verdict", "deciding", "failure").first()
    if score is None or not score.verdict:
        return BlockingChecks(False, (), score.failure if score else "")
    is_held = score.verdict == Verdict.NOT_READY
    # If no check applies, nothing is proved, so the site cannot go live.
    is_judged = not is_held or bool(score.deciding)
    return BlockingChecks(is_judged, tuple(score.deciding) if is_held else (), score.failure)


def frozen(site: Site, framework: Framework, *, now: datetime) -> dict[str, Any]:
    score = SiteScore.objects.get(site=site)
    excepted = {grant.check_id: grant for grant in exceptions_of(site, now=now)}
    results = CheckResult.objects.filter(site=site, gate=Gate.BLOCK).order_by("pillar", "check_id")
    return {
        "verdict": score.verdict,
        "verdict_reason": score.verdict_reason,
        "score": score.score,
        "evaluated_at": score.evaluated_at.isoformat(),
        "checks": [_frozen_check(row, framework, excepted) for row in results.values(*FROZEN)],
        "exceptions": [_frozen_exception(grant) for grant in excepted.values()],
    }


def _frozen_check(
    row: Mapping[str, Any], framework: Framework, excepted: Mapping[str, Grant]
) -> dict[str, Any]:
    check = framework.checks_by_id.get(row["check_id"])
    grant = excepted.get(row["check_id"])
    return dict(row) | {
        "name": check.name if check else row["check_id"],
        "taken_at": row["taken_at"].isoformat() if row["taken_at"] else None,
        "exception": grant.pk if grant else None,
    }


def seen(snapshot: dict[str, Any]) -> dict[str, Any]:
    exceptions = [
        row | {key: name_of(row[key]) for key in ("requested_by", "approver") if row.get(key)}
        for row in snapshot.get("exceptions", ())
    ]
    return snapshot | {"exceptions": exceptions} if exceptions else snapshot


def _frozen_exception(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.pk,
        "check_id": grant.check_id,
        "reason": grant.reason,
        "requested_by": str(grant.requested_by),
        "approver": str(grant.approver),
        "ends_at": grant.ends_at.isoformat(),
    }


YEARLY = timedelta(days=365)
"""How long a review holds if the framework in force does not say [S32, once a year]."""


@dataclass(frozen=True, slots=True)
class SitesReview:
    """The reviews of a site. `newest_go` is the newest go, `open` the review under way."""

    newest_go: Review | None
    open: Review | None
    holds_until: datetime | None
    is_due: bool


def reviews() -> QuerySet[Review]:
    joined = Review.objects.select_related("site", "opened_by", "ended_by", "framework_version")
    return joined.defer("snapshot", "framework_version__definition").annotate(
        signed=Count("sign_offs", filter=Q(sign_offs__state=SignOff.State.SIGNED), distinct=True),
        open_actions=Count("actions", filter=Q(actions__closed_at=None), distinct=True),
        approval_flags=second.flags_of(Review),
    )


def whole_reviews() -> QuerySet[Review]:
    return (
        reviews()
        .defer(None)
        .defer("framework_version__definition")
        .prefetch_related(
            Prefetch("sign_offs", SignOff.objects.select_related("approver", "signed_by").order_by("id")),
            Prefetch("actions", ReviewAction.objects.select_related("owner", "opened_by", "closed_by")),
        )
    )


def validity(framework: Framework) -> timedelta:
    check = framework.checks_by_id.get(CHECK)
    part = next((each for each in check.parts if each.id == "signatures-missing"), None) if check else None
    seconds = part.validity.max_age_s if part else None
    return timedelta(seconds=seconds) if seconds else YEARLY


def holds_until(review: Review, framework: Framework) -> datetime | None:
    if review.state != Review.State.GO or review.ended_at is None:
        return None
    return review.ended_at + validity(framework)


def sites_review(site: Site, *, now: datetime) -> SitesReview:
    _version, framework = framework_queries.current()
    newest = Review.objects.filter(site=site).select_related("ended_by").defer("snapshot")
    newest_go = under_way = None
    for review in newest.filter(state__in=[Review.State.OPEN, Review.State.GO]).order_by("-opened_at", "-id"):
        if review.is_open:
            under_way = review
        elif newest_go is None:
            newest_go = review
    until = holds_until(newest_go, framework) if newest_go else None
    return SitesReview(newest_go, under_way, until, until is not None and until <= now)


@dataclass(frozen=True, slots=True)
class GateSnapshot:
    at: datetime | None
    version: str
    snapshot: dict[str, Any]
    obstacles: tuple[str, ...]


def gate_of(review: Review, *, now: datetime) -> GateSnapshot:
    if review.snapshot is not None and review.framework_version is not None:
        return GateSnapshot(review.ended_at, review.framework_version.version, review.snapshot, ())
    if not review.is_open:
        return GateSnapshot(None, "", {}, ())
    version, framework = framework_queries.current()
    reasons = tuple(obstacles(counts_of(review), standing_of(review.site), framework))
    is_judged = SiteScore.objects.filter(site=review.site).exists()
    snapshot = frozen(review.site, framework, now=now) if is_judged else {}
    return GateSnapshot(now, version.version, snapshot, reasons)


def approvers() -> QuerySet[Approver]:
    return Approver.objects.select_related("user", "site")


def obstacles(counts: ReviewCounts, standing: BlockingChecks, framework: Framework) -> list[str]:
    counts_with_words = (
        (counts.signatures_missing, "signature is missing.", "signatures are missing."),
        (counts.critical, "critical action is open.", "critical actions are open."),
        (counts.undated, "open action has no date.", "open actions have no date."),
    )
    sentences = [how_many(number, one, many) for number, one, many in counts_with_words if number]
    if standing.failure:
        sentences.append(f"The site could not be evaluated: {standing.failure}")
    if not standing.judged:
        sentences.append("Nothing proves the site: no BLOCK check was judged.")
    if check_ids := standing.held_by:
        checks_by_id = framework.checks_by_id
        names = [
            checks_by_id[check_id].name if check_id in checks_by_id else check_id
            for check_id in check_ids[:5]
        ]
        checks = "; ".join(names) + (f"; and {len(check_ids) - 5} more" if len(check_ids) > 5 else "")
        blocking = how_many(len(check_ids), "BLOCK check is", "BLOCK checks are")
        sentences.append(f"{blocking} not acceptable and not under an exception: {checks}.")
    return sentences


def counts_of(review: Review) -> ReviewCounts:
    signed = review.sign_offs.filter(state=SignOff.State.SIGNED).values_list("domain", flat=True)
    actions = review.actions.filter(closed_at=None).values_list("critical", "due_on")
    return counted(list(signed), list(actions))
