"""Claim rows for every site whose evidence a write touched, bulk writes included."""

from functools import partial

from inventory.models.triggers import OWN_SITE
from inventory.models.triggers import claims as claims_of

SITES_OF_PLATFORM = (
    "SELECT run.site_id FROM {rows} AS changed"
    " JOIN evidence_validationrun AS run ON lower(run.platform) = lower(changed.platform)"
)

__all__ = ["OWN_SITE", "SITES_OF_PLATFORM", "claims"]

claims = partial(claims_of, origin="evidence")
