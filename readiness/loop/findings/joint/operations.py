"""Open, hold and cancel joint reviews."""

from collections.abc import Collection
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import DomainChoices, Site
from readiness.loop.findings import proving
from readiness.loop.findings.models import UNSETTLED, Finding, JointReview, JointReviewItem
from web.workflows import Workflow, require

MAY_ADD = "findings.add_jointreview"
MAY_CHANGE = "findings.change_jointreview"
PLANNED, HELD, CANCELLED = JointReview.State.PLANNED, JointReview.State.HELD, JointReview.State.CANCELLED

REVIEWS = Workflow(
    model=JointReview,
    states=dict(JointReview.State.choices),
    joined=("site",),
    refusal="The joint review is {state}, so this is no longer possible.",
)


@transaction.atomic
def open_joint_review(
    *, name: str, planned_on: date, site: Site | None = None, by: User, now: datetime
) -> JointReview:
    """Open a joint review of a site, or of the whole fleet, with all findings that are open there on its agenda."""
    require(by, MAY_ADD)
    review = JointReview(name=name.strip(), site=site, planned_on=planned_on, opened_by=by, opened_at=now)
    review.clean_fields(exclude=["opened_by", "ended_by", "site"])
    review.save(force_insert=True)
    collect(review, now=now)
    return review


def collect(review: JointReview, *, now: datetime) -> int:
    """Put on the agenda what was raised or opened again since."""
    findings = Finding.objects.filter(Q(state__in=UNSETTLED), raised_at__lte=now)
    if review.site_id is not None:
        findings = findings.filter(site=review.site_id)
    agenda = review.items.values("finding")
    items = [
        JointReviewItem(review=review, finding=finding)
        for finding in findings.exclude(pk__in=agenda).order_by("pk")
    ]
    return len(JointReviewItem.objects.bulk_create(items))


@REVIEWS.step(after=(PLANNED,), any_of=(MAY_CHANGE,), words="")
def collect_again(review: JointReview, *, by: User, now: datetime) -> None:
    """Put on the agenda what was raised since."""
    collect(review, now=now)


@REVIEWS.step(
    after=(PLANNED,),
    any_of=(MAY_CHANGE,),
    words="record",
    must_say=True,
    longest=8000,
    fields=("domains", "had_operations", "had_planning"),
)
def hold(
    review: JointReview,
    *,
    record: str,
    domains: Collection[str] = (),
    had_operations: bool = False,
    had_planning: bool = False,
    by: User,
    now: datetime,
) -> None:
    """Keep the record: who took part, what was decided, and how each finding stands now."""
    if unknown := sorted(set(domains) - set(DomainChoices.values)):
        raise ValidationError({"domains": [f"There is no domain {', '.join(unknown)[:50]}."]})
    review.domains = [domain for domain in DomainChoices.values if domain in domains]
    review.had_operations, review.had_planning = had_operations, had_planning
    _end(review, HELD, record, by, now)
    for item in review.items.select_related("finding").order_by("pk"):
        item.state, item.reason = item.finding.state, item.finding.reason
        item.save(update_fields=["state", "reason"])
    proving.prove(site_ids=None if review.site_id is None else [review.site_id], now=now)


@REVIEWS.step(after=(PLANNED,), any_of=(MAY_CHANGE,), words="record", must_say=True)
def cancel_joint_review(review: JointReview, *, record: str, by: User, now: datetime) -> None:
    """Cancel it, with a reason."""
    _end(review, CANCELLED, record, by, now)


def _end(review: JointReview, state: JointReview.State, record: str, by: User, now: datetime) -> None:
    review.state, review.record, review.ended_by, review.ended_at = state, record, by, now
    review.save()
