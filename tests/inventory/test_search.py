"""The search box finds devices, accelerators and racks."""

import pytest

from tests.inventory import made

pytestmark = pytest.mark.django_db


def titles(answer, group: str) -> list[str]:
    found = [each["group"] for each in answer.context["groups"] if each["group"].provider.name == group]
    return [hit.title for each in found for hit in each.hits]


def test_a_device_is_found_by_name_serial_and_address(client_of) -> None:
    made.device(name="leaf-1", serial="SN-778", management_address="10.1.2.3")
    client = client_of("viewer")
    for words in ("LEAF-1", "sn-778", "10.1.2.3"):
        assert titles(client.get("/search/", {"q": words}), "devices") == ["leaf-1"]


def test_the_exact_name_comes_first(client_of) -> None:
    for name in ("spine-10", "old spine-1", "spine-1"):
        made.device(name=name)
    answer = client_of("viewer").get("/search/", {"q": "in:devices spine-1"})
    assert titles(answer, "devices") == ["spine-1", "spine-10", "old spine-1"]


def test_an_accelerator_is_found_by_its_uuid(client_of) -> None:
    accelerator = made.accelerator(uuid="GPU-5af1-77", device=made.device(name="node-1"), index=3)
    made.accelerator(uuid="GPU-0000-00")
    answer = client_of("viewer").get("/search/", {"q": "gpu-5af1"})
    assert titles(answer, "accelerators") == ["node-1 #3"]
    assert f"/inventory/accelerators/{accelerator.pk}/" in answer.text


def test_a_rack_is_found(client_of) -> None:
    made.rack(name="R77")
    assert titles(client_of("viewer").get("/search/", {"q": "r77"}), "racks") == ["R77"]


def test_words_that_mean_something_to_the_database_are_only_words(client_of) -> None:
    made.device(name="100% leaf_1")
    client = client_of("viewer")
    assert titles(client.get("/search/", {"q": "100%"}), "devices") == ["100% leaf_1"]
    assert titles(client.get("/search/", {"q": "leaf-1"}), "devices") == []
