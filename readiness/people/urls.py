"""Pages of people and teams, under /people/, and of one's own person, under /settings/person/."""

from django.urls import path

from readiness.people import views

urlpatterns = [
    path("", views.people, name="people"),
    path("add/", views.add_person, name="person-add"),
    path("<int:pk>/", views.person, name="person"),
    path("<int:pk>/edit/", views.edit_person, name="person-edit"),
    path("<int:pk>/link/", views.request_link, name="person-link"),
    path("<int:pk>/unlink/", views.unlink, name="person-unlink"),
    path("teams/", views.teams, name="teams"),
    path("teams/add/", views.add_team, name="team-add"),
    path("teams/<int:pk>/", views.team, name="team"),
    path("teams/<int:pk>/edit/", views.edit_team, name="team-edit"),
]

own = [
    path("", views.own, name="own-person"),
    path("<int:pk>/confirm/", views.confirm_link, name="own-person-confirm"),
    path("<int:pk>/unlink/", views.unlink_own, name="own-person-unlink"),
]
