"""Halls of a site that report by rack: how many racks they have, and what each draws and holds.

Their nodes are not in the inventory, and nobody sends telemetry of them; each rack's two feeds are measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_HALL = 2
"""Hall 1 is the one whose nodes are in the inventory."""


@dataclass(frozen=True, slots=True)
class PlannedHall:
    """`rack_kw` is the name plate of one rack."""

    name: str
    product: str
    racks: tuple[str, ...]
    rack_kw: float
    accelerators_per_rack: int

    @property
    def it_kw(self) -> float:
        return len(self.racks) * self.rack_kw

    @property
    def accelerators(self) -> int:
        return len(self.racks) * self.accelerators_per_rack


def planned_halls(facts: Mapping[str, Any], hardware: Mapping[str, Any]) -> tuple[PlannedHall, ...]:
    stated = facts.get("halls")
    if stated is None:
        return ()
    product = hardware["racks"][stated["rack"]]
    names = [f"H{number}" for number in range(FIRST_HALL, FIRST_HALL + stated["halls"])]
    return tuple(
        PlannedHall(
            name=name,
            product=product["model"],
            racks=tuple(f"{name}-R{place:02d}" for place in range(1, stated["racks"] + 1)),
            rack_kw=product["nameplate_w"] / 1000,
            accelerators_per_rack=product["accelerators"],
        )
        for name in names
    )
