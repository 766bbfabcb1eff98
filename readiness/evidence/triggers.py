"""Claim rows for every site whose evidence a write touched, bulk writes included."""

import pgtrigger

from inventory.models.triggers import CLAIM_NAMES, OWN_SITE, ROWS, PerStatement

SITES_OF_PLATFORM = (
    "SELECT run.site_id FROM {rows} AS changed"
    " JOIN evidence_validationrun AS run ON lower(run.platform) = lower(changed.platform)"
)

__all__ = ["OWN_SITE", "SITES_OF_PLATFORM", "claims"]


def claims(sites: str, *operations: pgtrigger.Operation) -> list[PerStatement]:
    """A SiteChange for each site of the rows written; `sites` is one of the SELECTs above."""
    return [
        PerStatement(
            name=CLAIM_NAMES[operation], operation=operation, func=_insert_claims(sites, ROWS[operation])
        )
        for operation in operations or CLAIM_NAMES
    ]


def _insert_claims(sites: str, rows: list[str]) -> str:
    touched = " UNION ".join(sites.format(rows=part) for part in rows)
    return (
        "INSERT INTO inventory_sitechange (site_id, origin)"
        f" SELECT DISTINCT touched.site_id, 'evidence' FROM ({touched}) AS touched (site_id) ORDER BY 1;"
        " RETURN NULL;"
    )
