"""The REST contract on every model of the inventory."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

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

    def test_what_was_read_can_be_written_back(self, kind, api) -> None:
        thing = made.MAKERS[kind]()
        read = api.get(address(kind, thing.pk))
        written = api.put(address(kind, thing.pk), read.json(), headers={"If-Match": read["ETag"]})
        assert written.status_code == 200, written.json()
        assert written.json() == read.json()

    def test_takes_the_same_statements_for_one_row_and_for_many(self, kind, api) -> None:
        made.MAKERS[kind]()
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                answer = api.get(address(kind))
            assert answer.status_code == 200
            counts.append(len(queries))
            for _ in range(7):
                made.MAKERS[kind]()
        assert answer.json()["count"] > 7
        assert counts[0] == counts[1] <= 3

    def test_brief_has_no_more_than_names(self, kind, api) -> None:
        made.MAKERS[kind]()
        whole, brief = (
            api.get(address(kind), {"brief": flag}).json()["results"][0] for flag in ("false", "true")
        )
        assert set(brief) < set(whole)
        assert {"id", "url", "display"} <= set(brief)

    def test_an_unknown_parameter_is_refused_by_name(self, kind, api) -> None:
        answer = api.get(address(kind), {"colour": "red"})
        assert answer.status_code == 400
        assert list(answer.json()) == ["colour"]

    def test_a_stale_etag_is_refused(self, kind, api) -> None:
        thing = made.MAKERS[kind]()
        etag = api.get(address(kind, thing.pk))["ETag"]
        name, value = change_of(kind)
        api.patch(address(kind, thing.pk), {name: value})
        answer = api.patch(address(kind, thing.pk), {name: "again"}, headers={"If-Match": etag})
        assert answer.status_code == 412

    def test_many_are_created_or_none(self, kind, api) -> None:
        model = type(made.MAKERS[kind]())
        sent = [body(kind), body(kind)]
        before = model.objects.count()
        refused = api.post(address(kind), [*sent, {"description": "and nothing else"}])
        assert refused.status_code == 400
        assert model.objects.count() == before
        created = api.post(address(kind), sent)
        assert created.status_code == 201, created.json()
        assert [each["id"] for each in created.json()] == sorted(each["id"] for each in created.json())

    def test_many_are_changed_and_deleted(self, kind, api) -> None:
        things = [made.MAKERS[kind](), made.MAKERS[kind]()]
        name, value = change_of(kind)
        values = [value, f"{value} 2"]
        sent = [{"id": thing.pk, name: each} for thing, each in zip(things, values, strict=True)]
        changed = api.patch(address(kind), sent)
        assert changed.status_code == 200, changed.json()
        assert [each[name] for each in changed.json()] == values
        assert api.delete(address(kind), [{"id": thing.pk} for thing in things]).status_code == 204
        assert api.get(address(kind), {"id": [thing.pk for thing in things]}).json()["count"] == 0

    def test_needs_permission_by_name(self, kind) -> None:
        thing = made.MAKERS[kind]()
        client = APIClient()
        assert client.get(address(kind)).status_code == 401
        reader = get_user_model().objects.create_user("reader")
        codename = f"view_{thing._meta.model_name}"
        reader.user_permissions.add(
            Permission.objects.get(content_type__app_label="inventory", codename=codename)
        )
        client.force_authenticate(reader)
        assert client.get(address(kind)).status_code == 200
        refused = client.delete(address(kind, thing.pk))
        assert refused.status_code == 403
        assert f"inventory.delete_{thing._meta.model_name}" in refused.json()["detail"]

    def test_a_body_that_makes_no_sense_is_a_400(self, kind, api) -> None:
        for sent in ("[", "null", '"text"', "[]", "[4]", "[{}]", "{}", '{"name": null}'):
            answer = api.post(address(kind), sent, content_type="application/json")
            assert answer.status_code == 400, (sent, answer.content)

    def test_strange_values_in_every_field_are_never_a_5xx(self, kind, api) -> None:
        thing = made.MAKERS[kind]()
        fields = api.get(address(kind, thing.pk)).json()
        strange = [None, "a\x00", "x" * 5000, "NaN", 1e300, 2**63, True, [{}], {"id": {}}, "\ud800"]
        for name in fields:
            for value in strange:
                answer = api.patch(
                    address(kind, thing.pk), json.dumps({name: value}), content_type="application/json"
                )
                assert answer.status_code in {200, 400}, (name, value, answer.content)

    def test_strange_filters_are_never_a_5xx(self, kind, api) -> None:
        made.MAKERS[kind]()
        schema = api.get(address(kind)).wsgi_request.resolver_match.func.cls.filterset_class.base_filters
        for name in schema:
            for value in ("x\x00", "-1e999"):
                answer = api.get(address(kind), {name: value})
                assert answer.status_code in {200, 400}, (name, value, answer.content)


class TestRelations:
    def test_a_reference_is_read_as_a_brief_object(self, api) -> None:
        rack = made.rack(site=made.site(slug="lis-1", name="Lisbon"))
        read = api.get(address("rack", rack.pk)).json()["site"]
        assert read["slug"] == "lis-1"
        assert read["display"] == "Lisbon"
        assert read["url"].endswith(address("site", rack.site_id))

    def test_a_reference_is_written_by_its_unique_attributes(self, api) -> None:
        made.site(slug="lis-1")
        created = api.post(address("rack"), {"site": {"slug": "lis-1"}, "name": "R1"})
        assert created.status_code == 201
        assert created.json()["site"]["slug"] == "lis-1"

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

    def test_a_region_in_use_is_not_deleted(self, api) -> None:
        site = made.site(name="Lisbon")
        answer = api.delete(address("region", site.region_id))
        assert answer.status_code == 409
        assert "Lisbon" in answer.json()["detail"]


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

    def test_an_infinite_figure(self, api) -> None:
        answer = api.post(address("power-feed"), body("power-feed") | {"rated_kw": "Infinity"})
        assert list(answer.json()) == ["rated_kw"]

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
