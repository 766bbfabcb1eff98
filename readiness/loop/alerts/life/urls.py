"""Addresses of the pages and endpoints of alerts."""

from django.urls import path

from readiness.loop.alerts.life.api import AlertViewSet
from readiness.loop.alerts.life.views import alerts
from web.rest.viewsets import Router

router = Router()
router.register("alerts", AlertViewSet)

urlpatterns = [path("", alerts, name="alerts")]
