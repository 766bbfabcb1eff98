"""Claim rows for every site whose workloads' envelope or placement a write touched, bulk writes included."""

from functools import partial

from inventory.models.triggers import OWN_SITE
from inventory.models.triggers import claims as claims_of

__all__ = ["OWN_SITE", "SITES_OF_CLASS", "SITES_OF_CLASS_ROW", "SITES_OF_USER_REGION", "claims"]

SITES_OF_CLASS = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.id"
)
SITES_OF_CLASS_ROW = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)
SITES_OF_USER_REGION = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_servedregion AS served ON served.user_region_id = changed.id"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = served.workload_class_id"
)

claims = partial(claims_of, origin="workload")
