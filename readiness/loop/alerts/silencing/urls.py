"""Pages of silences and windows, under /silences/."""

from django.urls import path

from readiness.loop.alerts.silencing import views
from readiness.loop.alerts.silencing.kinds import SILENCE, WINDOW
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("silences", SILENCE.viewset)
router.register("windows", WINDOW.viewset)

urlpatterns = [
    path("calendar/", views.calendar, name="silence-calendar"),
    *addresses(WINDOW),
    *addresses(SILENCE),
]
