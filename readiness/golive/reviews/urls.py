"""Pages of go-live reviews, under /readiness/reviews/."""

from django.urls import path

from readiness.golive.reviews.views import pages, people

urlpatterns = [
    path("", pages.reviews, name="reviews"),
    path("open/", pages.open_review, name="review-open"),
    path("approvers/", people.approvers, name="approvers"),
    path("approvers/add/", people.add, name="approver-add"),
    path("approvers/<int:pk>/", people.approver, name="approver"),
    path("approvers/<int:pk>/remove/", people.remove, name="approver-remove"),
    path("<int:pk>/", pages.review, name="review"),
    path("<int:pk>/name/<slug:domain>/", people.name, name="review-name"),
    path("<int:pk>/actions/add/", people.add_action, name="review-action-add"),
    path("actions/<int:pk>/", people.action, name="review-action"),
    path("actions/<int:pk>/edit/", people.edit_action, name="review-action-edit"),
    *pages.STEPS.routes(),
    *people.ACTION_STEPS.routes("actions/<int:pk>/"),
]
