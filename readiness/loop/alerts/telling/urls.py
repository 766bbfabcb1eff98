"""Addresses of escalation routes, and of what users are told of."""

from django.urls import path

from readiness.loop.alerts.telling import views
from readiness.loop.alerts.telling.api import SubscriptionViewSet
from readiness.loop.alerts.telling.kinds import LEVEL, ROUTE
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("escalations", ROUTE.viewset)
router.register("escalation-levels", LEVEL.viewset)
router.register("subscriptions", SubscriptionViewSet)

urlpatterns = [
    path("settings/alerts/", views.alert_settings, name="alert-settings"),
    path("settings/alerts/subscribe/", views.subscribe, name="subscription-add"),
    path("settings/alerts/<int:pk>/unsubscribe/", views.unsubscribe, name="subscription-delete"),
    *addresses(LEVEL),
    *addresses(ROUTE),
]
