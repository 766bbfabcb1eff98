"""IT power of accelerators with their share of the node, from the figures of the node's device type.

A type states what it draws typically and at its peak, and its nameplate. Energy counts the typical power, room counts
the peak. A nameplate stands in for either, as an estimate: supplies are sized for it, and nodes draw less (76 % of it
under training, arXiv 2506.14551).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TYPICAL, PEAK, NAMEPLATE = "typical_w", "peak_w", "nameplate_w"


class PowerBasis(StrEnum):
    """The ground of a placement's IT power: figures of the device type, its nameplate, or the envelope."""

    TYPE = "type"
    NAMEPLATE = "nameplate"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class NodeWatts:
    """Watts of one product of nodes, and the number of accelerators that share them at a site."""

    product: str
    typical_w: float | None
    peak_w: float | None
    nameplate_w: float | None
    accelerators: int
    per_node: float

    @property
    def draws_w(self) -> float | None:
        return self.typical_w or self.nameplate_w

    @property
    def needs_w(self) -> float | None:
        return self.peak_w or self.nameplate_w or self.typical_w


@dataclass(frozen=True, slots=True)
class AcceleratorPower:
    """Power of one accelerator with its share of the node, in kW: drawn typically, and needed at most."""

    typical_kw: float
    peak_kw: float
    basis: PowerBasis
    source: str


def node_watts(
    product: str, attributes: Mapping[str, Any], nameplate_w: float | None, accelerators: int, nodes: int
) -> NodeWatts:
    """`accelerators` are those in service in `nodes` of this product; the type may say how many one node holds."""
    per_node = _positive(attributes.get("accelerator_count")) or accelerators / max(nodes, 1)
    return NodeWatts(
        product,
        _positive(attributes.get(TYPICAL)),
        _positive(attributes.get(PEAK)),
        _positive(nameplate_w),
        accelerators,
        per_node,
    )


def _positive(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None


def accelerator_power(products: Iterable[NodeWatts]) -> AcceleratorPower | None:
    """The mean over the accelerators of one type at a site; None if the watts of one of its nodes are unknown."""
    sorted_products = sorted(products, key=lambda node: node.product)
    total = sum(node.accelerators for node in sorted_products)
    if not total:
        return None
    typical_w = peak_w = 0.0
    for node in sorted_products:
        if node.draws_w is None or node.needs_w is None:
            return None
        typical_w += node.draws_w / node.per_node * node.accelerators
        peak_w += node.needs_w / node.per_node * node.accelerators
    by_nameplate = any(node.typical_w is None for node in sorted_products)
    names = " and ".join(dict.fromkeys(node.product for node in sorted_products))
    return AcceleratorPower(
        typical_kw=typical_w / total / 1000,
        peak_kw=peak_w / total / 1000,
        basis=PowerBasis.NAMEPLATE if by_nameplate else PowerBasis.TYPE,
        source=f"nameplate of {names}, an estimate" if by_nameplate else f"typical power of {names}",
    )
