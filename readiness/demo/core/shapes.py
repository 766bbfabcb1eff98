"""How the demo's physical quantities move: how busy a site is, and the resulting watts, degrees and milliseconds.

All functions take instants `ts` (seconds since the epoch, shape (instants, 1)) and return (instants, objects). The
shapes are invented; their bounds are the products' figures in data/hardware.yaml.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from readiness.demo.core.noise import Floats, Seeds, seeds, uniform, wander
from readiness.demo.core.plan import SitePlan

HOUR = 3600.0
DAY = 86400.0
# A training job holds its nodes this long, including the gap before the next job.
JOB_S = 9.5 * HOUR
JOB_GAP_S = 5 * 60.0
# Not a divisor of an hour, so that quarter-hourly samples meet no more dips than minutely ones.
CHECKPOINT_S = 29 * 60.0
CHECKPOINT_DIP_S = 60.0
IDLE_SHARE_OF_TDP = 0.11


@dataclass(frozen=True)
class SiteShape:
    """A site's plan with the arrays that its signals need; accelerators are ordered by node, racks of halls by hall."""

    plan: SitePlan
    zone_offset_s: float
    node_seeds: Seeds
    accelerator_seeds: Seeds
    rack_of_node: np.ndarray
    hall_seeds: Seeds
    hall_rack_kw: Floats

    @classmethod
    def build(cls, plan: SitePlan, *, at: datetime) -> "SiteShape":
        """`at` fixes the offset of the site's time zone; signals of another season are off by the hour of summer
        time."""
        offset = at.astimezone(ZoneInfo(str(plan.facts["time_zone"]))).utcoffset()
        positions = {rack: index for index, rack in enumerate(plan.racks)}
        return cls(
            plan=plan,
            zone_offset_s=offset.total_seconds() if offset else 0.0,
            node_seeds=seeds([node.name for node in plan.nodes]),
            accelerator_seeds=seeds([uuid for node in plan.nodes for uuid in node.uuids]),
            rack_of_node=np.array([positions[node.rack] for node in plan.nodes], dtype=np.int64),
            hall_seeds=seeds([f"{plan.slug}/{rack}" for rack in plan.hall_racks]),
            hall_rack_kw=np.array([[hall.rack_kw for hall in plan.halls for _ in hall.racks]]),
        )


def column(instants: list[float]) -> Floats:
    return np.array(instants, dtype=np.float64).reshape(-1, 1)


def day_curve(ts: Floats, zone_offset_s: float) -> Floats:
    """Rises from 0 in the small hours to 1 in the early afternoon, local time."""
    hour = ((ts + zone_offset_s) % DAY) / HOUR
    return np.clip(0.5 - 0.5 * np.cos((hour - 3.5) / 24 * 2 * np.pi), 0, 1) ** 1.4


def _weekend(ts: Floats, zone_offset_s: float) -> Floats:
    # 1 January 1970 was a Thursday: day 2 and 3 of each week counted from it are Saturday and Sunday.
    day = np.floor((ts + zone_offset_s) / DAY) % 7
    return np.isin(day, (2, 3)).astype(np.float64)


def busy(shape: SiteShape, ts: Floats) -> Floats:
    """Share of each node's accelerators that work, 0 to 1."""
    return _busy(shape, shape.node_seeds, ts)


def _busy(shape: SiteShape, units: Seeds, ts: Floats) -> Floats:
    profiles = shape.plan.facts["profiles"]
    if "training" in profiles:
        return _training(units, ts)
    floor, swing = (0.08, 0.55) if "edge" in profiles else (0.16, 0.66)
    day = day_curve(ts, shape.zone_offset_s) * (1 - 0.25 * _weekend(ts, shape.zone_offset_s))
    jitter = 0.06 * wander(units, ts, every_s=900) + 0.04 * wander(units, ts, every_s=120)
    return np.clip(floor + swing * day + jitter, 0.02, 0.98)


def _training(node_seeds: Seeds, ts: Floats) -> Floats:
    """Plateaus: blocks of eight nodes run one job, with short gaps between jobs and a dip at each checkpoint.

    Each block has its own times, so that jobs of several sites do not end together. Its nodes change to the next job
    one after another.
    """
    block, place = np.divmod(np.arange(node_seeds.shape[1]), 8)
    job_seed = node_seeds[:, block * 8]
    phase = uniform(job_seed, column([0.0]), every_s=1e12)
    turn = ts / JOB_S + phase - place * JOB_GAP_S / JOB_S
    within_s = turn % 1.0 * JOB_S
    level = 0.90 + 0.08 * uniform(job_seed, np.floor(turn) * JOB_S, every_s=JOB_S)
    level = level + 0.012 * wander(node_seeds, ts, every_s=180)
    dip = ((ts + phase * CHECKPOINT_S) % CHECKPOINT_S) < CHECKPOINT_DIP_S
    level = np.where(dip, 0.55 * level, level)
    return np.clip(np.where(within_s > JOB_S - JOB_GAP_S, 0.03, level), 0, 1)


