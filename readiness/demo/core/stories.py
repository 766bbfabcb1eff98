"""Seven incidents in the demo fleet, most of them at a fixed time before the loading.

A story only changes the signals of readiness.demo.core.shapes; nothing here sets a state or a score. Muster judges the
signals by itself, and a test checks the resulting flip.
"""

from dataclasses import dataclass

import numpy as np

from readiness.demo.core.noise import Floats
from readiness.demo.core.shapes import HOUR, SiteShape

FLAPPING_SITE, FLAPPING_PORTS = (
    "DSM-1",
    (("dsm-1-n005", "mlx5_3"), ("dsm-1-n006", "mlx5_3"), ("dsm-1-n014", "mlx5_0")),
)
XID_SITE, XID_ACCELERATORS = "SAT-1", (("sat-1-n004", 2), ("sat-1-n011", 6))
HOT_SITE, HOT_RACK = "DXB-1", "R02"
HEAVY_SITE, HEAVY_RACK, MOVED_RACK = "LON-1", "R01", "R02"
SILENT_SITE = "QRO-1"
# This story has no beginning: about one window in fifty is slow there.
SLOW_SITE = "SEL-1"

# An accelerator was replaced, and nobody told the inventory; this story has no beginning either.
REPLACED_SITE, REPLACED_ACCELERATOR = "SAT-1", ("sat-1-n002", 1)
REPLACEMENT_UUID = "GPU-5a7e0d11-6c1f-4b60-9d2e-0c7f3b9a4e21"

# XID 79: the GPU has fallen off the bus.
XID_CODE = 79.0


@dataclass(frozen=True, slots=True)
class Stories:
    """When each story begins; `loaded_s` is when the demo was loaded, seconds since the epoch."""

    loaded_s: float

    @property
    def flaps_from(self) -> float:
        return self.loaded_s - 20 * HOUR

    @property
    def xid_from(self) -> float:
        return self.loaded_s - 5.5 * HOUR

    @property
    def hot_from(self) -> float:
        return self.loaded_s - 9 * HOUR

    @property
    def heavy_from(self) -> float:
        return self.loaded_s - 14 * HOUR

    @property
    def silent_from(self) -> float:
        return self.loaded_s - 7.25 * HOUR

    def uuid(self, node: str, accelerator: int, entered: str) -> str:
        """The UUID that the exporter reports; `entered` is the inventory's."""
        return REPLACEMENT_UUID if (node, accelerator) == REPLACED_ACCELERATOR else entered

    def is_sending(self, site: str, ts: float) -> bool:
        return site != SILENT_SITE or ts < self.silent_from

    def flaps(self, ports: list[tuple[str, str]], ts: Floats) -> Floats:
        """Carrier losses since the start of the story for each (device, port): about one in 100 minutes, at irregular
        times."""
        sick = np.array([[port in FLAPPING_PORTS for port in ports]])
        # The position in the list makes the ports flap at different times.
        offset = np.arange(len(ports)) * 1847.0
        minutes = np.maximum(ts - self.flaps_from - offset % 3600, 0) / 60
        return np.where(sick, np.floor(minutes / 100) + np.floor(minutes / 371), 0)

    def symbol_errors(self, ports: list[tuple[str, str]], ts: Floats) -> Floats:
        return self.flaps(ports, ts) * 3

    def xid(self, accelerators: list[tuple[str, int]], ts: Floats) -> Floats:
        """The last XID each accelerator reported: 0 until the story begins."""
        starts = np.array(
            [
                [
                    self.xid_from + 3.4 * HOUR * XID_ACCELERATORS.index(a)
                    if a in XID_ACCELERATORS
                    else np.inf
                    for a in accelerators
                ]
            ]
        )
        return np.where(ts >= starts, XID_CODE, 0.0)

    def inlet_rise(self, shape: SiteShape, ts: Floats) -> Floats:
        """Kelvin added to each node's inlet: the aisle of one rack loses its cooling over two hours."""
        if shape.plan.name != HOT_SITE:
            return np.zeros((ts.shape[0], len(shape.plan.nodes)))
        in_rack = np.array([[node.rack == HOT_RACK for node in shape.plan.nodes]])
        ramp = np.clip((ts - self.hot_from) / (2 * HOUR), 0, 1)
        return np.where(in_rack, 11.5 * ramp, 0.0)

    def load(self, shape: SiteShape, ts: Floats, load: Floats) -> Floats:
        """Share of each accelerator that works, `load` but for a batch job that takes what the heavy site has."""
        if shape.plan.name != HEAVY_SITE:
            return load
        return np.where(ts >= self.heavy_from, 0.97 + 0.02 * load, load)

    def leg_share(self, shape: SiteShape, ts: Floats, racks_kw: Floats) -> tuple[Floats, Floats]:
        """Load of each rack's A and B leg, kW: half each, except where cords of two racks were moved to one B leg.

        That leg carries 91 % of its breaker: its own rack, and a part of the other rack, whose rest stays on A. So the
        legs together carry what the racks draw.
        """
        leg_a, leg_b = racks_kw * 0.51, racks_kw * 0.49
        if shape.plan.name == HEAVY_SITE:
            rack, other = (shape.plan.racks.index(name) for name in (HEAVY_RACK, MOVED_RACK))
            breaker_kw = next(feed.rated_kw for feed in shape.plan.feeds if feed.rack == HEAVY_RACK)
            since = ts[:, 0] >= self.heavy_from
            heavy = 0.91 * breaker_kw + 0.004 * breaker_kw * np.sin(ts[:, 0] / 700)
            rest = racks_kw[:, rack] + racks_kw[:, other] - heavy
            for leg, place, kilowatts in (
                (leg_b, rack, heavy),
                (leg_a, rack, 0.0),
                (leg_a, other, rest),
                (leg_b, other, 0.0),
            ):
                leg[:, place] = np.where(since, kilowatts, leg[:, place])
        return leg_a, leg_b
