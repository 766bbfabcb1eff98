"""Pages and endpoint of heartbeats."""

from readiness.loop.alerts.heartbeat.kinds import HEARTBEAT_TARGET
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("heartbeats", HEARTBEAT_TARGET.viewset)
urlpatterns = [*addresses(HEARTBEAT_TARGET)]
