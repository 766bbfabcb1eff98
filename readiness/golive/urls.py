"""Pages of campaigns, reviews and the worklist, under /readiness/."""

from django.urls import path

from readiness.golive.campaigns import views as campaigns
from readiness.golive.reviews import views as reviews
from readiness.golive.worklist import views as worklist

urlpatterns = [
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/add/", campaigns.add, name="campaign-add"),
    path("campaigns/<int:pk>/", campaigns.STEPS.object_page, name="campaign"),
    path("campaigns/<int:pk>/edit/", campaigns.edit, name="campaign-edit"),
    path("campaigns/<int:pk>/repeat/", campaigns.repeat, name="campaign-repeat"),
    path("campaigns/<int:pk>/items/add/", campaigns.add_item, name="campaign-item-add"),
    path("campaigns/items/<int:pk>/", campaigns.ITEM_STEPS.object_page, name="campaign-item"),
    path("campaigns/items/<int:pk>/edit/", campaigns.edit_item, name="campaign-item-edit"),
    *campaigns.STEPS.routes("campaigns/<int:pk>/"),
    *campaigns.ITEM_STEPS.routes("campaigns/items/<int:pk>/"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/open/", reviews.open_review, name="review-open"),
    path("reviews/approvers/", reviews.approvers, name="approvers"),
    path("reviews/approvers/add/", reviews.add_approver, name="approver-add"),
    path("reviews/approvers/<int:pk>/", reviews.approver, name="approver"),
    path("reviews/approvers/<int:pk>/remove/", reviews.remove_approver, name="approver-remove"),
    path("reviews/<int:pk>/", reviews.STEPS.object_page, name="review"),
    path("reviews/<int:pk>/name/<slug:domain>/", reviews.name_approver, name="review-name"),
    path("reviews/<int:pk>/actions/add/", reviews.add_action, name="review-action-add"),
    path("reviews/actions/<int:pk>/", reviews.action, name="review-action"),
    path("reviews/actions/<int:pk>/edit/", reviews.edit_action, name="review-action-edit"),
    *reviews.STEPS.routes("reviews/<int:pk>/"),
    *reviews.ACTION_STEPS.routes("reviews/actions/<int:pk>/"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("worklist/add/", worklist.add, name="worklist-add"),
    path("worklist/set/", worklist.set_status, name="work-items-set"),
    path("worklist/<int:pk>/", worklist.item, name="work-item"),
]
