"""Which factors of a site there are, and what their values can be: `readiness/tradeoffs/data/kinds.yaml`, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from web import yaml_documents

_DATA = Path(__file__).resolve().parent.parent / "data"


def data(name: str) -> Any:
    """A file of readiness/tradeoffs/data."""
    return yaml_documents.read((_DATA / f"{name}.yaml").read_text(encoding="utf-8"))


class Dimension(StrEnum):
    """The quantity that a factor's unit measures. Each has one unit that values are stored in."""

    CARBON = "carbon"
    PRICE = "price"
    DEMAND_CHARGE = "demand-charge"
    EGRESS = "egress"
    HOURLY_COST = "hourly-cost"
    MONEY = "money"
    RATIO = "ratio"
    YEARS = "years"
    POWER = "power"
    BANDWIDTH = "bandwidth"
    COUNT = "count"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class ValueSpan:
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class KindSpec:
    """A value outside `possible` is refused, one outside `plausible` kept with a caution.

    `hourly` ones may also come as a series; `hourly_possible` is what one interval of such a series may be.
    """

    id: str
    dimension: Dimension
    possible: ValueSpan
    plausible: ValueSpan
    hourly_possible: ValueSpan | None = None

    @property
    def hourly(self) -> bool:
        return self.hourly_possible is not None


def _span(stated: list[float] | None) -> ValueSpan | None:
    return None if stated is None else ValueSpan(*map(float, stated))


def _kind(name: str, stated: Mapping[str, Any]) -> KindSpec:
    spans = (_span(stated.get(each)) for each in ("possible", "plausible", "hourly_possible"))
    return KindSpec(name, Dimension(stated["dimension"]), *spans)  # type: ignore[arg-type]


_STATED = data("kinds")
KINDS: dict[str, KindSpec] = {name: _kind(name, stated) for name, stated in _STATED["kinds"].items()}
LATENCY = KINDS.pop("latency")
"""Round trips, which are of two ends and so no factor of a site."""
HOURLY = tuple(spec.id for spec in KINDS.values() if spec.hourly)
MAGNITUDES: dict[str, float] = _STATED["magnitudes"]
"""Roughly how many of a currency make a US dollar: only to tell a slip from a price, never to convert one."""
CURRENCIES = tuple(sorted({*_STATED["other_currencies"], *MAGNITUDES}))
MONETARY = frozenset(
    {Dimension.PRICE, Dimension.DEMAND_CHARGE, Dimension.EGRESS, Dimension.HOURLY_COST, Dimension.MONEY}
)
