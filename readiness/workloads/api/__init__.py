"""Endpoints of workload classes, the user regions they serve, and where they are placed.

`router` holds those under /api/readiness/, `tradeoffs_router` those under /api/tradeoffs/. A class is written whole at
the latter; at the former by name, latency limit and user regions.
"""

from readiness.workloads.api.placements import PlacementViewSet, UserRegionViewSet, WorkloadClassViewSet
from readiness.workloads.api.workloads import WorkloadViewSet
from web.rest.router import Router

router = Router()
router.register("user-regions", UserRegionViewSet)
router.register("workload-classes", WorkloadClassViewSet, basename="workloads-api-workload-limit")
router.register("placements", PlacementViewSet)

tradeoffs_router = Router()
tradeoffs_router.register("workloads", WorkloadViewSet)
