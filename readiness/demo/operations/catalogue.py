"""Manufacturers and device types of the demo. What the installation has already under that name is used as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q

from inventory.models import DeviceType, DomainChoices, Manufacturer
from readiness.demo.core.plan import FEED_VOLTAGE_V

Kind = DeviceType.Kind


@dataclass
class DemoObjects:
    """Primary keys of what the demo made itself, by model label."""

    ids: dict[str, list[int]] = field(default_factory=dict)

    def note(self, objects: list[Any]) -> None:
        for each in objects:
            self.ids.setdefault(each._meta.label, []).append(each.pk)


@dataclass(frozen=True)
class Catalogue:
    """Device types by the key that hardware.yaml gives them."""

    accelerators: Mapping[str, DeviceType]
    nodes: Mapping[str, DeviceType]
    switches: Mapping[str, DeviceType]
    power: Mapping[str, DeviceType]


def write_catalogue(hardware: Mapping[str, Any], made: DemoObjects) -> Catalogue:
    makers = _manufacturers(hardware["manufacturers"], made)
    planned = {
        "accelerators": {key: _accelerator(row) for key, row in hardware["accelerators"].items()},
        "nodes": {key: _node(row, hardware["accelerators"]) for key, row in hardware["nodes"].items()},
        "switches": {key: _switch(row) for key, row in hardware["fabrics"].items()},
        "power": {key: _power(key, row) for key, row in hardware["power"].items()},
    }
    rows = {"accelerators": hardware["accelerators"], "nodes": hardware["nodes"]} | {
        "switches": hardware["fabrics"],
        "power": hardware["power"],
    }
    wanted = [
        _completed(planned[group][key], key, row, makers)
        for group, keyed in rows.items()
        for key, row in keyed.items()
    ]
    kept = existing_or_new(DeviceType, wanted, by=("slug",), made=made)
    stored_by_slug = {each.slug: each for each in kept}
    return Catalogue(
        **{
            group: {key: stored_by_slug[each.slug] for key, each in keyed.items()}
            for group, keyed in planned.items()
        }
    )


def existing_or_new[Row: Model](
    model: type[Row], wanted: list[Row], *, by: tuple[str, ...], made: DemoObjects
) -> list[Row]:
    """The rows in the order wanted; where a row is there that shares any of the unique columns `by`, it is used."""
    known: dict[tuple[str, Any], Row] = {}
    for column in by:
        values = [getattr(each, column) for each in wanted]
        for row in model._default_manager.filter(Q(**{f"{column}__in": values})):
            known[column, getattr(row, column)] = row
    new = [each for each in wanted if not any((column, getattr(each, column)) in known for column in by)]
    made.note(model._default_manager.bulk_create(new))
    for each in new:
        known |= {(column, getattr(each, column)): each for column in by}
    return [
        next(
            known[column, getattr(each, column)] for column in by if (column, getattr(each, column)) in known
        )
        for each in wanted
    ]


def _manufacturers(rows: list[dict[str, str]], made: DemoObjects) -> dict[str, Manufacturer]:
    wanted = [Manufacturer(name=row["name"], slug=row["slug"]) for row in rows]
    kept = existing_or_new(Manufacturer, wanted, by=("slug", "name"), made=made)
    return {row["slug"]: manufacturer for row, manufacturer in zip(rows, kept, strict=True)}


def _completed(
    each: DeviceType, key: str, row: Mapping[str, Any], makers: Mapping[str, Manufacturer]
) -> DeviceType:
    each.manufacturer = makers[row["manufacturer"]]
    each.model, each.source = row["model"], row["source"]
    each.slug = f"{row['manufacturer']}-{key}"
    # Bulk writes call neither of these.
    each.clean_fields(exclude=["manufacturer"])
    each.clean()
    return each


def _accelerator(row: Mapping[str, Any]) -> DeviceType:
    attributes = {"tdp_w": row["tdp_w"], "memory_gb": row["memory_gb"], "interconnect": row["interconnect"]}
    return DeviceType(
        kind=Kind.ACCELERATOR, domain=DomainChoices.COMPUTE, nameplate_w=row["tdp_w"], attributes=attributes
    )


def _node(row: Mapping[str, Any], accelerators: Mapping[str, Any]) -> DeviceType:
    held = accelerators[row["accelerator"]]
    return DeviceType(
        kind=Kind.NODE,
        domain=DomainChoices.COMPUTE,
        nameplate_w=row["count"] * held["tdp_w"] + row["host_w"],
        u_height=row["u_height"],
        attributes={"accelerator_count": row["count"], "accelerator_model": held["model"]},
    )


def _switch(row: Mapping[str, Any]) -> DeviceType:
    return DeviceType(
        kind=Kind.SWITCH,
        domain=DomainChoices.NETWORK,
        nameplate_w=row["nameplate_w"],
        attributes={"port_speed_gbps": row["port_gbps"], "fabric": row["kind"]},
    )


def _power(key: str, row: Mapping[str, Any]) -> DeviceType:
    electrical = {"voltage_v": FEED_VOLTAGE_V, "phases": 3}
    attributes = {"pdu": electrical | {"metering": "inlet"}, "meter": electrical, "ups": {}}[key]
    return DeviceType(
        kind=Kind(key), domain=DomainChoices.ENERGY, nameplate_w=row["nameplate_w"], attributes=attributes
    )
