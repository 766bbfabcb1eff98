"""Pages and endpoint of actions, under /actions/ and /api/loop/actions/."""

from readiness.loop.actions.kinds import ACTION
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("actions", ACTION.viewset)

urlpatterns = [*addresses(ACTION)]
