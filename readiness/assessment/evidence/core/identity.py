"""The identity of a run: who ran and how fast by its file, in a form that a row can keep, and by the inventory.

A stored run is compared with the inventory again whenever the inventory changes; this is all that the comparison reads
of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from typing import Any, NamedTuple

from inventory.catalogue import Ceiling
from readiness.assessment.evidence.core.parsed import RANKS, Parsed, SeenAccelerator, converted

RATES = {"busbw": "GB/s", "bandwidth": "GB/s", "flops": "TFLOP/s"}
"""Figures that a physical ceiling bounds, with the unit that they are compared in."""


class SeenRate(NamedTuple):
    """The highest rate of one operation between or inside the run's devices, in the unit of RATES."""

    name: str
    operation: str
    subject: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """`hosts` and `ports` are in the file's words; `ranks` counts the accelerators that took part, by host. `versions`
    are pairs of name and version."""

    hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    accelerators: tuple[SeenAccelerator, ...] = ()
    ranks: Mapping[str, int] = field(default_factory=dict)
    rates: tuple[SeenRate, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    contradiction: str = ""

    @classmethod
    def extract(cls, parsed: Parsed) -> FileIdentity:
        ranks: dict[str, int] = {}
        for figure in parsed.figures:
            if figure.name == RANKS:
                ranks[figure.subject] = ranks.get(figure.subject, 0) + int(figure.value or 0)
        return cls(
            hosts=tuple(dict.fromkeys(host for host in parsed.hosts if host)),
            ports=parsed.devices if parsed.tool == "perftest" else (),
            accelerators=parsed.accelerators,
            ranks=ranks,
            rates=tuple(_highest(parsed)),
            versions=parsed.versions,
            contradiction=parsed.contradiction,
        )

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> FileIdentity:
        """Read what `written` gave; an empty mapping is a file that says nothing."""
        return cls(
            hosts=tuple(stored.get("hosts", ())),
            ports=tuple(stored.get("ports", ())),
            accelerators=tuple(SeenAccelerator(*each) for each in stored.get("accelerators", ())),
            ranks=stored.get("ranks", {}),
            rates=tuple(SeenRate(*each) for each in stored.get("rates", ())),
            versions=tuple((name, version) for name, version in stored.get("versions", ())),
            contradiction=stored.get("contradiction", ""),
        )

    def written(self) -> dict[str, Any]:
        return {
            "hosts": list(self.hosts),
            "ports": list(self.ports),
            "accelerators": [list(astuple(each)) for each in self.accelerators],
            "ranks": dict(self.ranks),
            "rates": [list(each) for each in self.rates],
            "versions": [list(each) for each in self.versions],
            "contradiction": self.contradiction,
        }


def _highest(parsed: Parsed) -> Iterable[SeenRate]:
    highest: dict[tuple[str, str, str], float] = {}
    for figure in parsed.figures:
        unit = RATES.get(figure.name)
        value = None if unit is None or figure.value is None else converted(figure.value, figure.unit, unit)
        if value is not None:
            key = (figure.name, figure.operation, figure.subject)
            highest[key] = max(value, highest.get(key, value))
    return (SeenRate(*key, value) for key, value in highest.items())


@dataclass(frozen=True, slots=True)
class InstalledAccelerator:
    model: str
    ceilings: Mapping[str, Ceiling]
    serial: str = ""
    uuid: str = ""
    bus_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPort:
    """`gbps` is the line rate of one direction; None if nobody entered it."""

    gbps: float | None
    is_rdma: bool = False
    is_back_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InstalledDevice:
    """A device of the site as the inventory has it. `platform` is the slug of its type, `software` the version of its
    driver or system, `accelerators` all that are not retired, by the driver's number, `ports` by name in lower case."""

    id: int
    name: str
    is_node: bool
    platform: str
    software: str = ""
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    accelerators: Mapping[int, InstalledAccelerator] = field(default_factory=dict)
    ports: Mapping[str, InstalledPort] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sender's words beside the file: devices in the sender's order, the platform, versions by name."""

    devices: tuple[InstalledDevice, ...] = ()
    platform: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The inventory's answer to the names and numbers in a file: `here` gives the device of the run's site for each
    host or number, `elsewhere` those that belong to another site. `platforms` are the types of the site's nodes."""

    here: Mapping[str, InstalledDevice] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()


class SeenSoftware(NamedTuple):
    """The software of a device in the inventory and in a file."""

    device_id: int
    inventory: str
    seen: str

    @property
    def agrees(self) -> bool:
        """An inventory often keeps more or fewer words than a tool prints: "NVIDIA 580.95.05" and "580.95.05"."""
        entered, seen = self.inventory.casefold(), self.seen.casefold()
        return entered in seen or seen in entered
