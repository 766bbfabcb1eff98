"""The inventory's REST endpoints."""

from inventory.api import viewsets
from web.rest.router import Router

router = Router()
router.register("regions", viewsets.RegionViewSet)
router.register("sites", viewsets.SiteViewSet)
router.register("manufacturers", viewsets.ManufacturerViewSet)
router.register("device-types", viewsets.DeviceTypeViewSet)
router.register("racks", viewsets.RackViewSet)
router.register("devices", viewsets.DeviceViewSet)
router.register("accelerators", viewsets.AcceleratorViewSet)
router.register("ports", viewsets.PortViewSet)
router.register("links", viewsets.LinkViewSet)
router.register("power-feeds", viewsets.PowerFeedViewSet)
router.register("cooling-units", viewsets.CoolingUnitViewSet)
router.register("capacity-events", viewsets.CapacityEventViewSet)
