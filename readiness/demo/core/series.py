"""The samples of the demo fleet's exporters, with the exporters' metric names, labels and units.

`blocks` gives everything that a site's exporters send at the given instants, `meter` the data of the site's power
meter. Odd units are those of the exporters: RTT in seconds, Raritan currents in milliamperes, SNMP enumerations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from readiness.demo.core import scheduling, serving, shapes
from readiness.demo.core.noise import Floats, seeds, uniform, wander
from readiness.demo.core.plan import FEED_VOLTAGE_V, FleetPlan, SitePlan
from readiness.demo.core.shapes import SiteShape
from readiness.demo.core.stories import Stories

Labels = dict[str, str]
DRIVERS = {"nvidia": "580.95.05", "amd": "6.14.14"}


@dataclass(frozen=True, slots=True)
class Block:
    """One metric of many objects: `values` has a row for each instant and a column for each entry of `labels`."""

    metric: str
    labels: tuple[Labels, ...]
    values: Floats


@dataclass(frozen=True)
class Signals:
    """A site's quantities at the given instants, computed once and read by every exporter."""

    ts: Floats
    busy: Floats
    accelerators_w: Floats
    inlet_c: Floats
    nodes_w: Floats
    racks_kw: Floats
    halls_kw: Floats
    it_kw: Floats
    site_kw: Floats

    @classmethod
    def compute(cls, shape: SiteShape, stories: Stories, ts: Floats) -> "Signals":
        load = stories.load(shape, ts, shapes.accelerator_busy(shape, ts))
        lost = stories.xid(_places(shape.plan), ts) > 0
        load = np.where(lost, 0.0, load)
        watts = shapes.accelerator_w(shape, load)
        nodes_w = shapes.node_w(shape, ts, watts)
        halls_kw = shapes.hall_racks_kw(shape, ts)
        it_kw = shapes.it_kw(shape, nodes_w, halls_kw)
        return cls(
            ts=ts,
            busy=load,
            accelerators_w=watts,
            inlet_c=shapes.inlet_c(shape, ts) + stories.inlet_rise(shape, ts),
            nodes_w=nodes_w,
            racks_kw=shapes.rack_kw(shape, nodes_w),
            halls_kw=halls_kw,
            it_kw=it_kw,
            site_kw=it_kw * shapes.overhead(shape, ts),
        )


def blocks(fleet: FleetPlan, site: SitePlan, stories: Stories, ts: Floats) -> Iterator[Block]:
    """Everything that the exporters of a site with nodes report at `ts` (shape (instants, 1))."""
    shape = SiteShape.build(site, at=shapes.utc(float(ts[-1, 0])))
    signals = Signals.compute(shape, stories, ts)
    yield from _accelerators(shape, stories, signals)
    yield from _nodes(shape, signals)
    yield from _node_ports(site, stories, ts)
    yield from _switch_ports(site, ts)
    yield from _pdus(shape, stories, signals)
    yield from _ups(site, signals)
    yield from _cooling(site, signals)
    yield from _probes(fleet, site, ts)
    for metric, labels, values in serving.histograms(site, ts):
        yield Block(metric, labels, values)
    for metric, labels, values in scheduling.reports(fleet, site, signals.busy):
        yield Block(metric, labels, values)


def meter(site: SitePlan, stories: Stories, ts: Floats) -> Block:
    signals = Signals.compute(SiteShape.build(site, at=shapes.utc(float(ts[-1, 0]))), stories, ts)
    labels = {"site": site.slug, "instance": site.main_meter, "job": "meter"}
    return Block("site_power_watts", (labels,), np.round(signals.site_kw * 1000))


def _places(site: SitePlan) -> list[tuple[str, int]]:
    return [(node.name, gpu) for node in site.nodes for gpu in range(len(node.uuids))]


def _full(ts: Floats, columns: int, value: float = 0.0) -> Floats:
    return np.full((ts.shape[0], columns), value)


