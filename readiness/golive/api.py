"""Endpoints of this room."""

from readiness.golive.campaigns.api import CampaignViewSet, ItemViewSet
from readiness.golive.reviews.api import ActionViewSet, ApproverViewSet, ReviewViewSet
from readiness.golive.worklist.api import WorkItemViewSet
from web.rest.router import Router

router = Router()
router.register("worklist", WorkItemViewSet)
router.register("campaigns", CampaignViewSet)
router.register("campaign-items", ItemViewSet)
router.register("reviews", ReviewViewSet)
router.register("review-actions", ActionViewSet)
router.register("review-approvers", ApproverViewSet)
