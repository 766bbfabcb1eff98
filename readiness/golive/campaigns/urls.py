"""Pages of validation campaigns, under /readiness/campaigns/."""

from django.urls import path

from readiness.golive.campaigns import views

urlpatterns = [
    path("", views.campaigns, name="campaigns"),
    path("add/", views.add, name="campaign-add"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/edit/", views.edit, name="campaign-edit"),
    path("<int:pk>/repeat/", views.repeat, name="campaign-repeat"),
    path("<int:pk>/items/add/", views.add_item, name="campaign-item-add"),
    path("items/<int:pk>/", views.item, name="campaign-item"),
    path("items/<int:pk>/edit/", views.edit_item, name="campaign-item-edit"),
    *views.STEPS.routes(),
    *views.ITEM_STEPS.routes("items/<int:pk>/"),
]