def _accelerators(shape: SiteShape, stories: Stories, signals: Signals) -> Iterator[Block]:
    site = shape.plan
    celsius = shapes.accelerator_c(shape, signals.accelerators_w, signals.inlet_c)
    zeros = _full(signals.ts, celsius.shape[1])
    if site.node_type.vendor == "amd":
        labels = tuple(
            {"gpu_id": str(gpu), "gpu_uuid": stories.uuid(node.name, gpu, uuid), "hostname": node.name,
             "card_model": site.node_type.model_name,
             "driver_version": DRIVERS["amd"], "instance": f"{node.address}:5000", "job": "amd-device-metrics"}
            for node in site.nodes
            for gpu, uuid in enumerate(node.uuids)
        )  # fmt: skip
        yield Block("gpu_gfx_activity", labels, np.round(100 * signals.busy, 1))
        yield Block("gpu_junction_temperature", labels, np.round(celsius))
        yield Block("gpu_package_power", labels, np.round(signals.accelerators_w, 1))
        yield Block("gpu_ecc_uncorrect_total", labels, zeros)
        yield Block("gpu_health", labels, zeros + 1)
        return
    labels = tuple(
        {"gpu": str(gpu), "UUID": stories.uuid(node.name, gpu, uuid), "device": f"nvidia{gpu}", "Hostname": node.name,
         "modelName": f"NVIDIA {site.node_type.model_name}", "DCGM_FI_DRIVER_VERSION": DRIVERS["nvidia"],
         "instance": f"{node.address}:9400", "job": "dcgm"}
        for node in site.nodes
        for gpu, uuid in enumerate(node.uuids)
    )  # fmt: skip
    yield Block("DCGM_FI_DEV_GPU_UTIL", labels, np.round(100 * signals.busy))
    yield Block("DCGM_FI_DEV_GPU_TEMP", labels, np.round(celsius))
    yield Block("DCGM_FI_DEV_POWER_USAGE", labels, np.round(signals.accelerators_w, 1))
    yield Block("DCGM_FI_DEV_XID_ERRORS", labels, stories.xid(_places(site), signals.ts))
    yield Block("DCGM_FI_DEV_ROW_REMAP_FAILURE", labels, zeros)


def _nodes(shape: SiteShape, signals: Signals) -> Iterator[Block]:
    nodes = shape.plan.nodes
    ipmi = tuple({"instance": f"{node.name}:9290", "job": "ipmi"} for node in nodes)
    inlet = tuple({**labels, "id": "18", "name": "Inlet Temp"} for labels in ipmi)
    yield Block("ipmi_temperature_celsius", inlet, np.round(signals.inlet_c, 1))
    yield Block("ipmi_dcmi_power_consumption_current_watts", ipmi, np.round(signals.nodes_w))
    exporter = tuple({"instance": f"{node.name}:9100", "job": "node"} for node in nodes)
    per_node = signals.busy.reshape(signals.busy.shape[0], len(nodes), -1).mean(axis=2)
    yield Block("node_load1", exporter, np.round(4 + 60 * per_node, 2))
    memory = 2.1e12 * (0.78 - 0.35 * per_node)
    yield Block("node_memory_MemAvailable_bytes", exporter, np.round(memory))


def _node_ports(site: SitePlan, stories: Stories, ts: Floats) -> Iterator[Block]:
    places = [(node.name, port.name) for node in site.nodes for port in node.ports]
    flaps = stories.flaps(places, ts)
    if site.fabric.kind == "infiniband":
        labels = tuple(
            {"instance": f"{host}:9100", "job": "node", "device": port, "port": "1"} for host, port in places
        )
        yield Block("node_infiniband_link_downed_total", labels, 2 + flaps)
        yield Block("node_infiniband_symbol_error_total", labels, stories.symbol_errors(places, ts))
        yield Block("node_infiniband_port_discards_transmitted_total", labels, _full(ts, len(places)))
        return
    labels = tuple({"instance": f"{host}:9100", "job": "node", "device": port} for host, port in places)
    yield Block("node_network_carrier_down_changes_total", labels, 1 + flaps)
    yield Block("node_network_receive_errs_total", labels, _full(ts, len(places)))
    yield Block("node_network_up", labels, _full(ts, len(places), 1.0))


def _switch_ports(site: SitePlan, ts: Floats) -> Iterator[Block]:
    labels = tuple(
        {"instance": switch.name, "job": "snmp-if", "ifName": port.name, "ifIndex": str(index + 1)}
        for switch in site.switches
        for index, port in enumerate(switch.ports)
    )
    yield Block("ifOperStatus", labels, _full(ts, len(labels), 1.0))
    yield Block("ifInErrors", labels, _full(ts, len(labels)))
    yield Block("ifOutDiscards", labels, _full(ts, len(labels)))


