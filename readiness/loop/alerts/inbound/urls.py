"""Pages of other systems, and the addresses that webhooks are sent to."""

from django.urls import path

from readiness.loop.alerts.inbound import views
from readiness.loop.alerts.inbound.kinds import ALERT_SENDER, INBOUND_ALERT, INBOUND_RULE
from readiness.loop.alerts.inbound.receive import ADDRESSES
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("inbound", INBOUND_ALERT.viewset)
router.register("inbound-senders", ALERT_SENDER.viewset)
router.register("inbound-rules", INBOUND_RULE.viewset)

webhooks = [
    path(address.removeprefix("/"), views.webhook, name=f"inbound-{kind}")
    for address, kind in ADDRESSES.items()
]
urlpatterns = [
    path("try/", views.trial, name="inbound-trial"),
    *addresses(ALERT_SENDER),
    *addresses(INBOUND_RULE),
    *addresses(INBOUND_ALERT),
]
