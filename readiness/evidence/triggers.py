"""Claim rows for every site whose evidence a write touched, bulk writes included."""

from functools import partial

from inventory.models.triggers import OWN_SITE
from inventory.models.triggers import claims as claims_of

SITES_OF_PLATFORM = (
    "SELECT run.site_id FROM {rows} AS changed"
    " JOIN evidence_validationrun AS run ON lower(run.platform) = lower(changed.platform)"
)

SITES_OF_LIMIT = (
    "SELECT site_id FROM {rows} AS changed WHERE site_id IS NOT NULL"
    " UNION SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)

__all__ = ["OWN_SITE", "SITES_OF_LIMIT", "SITES_OF_PLATFORM", "claims"]

claims = partial(claims_of, origin="evidence")
