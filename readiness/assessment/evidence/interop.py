"""Linked products at sites, and devices of records as they were at the test; two statements for any number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from inventory.models import Port
from readiness.assessment.evidence import rows
from readiness.assessment.evidence.core.interop import End, is_record
from readiness.assessment.evidence.core.proving.interop import Installed, JudgedPair, Tested, judged_pairs
from readiness.assessment.evidence.core.proving.values import Run
from readiness.assessment.evidence.ground import NETWORK_ROLES
from readiness.assessment.evidence.models import RunDevice
from readiness.assessment.framework.core.definition import Check, Framework

_LINKED = """
SELECT link.site_a_id, maker_a.name, type_a.model, a.role, a.software_version, a.firmware_version,
    maker_b.name, type_b.model, b.role, b.software_version, b.firmware_version,
    port_a.kind, port_b.kind, count(*), count(*) FILTER (WHERE port_a.back_end OR port_b.back_end)
FROM inventory_link link
JOIN inventory_port port_a ON port_a.id = link.port_a_id JOIN inventory_port port_b ON port_b.id = link.port_b_id
JOIN inventory_device a ON a.id = port_a.device_id JOIN inventory_device b ON b.id = port_b.device_id
JOIN inventory_devicetype type_a ON type_a.id = a.device_type_id
JOIN inventory_devicetype type_b ON type_b.id = b.device_type_id
JOIN inventory_manufacturer maker_a ON maker_a.id = type_a.manufacturer_id
JOIN inventory_manufacturer maker_b ON maker_b.id = type_b.manufacturer_id
WHERE link.site_a_id = ANY(%(sites)s) AND link.kind <> 'wan' AND a.id <> b.id
    AND port_a.status = 'active' AND port_b.status = 'active'
    AND a.status NOT IN ('planned', 'retired') AND b.status NOT IN ('planned', 'retired')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
"""


def end_of(vendor: str, model: str, role: str, software: str, firmware: str) -> End:
    return End(vendor, model, software if role in NETWORK_ROLES else "", firmware)


def installed_pairs(site_ids: Collection[int]) -> dict[int, list[Installed]]:
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, {"sites": sorted(site_ids)})
        linked = cursor.fetchall()
    pairs_by_site: dict[int, dict[object, Installed]] = defaultdict(dict)
    for site_id, *cells in linked:
        ends = sorted([end_of(*cells[:5]), end_of(*cells[5:10])])
        *_, kind_a, kind_b, links, back_end = cells
        infiniband = kind_a == kind_b == Port.Kind.INFINIBAND
        installed = Installed((ends[0], ends[1]), links, back_end, not infiniband)
        earlier = pairs_by_site[site_id].get(installed.key)
        pairs_by_site[site_id][installed.key] = installed if earlier is None else earlier + installed
    return {
        site_id: sorted(pairs.values(), key=lambda pair: pair.ends)
        for site_id, pairs in pairs_by_site.items()
    }


def recorded_runs(runs: Iterable[Run]) -> list[Run]:
    return [run for run in runs if not run.doubt and any(is_record(figure.name) for figure in run.figures)]


def tested_ends(runs: Sequence[Run]) -> Tested:
    ends_by_run: dict[int, dict[str, End]] = defaultdict(dict)
    if not runs:
        return ends_by_run
    of_type = ("device__device_type__manufacturer__name", "device__device_type__model", "device__role")
    run_devices = RunDevice.objects.filter(run_id__in=[run.id for run in runs]).order_by()
    for run_id, name, *end in run_devices.values_list(
        "run_id", "device__name", *of_type, "software_version", "firmware_version"
    ):
        ends_by_run[run_id][name.lower()] = end_of(*end)
    return ends_by_run


def pairs_of_records(
    check: Check | None, records: Mapping[int, Sequence[Run]], now: datetime
) -> dict[int, list[JudgedPair]]:
    runs_by_site = {site_id: of_site for site_id, of_site in records.items() if of_site}
    if check is None or not runs_by_site:
        return {}
    installed = installed_pairs(runs_by_site)
    tested = tested_ends([run for of_site in runs_by_site.values() for run in of_site])
    return {
        site_id: judged_pairs(check, installed.get(site_id, []), of_site, tested, now)
        for site_id, of_site in runs_by_site.items()
    }


def pairs_at(
    site_ids: Collection[int], framework: Framework, check: Check, *, now: datetime
) -> dict[int, list[JudgedPair]]:
    runs = rows.runs(sorted(site_ids), [], framework, now)
    records = {site_id: recorded_runs(each.newest) for site_id, each in runs.items()}
    tested = tested_ends([run for of_site in records.values() for run in of_site])
    return {
        site_id: judged_pairs(check, pairs, records.get(site_id, []), tested, now)
        for site_id, pairs in installed_pairs(site_ids).items()
    }
