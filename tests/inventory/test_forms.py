"""Adding and changing by hand: what a form takes, and what it says when it does not."""

import pytest

from inventory.models import Accelerator, Device, DeviceType, Link, Port, PowerFeed, Rack, Region, Site
from tests.inventory import made
from tests.inventory.test_pages import address

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner_page(client_of):
    return client_of("planner")


def errors_of(response) -> dict[str, list[str]]:
    assert response.status_code == 422, response.status_code
    return dict(response.context["form"].errors)


def test_a_region_gets_its_slug_from_its_name(planner_page) -> None:
    answer = planner_page.post(address("region", "add/"), {"name": "Southern Europe", "slug": ""})
    region = Region.objects.get()
    assert region.slug == "southern-europe"
    assert answer.url == address("region", f"{region.pk}/")


SITE = {
    "name": "Lisbon 1",
    "stage": "production",
    "kind": "core",
    "profiles": ["training", "inference"],
    "country": "PT",
    "time_zone": "Europe/Lisbon",
    "cooling_class": "A2",
    "contracted_kw": "4500",
}


def test_a_site_is_added_and_changed(planner_page) -> None:
    planner_page.post(address("site", "add/"), SITE | {"region": made.region().pk})
    site = Site.objects.get()
    assert (site.slug, site.profiles, site.contracted_kw) == ("lisbon-1", ["training", "inference"], 4500)
    form = planner_page.get(address("site", f"{site.pk}/edit/")).context["form"]
    kept = {name: value for name, value in form.initial.items() if value is not None}
    planner_page.post(address("site", f"{site.pk}/edit/"), kept | {"owner": "Platform EMEA"})
    site.refresh_from_db()
    assert (site.owner, site.time_zone, site.profiles) == (
        "Platform EMEA",
        "Europe/Lisbon",
        ["training", "inference"],
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"country": "Portugal"}, "country"),
        ({"country": "pt"}, "country"),
        ({"operator_country": "us"}, "operator_country"),
        ({"time_zone": "Lisbon"}, "time_zone"),
        ({"contracted_kw": "-1"}, "__all__"),
        ({"contracted_kw": "NaN"}, "contracted_kw"),
        ({"contracted_kw": "1e999"}, "contracted_kw"),
        ({"latitude": "38.7"}, "__all__"),
        ({"profiles": ["mining"]}, "profiles"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_a_wrong_figure_is_named(planner_page, wrong, field) -> None:
    answer = planner_page.post(address("site", "add/"), SITE | {"region": made.region().pk} | wrong)
    assert list(errors_of(answer)) == [field] if field != "name" else "name" in errors_of(answer)
    assert not Site.objects.exists()


def test_the_reason_is_kept_in_the_history(planner_page) -> None:
    rack = made.rack()
    sent = {"site": rack.site_id, "name": "R99", "u_height": 48, "changelog_message": "relabelled"}
    planner_page.post(address("rack", f"{rack.pk}/edit/"), sent)
    shown = planner_page.get(address("rack", f"{rack.pk}/"), {"tab": "history"})
    [change] = [row for row in shown.context["rows"] if row.action == "changed"]
    assert (change.actor, change.message) == ("planner", "relabelled")
    assert "<ins>R99</ins>" in shown.text


class TestDeviceTypes:
    def test_has_a_field_for_each_attribute_of_its_kind(self, planner_page) -> None:
        form = planner_page.get(address("device-type", "add/"), {"kind": "switch"}).context["form"]
        assert "attribute_port_count" in form.fields
        assert "attribute_memory_gb" not in form.fields
        assert "u_height" in form.fields
        accelerator = planner_page.get(address("device-type", "add/"), {"kind": "accelerator"}).context[
            "form"
        ]
        assert "u_height" not in accelerator.fields
        assert list(form.fields)[-1] == "changelog_message"

    def test_stores_what_was_filled_in(self, planner_page) -> None:
        sent = {
            "kind": "accelerator",
            "manufacturer": made.manufacturer(name="Acme").pk,
            "model": "X1",
            "domain": "compute",
            "nameplate_w": "700",
            "u_height": "1",
            "attribute_memory_gb": "141",
            "attribute_interconnect": "NVLink 4",
            "attribute_tdp_w": "",
            "source": "data sheet",
        }
        planner_page.post(address("device-type", "add/"), sent)
        device_type = DeviceType.objects.get()
        assert device_type.slug == "acme-x1"
        assert device_type.attributes == {"memory_gb": 141, "interconnect": "NVLink 4"}
        form = planner_page.get(address("device-type", f"{device_type.pk}/edit/")).context["form"]
        assert form.initial["attribute_memory_gb"] == 141

    @pytest.mark.parametrize("value", ["-1", "0", "NaN", "1e999", "many"])
    def test_names_a_wrong_attribute(self, planner_page, value) -> None:
        sent = {
            "kind": "node",
            "manufacturer": made.manufacturer().pk,
            "model": "X",
            "domain": "compute",
            "u_height": 1,
        }
        answer = planner_page.post(address("device-type", "add/"), sent | {"attribute_memory_gb": value})
        assert list(errors_of(answer)) == ["attribute_memory_gb"]

    def test_an_unknown_kind_is_refused(self, planner_page) -> None:
        sent = {
            "kind": "toaster",
            "manufacturer": made.manufacturer().pk,
            "model": "X",
            "domain": "compute",
            "u_height": 1,
        }
        assert "kind" in errors_of(planner_page.post(address("device-type", "add/"), sent))


def test_help_leaves_out_the_unit_that_stands_beside_the_field(planner_page) -> None:
    feed = planner_page.get(address("power-feed", "add/")).context["form"].fields
    helps = {name: feed[name].help_text for name in ("rated_kw", "breaker_rating_a", "voltage_v")}
    assert helps == {
        "rated_kw": "What the feed may carry",
        "breaker_rating_a": "",
        "voltage_v": "Between lines when it has three phases",
    }


class TestNames:
    """Objects of a site are written by name, not chosen from a list of the whole fleet."""

    def device(self, **given) -> dict:
        return {
            "name": "node-1",
            "device_type": made.device_type().pk,
            "role": "node",
            "status": "active",
        } | given

    def test_a_rack_is_found_at_the_site_of_the_device(self, planner_page) -> None:
        site, elsewhere = made.site(), made.site()
        rack = made.rack(site=site, name="R01")
        made.rack(site=elsewhere, name="R01")
        planner_page.post(address("device", "add/"), self.device(site=site.pk, rack="r01"))
        assert Device.objects.get().rack == rack

    def test_a_rack_that_the_site_does_not_have_is_named(self, planner_page) -> None:
        made.rack(name="R01")
        answer = planner_page.post(address("device", "add/"), self.device(site=made.site().pk, rack="R01"))
        assert "has no rack “R01”" in errors_of(answer)["rack"][0]

    def test_a_rack_may_be_left_out(self, planner_page) -> None:
        planner_page.post(address("device", "add/"), self.device(site=made.site().pk, rack=""))
        assert Device.objects.get().rack is None

    def test_the_form_begins_with_the_name(self, planner_page) -> None:
        rack = made.rack(name="R01")
        device = made.device(site=rack.site, rack=rack)
        form = planner_page.get(address("device", f"{device.pk}/edit/")).context["form"]
        assert form.initial["rack"] == "R01"
        begun = planner_page.get(address("device", "add/"), {"rack": rack.pk})
        assert begun.context["form"].initial["rack"] == "R01"
        assert begun.context["form"].initial["site"] == rack.site_id
        assert '<option value="R01"></option>' in begun.text

    def test_an_accelerator_is_added_to_a_node(self, planner_page) -> None:
        node = made.device(name="node-1")
        begun = planner_page.get(address("accelerator", "add/"), {"device": node.pk}).context["form"]
        assert (begun.initial["device"], begun.initial["site"]) == ("node-1", node.site_id)
        sent = {
            "site": node.site_id,
            "device": "NODE-1",
            "index": 0,
            "device_type": made.device_type(kind="accelerator").pk,
            "status": "active",
        }
        planner_page.post(address("accelerator", "add/"), sent)
        assert Accelerator.objects.get().device == node

    def test_the_same_index_twice_is_named(self, planner_page) -> None:
        held = made.accelerator(index=0)
        sent = {
            "site": held.device.site_id,
            "device": held.device.name,
            "index": 0,
            "device_type": held.device_type_id,
            "status": "active",
        }
        assert "__all__" in errors_of(planner_page.post(address("accelerator", "add/"), sent))

    def test_a_device_is_required_for_a_port(self, planner_page) -> None:
        sent = {
            "site": made.site().pk,
            "device": "nobody",
            "name": "eth0",
            "kind": "ethernet",
            "status": "active",
        }
        assert list(errors_of(planner_page.post(address("port", "add/"), sent))) == ["device"]
        assert not Port.objects.exists()

    def test_a_link_names_device_and_port(self, planner_page) -> None:
        site = made.site()
        ports = [
            made.port(device=made.device(site=site, name=name), name="Ethernet1")
            for name in ("leaf 1", "leaf 2")
        ]
        sent = {
            "name": "l1",
            "kind": "fabric",
            "site_a": site.pk,
            "port_a": "leaf 1 Ethernet1",
            "site_b": site.pk,
            "port_b": "LEAF 2 ethernet1",
        }
        planner_page.post(address("link", "add/"), sent)
        link = Link.objects.get()
        assert [link.port_a, link.port_b] == ports

    def test_a_link_within_a_site_needs_ports(self, planner_page) -> None:
        site = made.site()
        sent = {"name": "l1", "kind": "fabric", "site_a": site.pk, "site_b": site.pk}
        errors = errors_of(planner_page.post(address("link", "add/"), sent))
        assert "two ports" in errors["__all__"][0]

    def test_a_feed_names_its_meter(self, planner_page) -> None:
        meter = made.device(role="meter", name="m-1")
        sent = {"site": meter.site_id, "name": "f1", "device": "m-1", "leg": "A", "rated_kw": 30, "phases": 3}
        planner_page.post(address("power-feed", "add/"), sent)
        assert PowerFeed.objects.get().device == meter


def test_a_rack_of_the_same_name_is_refused(planner_page) -> None:
    rack = made.rack(name="R01")
    answer = planner_page.post(address("rack", "add/"), {"site": rack.site_id, "name": "R01", "u_height": 48})
    assert "__all__" in errors_of(answer)
    assert Rack.objects.count() == 1