def _pdus(shape: SiteShape, stories: Stories, signals: Signals) -> Iterator[Block]:
    """Power of every feed; of the racks whose nodes report, the current too."""
    site = shape.plan
    leg_a, leg_b = stories.leg_share(shape, signals.ts, signals.racks_kw)
    legs = {
        "A": np.concatenate([leg_a, signals.halls_kw * 0.51], axis=1),
        "B": np.concatenate([leg_b, signals.halls_kw * 0.49], axis=1),
    }
    places = {rack: place for place, rack in enumerate((*site.racks, *site.hall_racks))}
    # The meter of the whole site uses the metrics of a PDU.
    labels: list[Labels] = [{"instance": site.main_meter, "job": "snmp-pdu", "inletLabel": "I1"}]
    columns: list[Floats] = [signals.site_kw[:, 0]]
    for feed in site.feeds:
        labels.append({"instance": feed.device, "job": "snmp-pdu", "inletLabel": "I1"})
        columns.append(legs[feed.leg][:, places[feed.rack]])
    kilowatts = np.stack(columns, axis=1)
    yield Block(
        "measurementsInletSensorValue",
        _add_labels(labels, sensorType="activePower"),
        np.round(kilowatts * 1000),
    )
    metered = 1 + 2 * len(site.racks)
    # Sent in mA.
    milliamperes = kilowatts[:, :metered] * 1000 / (sqrt(3) * FEED_VOLTAGE_V) * 1000
    yield Block(
        "measurementsInletSensorValue",
        _add_labels(labels[:metered], sensorType="rmsCurrent"),
        np.round(milliamperes),
    )


def _ups(site: SitePlan, signals: Signals) -> Iterator[Block]:
    labels = tuple({"instance": ups.name, "job": "snmp-ups"} for ups in site.ups)
    share = 1 / len(site.ups)
    load = np.concatenate([100 * signals.it_kw * share / ups.rated_kw for ups in site.ups], axis=1)
    yield Block("upsBatteryStatus", labels, _full(signals.ts, len(labels), 2.0))
    yield Block("upsOutputSource", labels, _full(signals.ts, len(labels), 3.0))
    # Minutes left on battery: 12 at half load, more at a lower load.
    minutes = np.clip(600 / np.maximum(load, 8), 11, 60)
    yield Block("upsEstimatedMinutesRemaining", labels, np.round(minutes))
    yield Block("upsTestResultsSummary", labels, _full(signals.ts, len(labels), 1.0))
    yield Block("upsOutputPercentLoad", labels, np.round(load))


def _cooling(site: SitePlan, signals: Signals) -> Iterator[Block]:
    labels = tuple(
        {"instance": unit.name, "job": "modbus", "cooling_unit": unit.name} for unit in site.cooling
    )
    seed = seeds([unit.name for unit in site.cooling])
    liquid = site.cooling[0].medium == "liquid"
    supply = (32.0 if liquid else 19.0) + 0.5 * wander(seed, signals.ts, every_s=1200)
    heat_w = signals.it_kw * 1000 / len(labels)
    yield Block("cooling_supply_temperature_celsius", labels, np.round(supply, 2))
    yield Block(
        "cooling_power_watts",
        labels,
        np.round(np.repeat(heat_w * (0.03 if liquid else 0.09), len(labels), axis=1)),
    )
    if liquid:
        yield Block("cooling_flow_alarm", labels, _full(signals.ts, len(labels)))


def _probes(fleet: FleetPlan, site: SitePlan, ts: Floats) -> Iterator[Block]:
    """Round trips to the user regions of the workloads placed here, higher in the evening."""
    regions: Mapping[str, Mapping[str, Any]] = {
        region["slug"]: region for region in fleet.fleet["user_regions"]
    }
    served = [
        slug
        for workload in fleet.fleet["workload_classes"]
        if site.name in workload["sites"]
        for slug in workload["user_regions"]
    ]
    for slug in dict.fromkeys(served):
        region = regions[slug]
        base_ms = shapes.rtt_ms(
            float(site.facts["latitude"]),
            float(site.facts["longitude"]),
            float(region["latitude"]),
            float(region["longitude"]),
        )
        seed = seeds([f"{site.slug}/{slug}"])
        spike = 3.5 * (uniform(seed, ts, every_s=60) > 0.997)
        rtt_s = base_ms * (1.02 + 0.03 * wander(seed, ts, every_s=600) + spike * 0.1) / 1000
        labels = {
            "instance": f"probe-{slug}",
            "job": "blackbox",
            "phase": "rtt",
            "site": site.slug,
            "user_region": slug,
        }
        yield Block("probe_icmp_duration_seconds", (labels,), np.round(rtt_s, 6))


def _add_labels(labels: list[Labels], **more: str) -> tuple[Labels, ...]:
    return tuple({**label_set, **more} for label_set in labels)
