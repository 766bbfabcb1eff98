"""The thirteen kinds of inventory objects: declarations of their lists, pages, forms and endpoints."""

from inventory.kinds.connections import COOLING_UNIT, LINK, PORT, POWER_FEED
from inventory.kinds.hardware import ACCELERATOR, DEVICE, DEVICE_NAME, DEVICE_TYPE, MANUFACTURER, RACK
from inventory.kinds.places import CAPACITY_EVENT, REGION, SITE

KINDS = (
    *(
        SITE,
        REGION,
        RACK,
        DEVICE,
        DEVICE_NAME,
        ACCELERATOR,
        PORT,
        LINK,
        POWER_FEED,
        COOLING_UNIT,
        CAPACITY_EVENT,
    ),
    *(DEVICE_TYPE, MANUFACTURER),
)
