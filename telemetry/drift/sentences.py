"""Sentences about a contradiction, and about why a correction is refused."""

from telemetry.drift.models import InventoryDrift
from web.units import plural

NOUNS = {
    "model": "the model",
    "uuid": "the UUID",
    "serial": "the serial number",
    "bus-id": "the bus id",
    "driver": "the driver",
    "firmware": "the firmware",
}


def contradiction(drift: InventoryDrift) -> str:
    """Both sides in one sentence."""
    entered, reported = drift.inventory_value, drift.reported_value
    if drift.field == InventoryDrift.Field.COUNT:
        words = plural(int(reported) if reported.isdigit() else 2, "accelerator", "accelerators")
        return f"{drift.reported_by} sees {reported} {words} in {drift.place}; the inventory has {entered}."
    noun = NOUNS[drift.field]
    return f"{drift.reported_by} reports {noun} {reported} for {drift.place}; the inventory has {entered}."


def no_correction(drift: InventoryDrift) -> str:
    return (
        f"Muster cannot correct {drift} by itself: change the inventory by hand, and the contradiction ends."
    )
