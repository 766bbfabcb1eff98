"""Pages of people and teams, under /people/, and of one's own person, under /settings/person/."""

from django.urls import path

from readiness.organisation.people import views
from readiness.organisation.people.erasure import views as erasure
from readiness.organisation.people.kinds import KINDS, PEOPLE, TEAMS
from readiness.organisation.people.on_call_week import views as on_call_week
from readiness.organisation.people.skill_matrix import views as skill_matrix
from readiness.organisation.people.team_calendar import views as team_calendar
from web.kinds.addresses import addresses

urlpatterns = [
    path("", views.people, name="people"),
    path("<int:pk>/export/", views.export, name="person-export"),
    path("<int:pk>/erase/", erasure.erase, name="person-erase"),
    path("oncall/", views.duty_page, name="on-call"),
    path("oncall/ahead/", views.cover_page, name="cover-ahead"),
    path("oncall/ahead/chart.<str:form>", views.cover_chart, name="cover-chart"),
    path("oncall/week/", on_call_week.page, name="on-call-week"),
    path("oncall/hours/", views.hours, name="on-call-hours"),
    path("swaps/<int:pk>/", views.STEPS.object_page, name="swap"),
    *views.STEPS.routes("swaps/<int:pk>/"),
    path("coverage/", views.coverage, name="coverage"),
    path("coverage/<slug:slug>/", views.site_coverage, name="site-coverage"),
    path("matrix/", skill_matrix.matrix, name="skill-matrix"),
    path("calendar/", team_calendar.calendar, name="team-calendar"),
    path("surveys/<int:pk>/answer/", views.answer, name="survey-answer"),
    path("surveys/<int:pk>/results/", views.results, name="survey-results"),
    path("surveys/<int:pk>/results/chart.<str:form>", views.results_chart, name="survey-results-chart"),
    *(address for kind in KINDS for address in addresses(kind)),
    *addresses(TEAMS),
    *addresses(PEOPLE),
]

own = [
    path("", views.own, name="own-person"),
    path("<int:pk>/export/", views.export_own, name="own-person-export"),
    path("<int:pk>/traces/", erasure.own_traces, name="own-person-traces"),
    path("<int:pk>/confirm/", views.confirm_link, name="own-person-confirm"),
    path("<int:pk>/unlink/", views.unlink_own, name="own-person-unlink"),
]
