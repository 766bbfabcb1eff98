"""Pages of go-live reviews, under /readiness/reviews/."""

from django.urls import path

from readiness.golive.reviews import views

urlpatterns = [
    path("", views.reviews, name="reviews"),
    path("open/", views.open_review, name="review-open"),
    path("approvers/", views.approvers, name="approvers"),
    path("approvers/add/", views.add_approver, name="approver-add"),
    path("approvers/<int:pk>/", views.approver, name="approver"),
    path("approvers/<int:pk>/remove/", views.remove_approver, name="approver-remove"),
    path("<int:pk>/", views.review, name="review"),
    path("<int:pk>/name/<slug:domain>/", views.name_approver, name="review-name"),
    path("<int:pk>/actions/add/", views.add_action, name="review-action-add"),
    path("actions/<int:pk>/", views.action, name="review-action"),
    path("actions/<int:pk>/edit/", views.edit_action, name="review-action-edit"),
    *views.STEPS.routes(),
    *views.ACTION_STEPS.routes("actions/<int:pk>/"),
]
