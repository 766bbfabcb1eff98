"""Typed attributes of device types, as pure functions and through the model."""

import pytest
from django.core.exceptions import ValidationError

from inventory.attributes import SCHEMAS, described, problems, schema_of
from inventory.models import DeviceType
from tests.inventory import made


def test_every_kind_of_device_type_has_a_schema() -> None:
    assert set(SCHEMAS) == set(DeviceType.Kind.values)


def test_a_key_means_one_thing_in_every_schema() -> None:
    meanings = {}
    for schema in SCHEMAS.values():
        for attribute in schema:
            assert meanings.setdefault(attribute.key, attribute) == attribute


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("accelerator", {"memory_gb": 141, "tdp_w": 700.0, "interconnect": "NVLink 4"}),
        ("node", {"accelerator_count": 8, "cooling": "air"}),
        ("switch", {"port_count": 64, "port_speed_gbps": 800, "fabric": "roce"}),
        ("pdu", {"phases": 3, "metering": "outlet"}),
        ("other", {}),
    ],
)
def test_figures_of_the_kind_are_taken(kind, attributes) -> None:
    assert problems(kind, attributes) == {}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("accelerator", "memory_gb", "141"),
        ("accelerator", "memory_gb", 0),
        ("accelerator", "memory_gb", -1),
        ("accelerator", "memory_gb", True),
        ("accelerator", "memory_gb", None),
        ("accelerator", "memory_gb", float("nan")),
        ("accelerator", "memory_gb", float("inf")),
        ("accelerator", "memory_gb", 10**400),
        ("accelerator", "memory_gb", [1]),
        ("accelerator", "interconnect", " "),
        ("accelerator", "interconnect", "x" * 101),
        ("accelerator", "interconnect", "a\x00b"),
        ("accelerator", "port_count", 4),
        ("node", "accelerator_count", 8.0),
        ("node", "accelerator_count", 0),
        ("node", "cooling", "water"),
        ("node", "cooling", ["air"]),
        ("node", "cooling", {}),
        ("other", "memory_gb", 4),
        ("no-such-kind", "memory_gb", 4),
    ],
)
def test_a_wrong_figure_is_named(kind, key, value) -> None:
    assert list(problems(kind, {key: value})) == [key]


@pytest.mark.parametrize("attributes", [[], "text", None, 4])
def test_attributes_are_an_object(attributes) -> None:
    assert list(problems("node", attributes)) == [""]


def test_a_page_lists_what_is_there_in_the_order_of_the_schema() -> None:
    shown = described("accelerator", {"tdp_w": 700, "memory_gb": 80})
    assert [(each.attribute.key, each.value) for each in shown] == [("memory_gb", 80), ("tdp_w", 700)]
    assert schema_of("accelerator")[0].unit == "GB"


@pytest.mark.django_db
def test_the_model_names_the_attribute() -> None:
    device_type = made.device_type(kind="accelerator")
    device_type.attributes = {"memory_gb": 80, "tdp_w": -1, "seats": 4}
    with pytest.raises(ValidationError) as caught:
        device_type.full_clean()
    messages = caught.value.message_dict["attributes"]
    assert [message.split(":")[0] for message in messages] == ["tdp_w", "seats"]