def accelerator_busy(shape: SiteShape, ts: Floats) -> Floats:
    each = np.repeat(busy(shape, ts), shape.plan.node_type.count, axis=1)
    return np.clip(each + 0.015 * wander(shape.accelerator_seeds, ts, every_s=90), 0, 1)


def accelerator_w(shape: SiteShape, load: Floats) -> Floats:
    """Power of each accelerator, W: idle at 11 % of TDP, near TDP when busy."""
    tdp_w = shape.plan.node_type.tdp_w
    return tdp_w * (IDLE_SHARE_OF_TDP + (0.965 - IDLE_SHARE_OF_TDP) * load**0.85)


def accelerator_c(shape: SiteShape, watts: Floats, inlet_c: Floats) -> Floats:
    """Core temperature, °C: above the inlet by up to 42 K at TDP (24 K when liquid-cooled)."""
    rise = 24 if shape.plan.facts["cooling_class"] == "H1" else 42
    inlets = np.repeat(inlet_c, shape.plan.node_type.count, axis=1)
    return inlets + 4 + rise * watts / shape.plan.node_type.tdp_w


def inlet_c(shape: SiteShape, ts: Floats) -> Floats:
    """Inlet air of each node, °C: held near 22.5 (20 at high density), a little warmer in the afternoon."""
    setpoint = 20.0 if shape.plan.facts["cooling_class"] == "H1" else 22.5
    place = 0.8 * (uniform(shape.node_seeds, column([0.0]), every_s=1e12) - 0.5)
    afternoon = 0.7 * day_curve(ts, shape.zone_offset_s)
    return setpoint + place + afternoon + 0.3 * wander(shape.node_seeds, ts, every_s=1800)


def node_w(shape: SiteShape, ts: Floats, accelerators_w: Floats) -> Floats:
    """Power of each node, W: its accelerators plus a host that follows them from 40 % to 80 % of its allowance."""
    count = shape.plan.node_type.count
    sums = accelerators_w.reshape(accelerators_w.shape[0], -1, count).sum(axis=2)
    share = sums / (count * shape.plan.node_type.tdp_w)
    return sums + shape.plan.node_type.host_w * (0.40 + 0.40 * share)


def rack_kw(shape: SiteShape, nodes_w: Floats) -> Floats:
    racks = np.zeros((nodes_w.shape[0], len(shape.plan.racks)))
    for index in range(len(shape.plan.racks)):
        racks[:, index] = nodes_w[:, shape.rack_of_node == index].sum(axis=1) / 1000
    return racks


def hall_racks_kw(shape: SiteShape, ts: Floats) -> Floats:
    """Power of each rack of the halls that report by rack, kW: 30 % of its name plate when idle, 80 % when busy."""
    return shape.hall_rack_kw * (0.3 + 0.5 * _busy(shape, shape.hall_seeds, ts))


def it_kw(shape: SiteShape, nodes_w: Floats, halls_kw: Floats) -> Floats:
    """IT load of the site, kW; switches always draw 60 % of their name plate."""
    switches_kw = 0.6 * len(shape.plan.switches) * shape.plan.fabric.nameplate_w / 1000
    return nodes_w.sum(axis=1, keepdims=True) / 1000 + halls_kw.sum(axis=1, keepdims=True) + switches_kw


def overhead(shape: SiteShape, ts: Floats) -> Floats:
    """Site power over IT power: 1.12 for liquid, up to 1.32 for air at a hot hour near the equator."""
    liquid = shape.plan.facts["cooling_class"] == "H1"
    warm = max(0.0, 1 - abs(float(shape.plan.facts["latitude"])) / 60)
    return (1.12 if liquid else 1.16) + 0.12 * warm * day_curve(ts, shape.zone_offset_s)


def rtt_ms(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Undisturbed round trip, ms: 2 ms of access, then light in glass (200 km/ms) there and back.

    Routes are taken to be 1.4 times longer than the great circle.
    """
    from_lat, to_lat = np.radians(latitude), np.radians(to_latitude)
    across = np.sin((to_lat - from_lat) / 2) ** 2
    along = np.cos(from_lat) * np.cos(to_lat) * np.sin(np.radians(to_longitude - longitude) / 2) ** 2
    km = 2 * 6371 * np.arcsin(np.sqrt(across + along))
    return float(2 + 1.4 * 2 * km / 200)


def utc(ts: float) -> datetime:
    return datetime.fromtimestamp(ts, tz=UTC)
