"""Pages of people and teams, under /people/."""

from django.urls import path

from readiness.people import views

urlpatterns = [
    path("", views.people, name="people"),
    path("add/", views.add_person, name="person-add"),
    path("<int:pk>/", views.person, name="person"),
    path("<int:pk>/edit/", views.edit_person, name="person-edit"),
    path("teams/", views.teams, name="teams"),
    path("teams/add/", views.add_team, name="team-add"),
    path("teams/<int:pk>/", views.team, name="team"),
    path("teams/<int:pk>/edit/", views.edit_team, name="team-edit"),
]
