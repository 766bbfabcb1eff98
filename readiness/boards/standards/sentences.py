"""Words for a layer's place in the quadrant, and for what to do next."""

from datetime import date

from readiness.boards.standards.core import LayerStanding, Quadrant
from web.units import how_many, number

WORDS = {
    Quadrant.BOTH: ("Standard and flexible", "ok"),
    Quadrant.LOCKED: ("Standard, not flexible", "warn"),
    Quadrant.SCATTERED: ("Flexible, not standard", "warn"),
    Quadrant.NEITHER: ("Neither", "bad"),
    Quadrant.UNKNOWN: ("Not measured", "unknown"),
}


def next_step(layer: LayerStanding, today: date) -> str:
    deviating = layer.counted - layer.conforming
    objects = how_many(deviating, "object", "objects")
    match layer.quadrant:
        case Quadrant.UNKNOWN:
            return _measure(layer)
        case Quadrant.SCATTERED:
            return f"Bring {objects} to the standard, or give each a waiver with an end."
        case Quadrant.NEITHER:
            return f"Bring {objects} to the standard first; then open a second source."
        case Quadrant.LOCKED:
            return _open(layer, today)
    if not any(area.proven(today) for area in layer.areas):
        return "Prove a move to another supplier, and record it as an alternative."
    return "Keep both: prove the alternative again before 180 days are over."


def _measure(layer: LayerStanding) -> str:
    if layer.standard is None:
        return "Publish a standard whose rules are of this layer’s objects."
    return "Enter what the inventory lacks here, or a flexible area with the shares of suppliers."


def _open(layer: LayerStanding, today: date) -> str:
    if layer.largest is None:
        return "Open a second source."
    name, share = layer.largest
    supplier = f"{name} holds {number(round(share))} %"
    if not layer.areas:
        return f"{supplier}. Declare a flexible area, with the cost of leaving."
    if not any(area.proven(today) for area in layer.areas):
        return f"{supplier}. Prove a move to another supplier within 180 days."
    return f"{supplier}, and an alternative is proven: place new capacity there."
