"""Models for going live: validation campaigns, the people who may sign, the worklist."""

from readiness.golive.campaigns.models import Campaign, CampaignItem
from readiness.golive.reviews.models import Approver
from readiness.golive.worklist.models import WorkItem

__all__ = ["Approver", "Campaign", "CampaignItem", "WorkItem"]
