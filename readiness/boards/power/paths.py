"""The load of a rack through its feeds, and what is left when one leg is lost. No database here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

LIMIT_PERCENT = 80.0
"""The share of a breaker that may be used for long, where no framework says another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPath:
    """`capacity_kw` is that of the breaker, else the feed's rated power; `load_percent` the highest load of the last
    days, None without a reading."""

    id: int
    name: str
    leg: str
    capacity_kw: float
    load_percent: float | None
    pdu_id: int | None = None
    pdu: str = ""

    @property
    def load_kw(self) -> float | None:
        return None if self.load_percent is None else self.load_percent / 100 * self.capacity_kw

    @property
    def width(self) -> float:
        return min(self.load_percent or 0.0, 100.0)

    @property
    def level(self) -> str:
        return _level(self.load_percent)


@dataclass(frozen=True, kw_only=True)
class RackPath:
    """`id` is None for feeds that lead to no rack. `nameplate_kw` is the sum over the devices that the inventory has,
    None without any."""

    id: int | None
    name: str
    feeds: Sequence[FeedPath]
    rated_kw: float | None = None
    devices: int = 0
    nameplate_kw: float | None = None
    limit_percent: float = LIMIT_PERCENT

    @property
    def key(self) -> str:
        return str(self.id or "site")

    @cached_property
    def load_kw(self) -> float | None:
        """None if a feed has no reading, because a sum without it would be wrong."""
        loads = [feed.load_kw for feed in self.feeds]
        return None if None in loads or not loads else sum(load for load in loads if load is not None)

    @cached_property
    def legs(self) -> dict[str, float]:
        """The capacity of each leg in kW."""
        legs: dict[str, float] = defaultdict(float)
        for feed in self.feeds:
            legs[feed.leg] += feed.capacity_kw
        return dict(legs)

    @property
    def is_dual(self) -> bool:
        return {"A", "B"} <= self.legs.keys()

    @property
    def left_kw(self) -> float:
        """The capacity when the largest leg is lost; all of it where there is one leg only."""
        whole = sum(self.legs.values())
        return whole - max(self.legs.values()) if self.is_dual else whole

    @property
    def failover_percent(self) -> float | None:
        """The load of what is left when the largest leg is lost, in % of its breakers; None with one leg only."""
        if not self.is_dual or self.load_kw is None:
            return None
        return 100 * self.load_kw / self.left_kw

    @property
    def headroom_kw(self) -> float | None:
        """Power that the rack may still take with one leg left: below the limit and below its rating."""
        if self.load_kw is None:
            return None
        room = self.limit_percent / 100 * self.left_kw
        return min(room, room if self.rated_kw is None else self.rated_kw) - self.load_kw

    @property
    def tone(self) -> str:
        return "bad" if self.headroom_kw is not None and self.headroom_kw < 0 else ""

    def leg(self, name: str) -> list[FeedPath]:
        """Feeds of a leg; a single feed stands where A does."""
        return [feed for feed in self.feeds if feed.leg == name or (name == "A" and feed.leg not in "AB")]


def _level(percent: float | None) -> str:
    if percent is None:
        return "unknown"
    return "bad" if percent > 100 else "warn" if percent > LIMIT_PERCENT else "energy"
