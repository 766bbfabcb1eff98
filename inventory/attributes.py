"""The typed figures of a device type: those each kind of product has, their units, what a value may be.

Kept as data, so that the page, the form, the API and the model's own check all read the same list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Shape(StrEnum):
    NUMBER = "number"
    COUNT = "count"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True)
class Attribute:
    """One figure. Numbers are positive, counts are whole and at least one; nothing is required."""

    key: str
    label: Any
    shape: Shape
    unit: str = ""
    choices: tuple[str, ...] = ()

    def problem(self, value: object) -> str:
        """Return what is wrong with the value, or nothing."""
        return PROBLEMS[self.shape](self, value)


MAX_TEXT = 100
MAX_NUMBER = 1e12


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(attribute: Attribute, value: object) -> str:
    # NaN and infinity compare false as well.
    if not _is_number(value) or not 0 < value <= MAX_NUMBER:  # type: ignore[operator]
        return "A number above 0 is expected."
    return ""


def _count(attribute: Attribute, value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_NUMBER:
        return "A whole number of at least 1 is expected."
    return ""


def _text(attribute: Attribute, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or "\x00" in value:
        return f"A text of 1 to {MAX_TEXT} characters is expected."
    return ""


def _choice(attribute: Attribute, value: object) -> str:
    if value not in attribute.choices:
        return f"One of these is expected: {', '.join(attribute.choices)}."
    return ""


PROBLEMS = {Shape.NUMBER: _number, Shape.COUNT: _count, Shape.TEXT: _text, Shape.CHOICE: _choice}

_MEMORY = Attribute("memory_gb", "Memory", Shape.NUMBER, "GB")
_POWER_SUPPLIES = Attribute("power_supplies", "Power supplies", Shape.COUNT)
_COOLING = Attribute("cooling", "Cooling", Shape.CHOICE, choices=("air", "liquid"))
_HOST = (
    Attribute("cpu_sockets", "CPU sockets", Shape.COUNT),
    Attribute("cpu_cores", "CPU cores", Shape.COUNT),
    _MEMORY,
    _POWER_SUPPLIES,
    _COOLING,
)
_FORWARDING = (
    Attribute("port_count", "Ports", Shape.COUNT),
    Attribute("port_speed_gbps", "Port speed", Shape.NUMBER, "Gb/s"),
    Attribute("switching_tbps", "Switching capacity", Shape.NUMBER, "Tb/s"),
    Attribute("fabric", "Fabric", Shape.CHOICE, choices=("ethernet", "roce", "infiniband")),
    Attribute("asic", "Forwarding chip", Shape.TEXT),
    _POWER_SUPPLIES,
)
_RATED_KW = Attribute("rated_kw", "Rated power", Shape.NUMBER, "kW")
_ELECTRICAL = (
    Attribute("voltage_v", "Voltage", Shape.NUMBER, "V"),
    Attribute("rated_a", "Rated current", Shape.NUMBER, "A"),
    Attribute("phases", "Phases", Shape.COUNT),
)

SCHEMAS: dict[str, tuple[Attribute, ...]] = {
    "accelerator": (
        _MEMORY,
        Attribute("memory_type", "Memory type", Shape.TEXT),
        Attribute("tdp_w", "Thermal design power", Shape.NUMBER, "W"),
        Attribute("interconnect", "Interconnect", Shape.TEXT),
        Attribute("interconnect_gbs", "Interconnect bandwidth", Shape.NUMBER, "GB/s"),
        Attribute("form_factor", "Form factor", Shape.TEXT),
        _COOLING,
    ),
    "node": (
        Attribute("accelerator_count", "Accelerators", Shape.COUNT),
        Attribute("accelerator_model", "Accelerator model", Shape.TEXT),
        *_HOST,
    ),
    "server": _HOST,
    "storage": (
        Attribute("capacity_tb", "Capacity", Shape.NUMBER, "TB"),
        Attribute("media", "Media", Shape.CHOICE, choices=("nvme", "ssd", "hdd")),
        _POWER_SUPPLIES,
    ),
    "switch": _FORWARDING,
    "router": _FORWARDING,
    "gateway": _FORWARDING,
    "pdu": (
        _RATED_KW,
        *_ELECTRICAL,
        Attribute("outlets", "Outlets", Shape.COUNT),
        Attribute("metering", "Metering", Shape.CHOICE, choices=("none", "inlet", "outlet")),
    ),
    "ups": (
        _RATED_KW,
        Attribute("rated_kva", "Rated apparent power", Shape.NUMBER, "kVA"),
        Attribute("runtime_min", "Battery time at full load", Shape.NUMBER, "min"),
        Attribute("battery", "Battery", Shape.TEXT),
    ),
    "meter": (*_ELECTRICAL, Attribute("accuracy_class", "Accuracy class", Shape.TEXT)),
    "other": (),
}


def schema_of(kind: str) -> tuple[Attribute, ...]:
    return SCHEMAS.get(kind, ())


def problems(kind: str, attributes: object) -> dict[str, str]:
    """Return what is wrong, by attribute; under the empty key when it is no mapping at all."""
    if not isinstance(attributes, Mapping):
        return {"": "An object of names and values is expected."}
    known = {attribute.key: attribute for attribute in schema_of(kind)}
    problem_by_key = {}
    for key, value in attributes.items():
        problem = known[key].problem(value) if key in known else unknown_attribute(kind)
        if problem:
            problem_by_key[str(key)] = problem
    return problem_by_key


def unknown_attribute(kind: str) -> str:
    keys = ", ".join(attribute.key for attribute in schema_of(kind))
    if not keys:
        return "Types of this kind have no attributes."
    return f"No such attribute; this kind has: {keys}."


@dataclass(frozen=True)
class AttributeValue:
    attribute: Attribute
    value: object


def described(kind: str, attributes: Mapping[str, object]) -> list[AttributeValue]:
    """The values that are there, in the order of the schema, for a page."""
    return [AttributeValue(each, attributes[each.key]) for each in schema_of(kind) if each.key in attributes]
