"""Parts in service at sites, for proving: nodes, accelerators, ports with their rates, and the classes served there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from readiness.assessment.evidence.core.proving.values import AcceleratorIdentity, ServedClass, SiteParts
from telemetry.binary import fetched
from telemetry.drift.queries import contradicted_places

# Parts in service by kind (1 nodes, 2 accelerators, 3 RDMA ports of nodes, 4 their other ports), 5 served classes.
_IN_SERVICE = """
SELECT 1 AS nth, site_id, id AS device_id, name, NULL::int AS number, NULL AS part, NULL AS model,
    NULL::float8 AS rate
FROM inventory_device
WHERE site_id = ANY(%(sites)s) AND status = 'active' AND role = 'node'
UNION ALL
SELECT 2, device.site_id, device_id, part.uuid, index, part.serial, product.model, NULL
FROM inventory_accelerator part JOIN inventory_device device ON device.id = device_id
    JOIN inventory_devicetype product ON product.id = part.device_type_id
WHERE device.site_id = ANY(%(sites)s) AND part.status = 'active' AND device.status = 'active'
UNION ALL
SELECT 3, device.site_id, device_id, device.name, NULL, port.name, NULL, port.speed_gbps
FROM inventory_port port JOIN inventory_device device ON device.id = device_id
WHERE device.site_id = ANY(%(sites)s) AND port.status = 'active' AND device.status = 'active' AND device.role = 'node'
    AND port.kind IN ('roce', 'infiniband')
UNION ALL
SELECT 4, device.site_id, device_id, NULL, NULL, port.name, NULL, port.speed_gbps
FROM inventory_port port JOIN inventory_device device ON device.id = device_id
WHERE device.site_id = ANY(%(sites)s) AND port.status = 'active' AND device.status = 'active' AND device.role = 'node'
    AND port.kind NOT IN ('roce', 'infiniband') AND port.speed_gbps IS NOT NULL
UNION ALL
SELECT 5, place.site_id, kind.id, kind.slug, demand.count::int,
    array_to_string(kind.served_models, chr(10)), NULL, served.peak
FROM workloads_placement place JOIN workloads_workloadclass kind ON kind.id = place.workload_class_id
LEFT JOIN LATERAL (
    SELECT sum(requests_per_s) AS peak FROM workloads_servedregion row WHERE row.workload_class_id = kind.id
) served ON TRUE
LEFT JOIN LATERAL (
    SELECT sum(count) AS count FROM workloads_acceleratordemand row WHERE row.workload_class_id = kind.id
) demand ON TRUE
WHERE place.site_id = ANY(%(sites)s) AND place.started_on <= %(day)s
    AND (place.ended_on IS NULL OR place.ended_on >= %(day)s)
    AND (kind.served_models <> '{}' OR served.peak > 0)
"""
_PORTS = (3, 4)


def site_parts(site_ids: Sequence[int], now: datetime) -> dict[int, SiteParts]:
    """Return what is in service at the sites today, and what is placed there on the day of `now`."""
    nodes: dict[int, dict[int, str]] = defaultdict(dict)
    accelerators: dict[int, dict[tuple[int, int], AcceleratorIdentity]] = defaultdict(dict)
    ports: dict[int, dict[tuple[int, str], str]] = defaultdict(dict)
    port_gbps: dict[int, dict[tuple[int, str], float]] = defaultdict(dict)
    served: dict[int, list[ServedClass]] = defaultdict(list)
    parameters = {"sites": list(site_ids), "day": now.date()}
    for nth, site_id, device_id, name, number, part, model, rate in (
        fetched(_IN_SERVICE, parameters) if site_ids else ()
    ):
        match nth:
            case 1:
                nodes[site_id][device_id] = name
            case 2:
                accelerators[site_id][device_id, number] = AcceleratorIdentity(part, name, model)
            case 3:
                ports[site_id][device_id, part.lower()] = f"{name} {part}"
            case 5:
                models = tuple(part.split("\n")) if part else ()
                served[site_id].append(ServedClass(name, models, rate or None, number or 0))
        if nth in _PORTS and rate is not None:
            port_gbps[site_id][device_id, part.lower()] = rate
    places = contradicted_places(site_ids, now) if site_ids else {}
    return {
        site_id: SiteParts(
            contradicted=_device_sentences(places.get(site_id, {})),
            nodes=nodes[site_id],
            accelerators=frozenset(accelerators[site_id]),
            identities=accelerators[site_id],
            ports=ports[site_id],
            port_gbps=port_gbps[site_id],
            served=tuple(sorted(served[site_id], key=lambda each: each.slug)),
        )
        for site_id in site_ids
    }


def _device_sentences(places: Mapping[tuple[int, int], str]) -> dict[int, str]:
    """One sentence for each device: what a run of it proves rests on all that is in it."""
    return {device_id: sentence for (device_id, _), sentence in reversed(list(places.items()))}
