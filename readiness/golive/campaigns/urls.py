"""Pages of validation campaigns, under /readiness/campaigns/."""

from django.urls import path

from readiness.golive.campaigns import views

urlpatterns = [
    path("", views.campaigns, name="campaigns"),
    path("add/", views.add, name="campaign-add"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/edit/", views.edit, name="campaign-edit"),
    path("<int:pk>/repeat/", views.repeat, name="campaign-repeat"),
    path("<int:pk>/start/", views.start, name="campaign-start"),
    path("<int:pk>/finish/", views.finish, name="campaign-finish"),
    path("<int:pk>/cancel/", views.cancel, name="campaign-cancel"),
    path("<int:pk>/delete/", views.delete, name="campaign-delete"),
    path("<int:pk>/items/add/", views.add_item, name="campaign-item-add"),
    path("items/<int:pk>/", views.item, name="campaign-item"),
    path("items/<int:pk>/edit/", views.edit_item, name="campaign-item-edit"),
    path("items/<int:pk>/drop/", views.drop_item, name="campaign-item-drop"),
    path("items/<int:pk>/restore/", views.restore_item, name="campaign-item-restore"),
]
