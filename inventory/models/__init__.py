"""Models of what exists: places, hardware, power and cooling, and the dated events that added or removed capacity."""

from inventory.models.capacity import CapacityEvent, SiteChange
from inventory.models.facility import CoolingUnit, PowerFeed
from inventory.models.hardware import Accelerator, Device, DeviceType, Manufacturer, Rack
from inventory.models.network import Link, Port
from inventory.models.places import DomainChoices, Region, Site
