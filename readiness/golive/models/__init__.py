"""Models of this room: campaigns and their items, approvers of reviews, the worklist."""

from readiness.golive.models.campaigns import ENDED, Campaign, CampaignItem, Progress, RunTarget
from readiness.golive.models.reviews import Approver
from readiness.golive.models.worklist import (
    LIVE,
    MOST_COST,
    WorkItem,
    WorkItemQuerySet,
    WorkPlan,
    WorkPlanStep,
)

__all__ = [
    "ENDED",
    "LIVE",
    "MOST_COST",
    "Approver",
    "Campaign",
    "CampaignItem",
    "Progress",
    "RunTarget",
    "WorkItem",
    "WorkItemQuerySet",
    "WorkPlan",
    "WorkPlanStep",
]
