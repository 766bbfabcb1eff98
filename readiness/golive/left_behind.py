"""The kinds of rows about going live that wait for a leaver: items, actions, runs and signatures."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from readiness.assessment.evidence.models import ReviewAction, SignOff
from readiness.golive.models import Approver, CampaignItem, WorkItem
from web import leaving, links


def register() -> None:
    for name, title, rows, permission, page in (
        ("work-items", "Items of the worklist", _work_items, "golive.view_workitem", links.page_url),
        ("review-actions", "Actions of reviews", _actions, "evidence.view_reviewaction", _page_of_action),
        ("campaign-items", "Runs of campaigns", _runs, "golive.view_campaignitem", links.page_url),
        ("signatures", "Signatures for reviews", _signatures, "evidence.view_review", _page_of_signature),
        ("approvers", "Domains that they sign for", _approvers, "golive.view_approver", _page_of_approver),
    ):
        leaving.register(name, title, leaving.AfterLeaving.WAITS, rows, permission=permission, page=page)


def _work_items(person: User, *, now: datetime) -> QuerySet[WorkItem]:
    return WorkItem.objects.live().filter(owner=person).select_related("site").order_by("pk")


def _actions(person: User, *, now: datetime) -> QuerySet[ReviewAction]:
    return ReviewAction.objects.filter(owner=person, closed_at=None).order_by("pk")


def _runs(person: User, *, now: datetime) -> QuerySet[CampaignItem]:
    unfinished = CampaignItem.objects.filter(assignee=person, dropped_by=None, campaign__ended_at=None)
    return unfinished.order_by("pk")


def _signatures(person: User, *, now: datetime) -> QuerySet[SignOff]:
    return SignOff.objects.filter(approver=person, state=SignOff.State.WAITING).order_by("pk")


def _approvers(person: User, *, now: datetime) -> QuerySet[Approver]:
    return Approver.objects.filter(user=person).select_related("user").order_by("pk")


def _page_of_action(action: Any) -> str:
    return links.link("review", action.review_id)


def _page_of_signature(signature: Any) -> str:
    return links.link("review", signature.review_id)


def _page_of_approver(approver: Any) -> str:
    return links.link("approver", approver.pk)
