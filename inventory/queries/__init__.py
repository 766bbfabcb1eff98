"""Inventory queries for other rooms: frozen rows for many sites, in a fixed number of statements."""

from inventory.core import Equipment, SiteFacts
from inventory.queries.capacity import (
    Capacity,
    CapacityStep,
    StageStep,
    capacity_events,
    deployed,
    end_of_day,
    stage_history,
)
from inventory.queries.facts import Feed, power_feeds, site_facts
