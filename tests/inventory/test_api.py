"""The REST contract on every model of the inventory."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Device, SiteChange
from tests.inventory import made

pytestmark = pytest.mark.django_db

PLURALS = {kind: f"{kind}s" for kind in made.MAKERS}
KINDS = list(made.MAKERS)


def address(kind: str, pk: int | None = None) -> str:
    return f"/api/inventory/{PLURALS[kind]}/" + (f"{pk}/" if pk else "")


def body(kind: str) -> dict:
    """A body that creates one object of the kind, written as the simplest sender writes it."""
    number = made.next_number()
    named = {"name": f"New {number}", "slug": f"new-{number}"}
    bodies = {
        "region": lambda: named,
        "site": lambda: named | {"region": made.region().pk, "country": "PT", "profiles": ["training"]},
        "manufacturer": lambda: named,
        "device-type": lambda: {
            "manufacturer": made.manufacturer().pk,
            "model": "X1",
            "slug": named["slug"],
            "domain": "network",
            "kind": "switch",
            "attributes": {"port_count": 64},
        },
        "rack": lambda: {"site": made.site().pk, "name": "R1"},
        "device": lambda: {
            "site": made.site().pk,
            "name": "n1",
            "device_type": made.device_type().pk,
            "role": "node",
            "management_address": "10.0.0.7",
        },
        "device-name": lambda: {"device": made.device().pk, "name": f"gpu-host-{number}"},
        "accelerator": lambda: {
            "device": made.device().pk,
            "index": 0,
            "device_type": made.device_type(kind="accelerator").pk,
            "uuid": f"GPU-{number}",
        },
        "port": lambda: {"device": made.device().pk, "name": "eth0", "speed_gbps": 400},
        "link": lambda: {"name": "w", "kind": "wan", "site_a": made.site().pk, "site_b": made.site().pk},
        "power-feed": lambda: {"site": made.site().pk, "name": "f", "rated_kw": 30},
        "cooling-unit": lambda: {"site": made.site().pk, "name": "c", "capacity_kw": 90},
        "capacity-event": lambda: {"site": made.site().pk, "happened_on": "2026-02-01", "it_kw": 800},
    }
    assert kind in bodies, f"Add to `bodies` what the endpoint needs for a new {kind}."
    return bodies[kind]()


# A field of each kind, and a value that it can be set to.
CHANGES = {
    "capacity-event": ("note", "second hall"),
    "accelerator": ("serial", "S-77"),
    "device-type": ("part_number", "P-77"),
}


def change_of(kind: str) -> tuple[str, str]:
    return CHANGES.get(kind, ("name", "Renamed"))


@pytest.mark.parametrize("kind", KINDS)
class TestEveryModel:
    def test_is_created_read_changed_and_deleted(self, kind, api) -> None:
        sent = body(kind)
        created = api.post(address(kind), sent | {"changelog_message": "first"})
        assert created.status_code == 201, created.json()
        pk = created.json()["id"]
        assert created.json()["url"].endswith(address(kind, pk))
        assert created.json()["display"]

        read = api.get(address(kind, pk))
        assert read.status_code == 200
        for name, value in sent.items():
            got = read.json()[name]
            got = got.get("value", got.get("id", got)) if isinstance(got, dict) else got
            got = [each["value"] for each in got] if name == "profiles" else got
            assert got == value, name

        name, value = change_of(kind)
        changed = api.patch(address(kind, pk), {name: value})
        assert changed.status_code == 200, changed.json()
        assert changed.json()[name] == value

        assert api.delete(address(kind, pk)).status_code == 204
        assert api.get(address(kind, pk)).status_code == 404


class TestRelations:
    def test_a_port_is_written_by_device_and_name(self, api) -> None:
        site = made.site(slug="lis-1")
        for name in ("leaf-1", "leaf-2"):
            made.port(device=made.device(site=site, name=name), name="Ethernet1")
        ends = {
            f"port_{end}": {
                "device": {"site": {"slug": "lis-1"}, "name": f"leaf-{number}"},
                "name": "Ethernet1",
            }
            for number, end in ((1, "a"), (2, "b"))
        }
        created = api.post(address("link"), {"name": "l", "site_a": site.pk, "site_b": site.pk} | ends)
        assert created.status_code == 201, created.json()
        assert created.json()["port_b"]["display"] == "leaf-2 Ethernet1"


class TestRefusals:
    def test_a_rack_at_another_site(self, api) -> None:
        answer = api.post(address("device"), body("device") | {"rack": made.rack().pk})
        assert answer.status_code == 400
        assert answer.json() == {"rack": ["This rack is at another site."]}

    def test_a_device_that_moves_away_from_its_rack(self, api) -> None:
        rack = made.rack()
        device = made.device(site=rack.site, rack=rack)
        answer = api.patch(address("device", device.pk), {"site": made.site().pk})
        assert answer.json() == {"rack": ["This rack is at another site."]}
        answer = api.patch(address("device", device.pk), {"site": made.site().pk, "rack": None})
        assert answer.status_code == 200

    def test_a_port_at_another_site(self, api) -> None:
        link = made.wan()
        answer = api.patch(address("link", link.pk), {"port_a": made.port().pk})
        assert list(answer.json()) == ["port_a"]

    def test_a_device_that_moves_away_from_its_links(self, api) -> None:
        link = made.link()
        answer = api.patch(address("device", link.port_a.device_id), {"site": made.site().pk})
        assert answer.status_code == 400
        assert "link" in json.dumps(answer.json())

    def test_a_second_host_of_the_name(self, api) -> None:
        device = made.device(name="leaf-1")
        sent = body("device") | {"site": device.site_id, "name": "LEAF-1"}
        answer = api.post(address("device"), sent)
        assert answer.status_code == 400
        assert "The site has a device of this name." in json.dumps(answer.json())

    def test_attributes_by_name(self, api) -> None:
        sent = body("device-type") | {"attributes": {"port_count": "many", "memory_gb": 80}}
        answer = api.post(address("device-type"), sent)
        assert answer.status_code == 400
        assert set(answer.json()["attributes"]) == {"port_count", "memory_gb"}

    def test_a_kind_that_does_not_have_the_attributes(self, api) -> None:
        device_type = made.device_type(kind="switch", attributes={"port_count": 64})
        answer = api.patch(address("device-type", device_type.pk), {"kind": "pdu"})
        assert list(answer.json()["attributes"]) == ["port_count"]

    def test_a_switch_as_accelerator(self, api) -> None:
        sent = body("accelerator") | {"device_type": made.device_type(kind="switch").pk}
        assert list(api.post(address("accelerator"), sent).json()) == ["device_type"]

    def test_the_items_of_a_bulk_write_that_are_wrong(self, api) -> None:
        good, twice = body("device"), body("device")
        answer = api.post(address("device"), [good, twice, twice, body("device") | {"role": "toaster"}])
        assert answer.status_code == 400
        assert Device.objects.count() == 0


class TestManyAtOnce:
    def test_a_thousand_devices_take_a_fixed_number_of_statements(self, api) -> None:
        site, device_type = made.site(slug="lis-1"), made.device_type()
        rack = made.rack(site=site, name="R1")

        def sent(count: int, prefix: str) -> list[dict]:
            return [
                {
                    "site": {"slug": "lis-1"},
                    "name": f"{prefix}-{number}",
                    "device_type": device_type.pk,
                    "rack": {"site": {"slug": "lis-1"}, "name": "R1"},
                    "role": "node",
                }
                for number in range(count)
            ]

        counts = []
        for count, prefix in ((2, "few"), (1000, "many")):
            SiteChange.objects.all().delete()
            with CaptureQueriesContext(connection) as queries:
                answer = api.post(address("device"), sent(count, prefix))
            assert answer.status_code == 201
            counts.append(len(queries))
            assert [claim.site for claim in SiteChange.objects.all()] == [site]
        assert rack.devices.count() == 1002
        assert counts[1] == counts[0] < 20

    def test_a_new_status_for_many_takes_a_fixed_number_of_statements(self, api) -> None:
        devices = [made.device() for _ in range(20)]
        counts = []
        for some in (devices[:2], devices):
            with CaptureQueriesContext(connection) as queries:
                answer = api.patch(address("device"), [{"id": each.pk, "status": "drained"} for each in some])
            assert answer.status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]


def test_the_schema_of_attributes_is_published(api) -> None:
    answer = api.get("/api/inventory/device-types/attributes/")
    assert answer.status_code == 200
    (memory, *_) = answer.json()["accelerator"]
    assert memory == {"key": "memory_gb", "label": "Memory", "shape": "number", "unit": "GB", "choices": []}
