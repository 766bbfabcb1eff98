"""Models of the inventory: places, hardware, power and cooling, and dated capacity events."""

from inventory.models.capacity import CapacityEvent, SiteChange
from inventory.models.facility import CoolingUnit, PowerFeed
from inventory.models.hardware import Accelerator, Device, DeviceType, Manufacturer, Rack
from inventory.models.names import DeviceName
from inventory.models.network import Link, Port
from inventory.models.places import DomainChoices, Region, Site
