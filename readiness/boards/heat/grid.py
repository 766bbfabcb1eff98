"""Where each accelerator stands in the map, and which colour means what. No database here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST_NODES = 48
"""Rows that can still be told apart; with more nodes a row is a rack, and its nodes stand side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedAccelerator:
    id: int
    index: int
    node: str
    rack: str

    @property
    def name(self) -> str:
        return f"{self.node}, accelerator {self.index}"


@dataclass(frozen=True, slots=True)
class HeatGrid:
    """`cells` are rows of accelerators, None where a row is shorter than the longest."""

    by_rack: bool
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[PlacedAccelerator | None]]


def heat_grid(accelerators: Iterable[PlacedAccelerator]) -> HeatGrid:
    in_order = sorted(accelerators, key=lambda each: (_natural(each.node), each.index))
    nodes = dict.fromkeys(each.node for each in in_order)
    if len(nodes) > MOST_NODES:
        return _grid_of_racks(in_order)
    indices = sorted({each.index for each in in_order})
    by_place = {(each.node, each.index): each for each in in_order}
    cells = [[by_place.get((node, index)) for index in indices] for node in nodes]
    return HeatGrid(False, tuple(nodes), tuple(map(str, indices)), cells)


def _grid_of_racks(in_order: Sequence[PlacedAccelerator]) -> HeatGrid:
    racks: dict[str, list[PlacedAccelerator]] = {}
    for each in sorted(in_order, key=lambda each: _natural(each.rack)):
        racks.setdefault(each.rack or "no rack", []).append(each)
    longest = max(map(len, racks.values()))
    cells = [[*of_rack, *[None] * (longest - len(of_rack))] for of_rack in racks.values()]
    return HeatGrid(True, tuple(racks), tuple(str(number) for number in range(1, longest + 1)), cells)


def _natural(name: str) -> list[tuple[int, str]]:
    """node-2 before node-10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


@dataclass(frozen=True, slots=True)
class HeatLimits:
    """`is_below`: what lies below the limits is unwell, not what lies above."""

    warn: float | None = None
    critical: float | None = None
    is_below: bool = False

    def level_of(self, value: float) -> str:
        for level, limit in (("critical", self.critical), ("warn", self.warn)):
            if limit is not None and (value < limit if self.is_below else value > limit):
                return level
        return ""


type Stop = tuple[float, str]
"""A share of the range of the values, and the token of its colour."""
PALE, STRONG = "accent-bg", "accent"
COLOURS = {"warn": "warn-mark", "critical": "bad-mark"}


def colour_stops(low: float, high: float, limits: HeatLimits) -> list[Stop]:
    """From pale to strong; beyond a limit the colour of its level. The range is that of the values."""
    if high <= low:
        level = limits.level_of(low)
        return [(0.0, COLOURS.get(level, STRONG)), (1.0, COLOURS.get(level, STRONG))]
    edges = {low, high} | {
        limit for limit in (limits.warn, limits.critical) if limit is not None and low < limit < high
    }
    stops: list[Stop] = []
    ends = sorted(edges)
    for start, end in pairwise(ends):
        level = limits.level_of((start + end) / 2)
        shares = [round((each - low) / (high - low), 6) for each in (start, end)]
        if level:
            stops += [(share, COLOURS[level]) for share in shares]
        else:
            stops += [(shares[0], PALE), (shares[1], STRONG)]
    return stops
