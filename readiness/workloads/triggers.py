"""Claim rows for every site whose workloads' envelope or placement a write touched, bulk writes included."""

import pgtrigger

from inventory.models.triggers import CLAIM_NAMES, ROWS, PerStatement

OWN_SITE = "SELECT site_id FROM {rows} AS changed"
SITES_OF_CLASS = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.id"
)
SITES_OF_SERVED_REGION = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = changed.workload_class_id"
)
SITES_OF_USER_REGION = (
    "SELECT placement.site_id FROM {rows} AS changed"
    " JOIN workloads_servedregion AS served ON served.user_region_id = changed.id"
    " JOIN workloads_placement AS placement ON placement.workload_class_id = served.workload_class_id"
)


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
        f" SELECT DISTINCT touched.site_id, 'workload' FROM ({touched}) AS touched (site_id) ORDER BY 1;"
        " RETURN NULL;"
    )
