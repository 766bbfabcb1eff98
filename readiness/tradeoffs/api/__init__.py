"""Endpoints of what is known of sites: `factors/`, `latencies/`, `rates/`."""

from readiness.tradeoffs.api.factors import SiteFactorViewSet
from readiness.tradeoffs.api.latencies import LatencyViewSet
from readiness.tradeoffs.api.rates import RateViewSet
from web.rest.router import Router

router = Router()
router.register("factors", SiteFactorViewSet)
router.register("latencies", LatencyViewSet)
router.register("rates", RateViewSet)
