"""What the database refuses, whoever writes: these rows go past forms and API."""

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from inventory.models import CoolingUnit, Device, DeviceType, Link, Port, PowerFeed, Rack, Region, Site
from tests.inventory import made

pytestmark = pytest.mark.django_db


def refused_by(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def choice_columns() -> list[tuple[type[models.Model], models.Field]]:
    return [
        (model, field)
        for model in apps.get_app_config("inventory").get_models()
        for field in model._meta.local_fields
        if field.choices or getattr(getattr(field, "base_field", None), "choices", None)
    ]


def test_columns_of_choices_are_found() -> None:
    assert {("Site", "profiles"), ("Link", "kind"), ("SiteChange", "origin")} <= {
        (model.__name__, field.name) for model, field in choice_columns()
    }


@pytest.mark.parametrize(
    ("model", "field"),
    choice_columns(),
    ids=lambda part: getattr(part, "__name__", "") or part.name,
)
def test_a_word_that_is_no_choice_is_refused(model, field) -> None:
    names = [constraint.name for constraint in model._meta.constraints]
    name = f"{model._meta.model_name}_{field.name}_known"
    assert name in names
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
            [name],
        )
        (definition,) = cursor.fetchone()
    choices = (getattr(field, "base_field", None) or field).choices
    assert all(f"'{value}'" in definition for value, _label in choices)


def test_a_bulk_update_cannot_store_an_unknown_stage() -> None:
    made.site()
    with refused_by("site_stage_known"):
        Site.objects.update(stage="finished")


def test_a_site_cannot_have_an_unknown_profile() -> None:
    made.site(profiles=["training", "edge"])
    with refused_by("site_profiles_known"):
        Site.objects.update(profiles=["training", "mining"])


class TestSameSite:
    def test_a_device_stands_in_a_rack_of_its_site(self) -> None:
        with refused_by("device_rack_at_same_site"):
            made.device(rack=made.rack())

    def test_a_rack_with_devices_does_not_move_without_them(self) -> None:
        device = made.device(rack=(rack := made.rack()), site=rack.site)
        with refused_by("device_rack_at_same_site"), transaction.atomic():
            Rack.objects.filter(pk=rack.pk).update(site=made.site())
        assert Device.objects.get(pk=device.pk).rack == rack

    @pytest.mark.parametrize("part", ["rack", "device"])
    def test_a_feed_names_parts_of_its_site(self, part: str) -> None:
        with refused_by(f"power_feed_{part}_at_same_site"):
            made.power_feed(**{part: made.MAKERS[part]()})

    def test_the_rack_of_a_device_may_be_deleted(self) -> None:
        rack = made.rack()
        device = made.device(rack=rack, site=rack.site)
        feed = made.power_feed(rack=rack, device=device, site=rack.site)
        rack.delete()
        device.refresh_from_db()
        feed.refresh_from_db()
        assert device.rack is None
        assert feed.rack is None

    @pytest.mark.parametrize(
        ("whole", "part"), [("device", "rack"), ("power-feed", "rack"), ("power-feed", "device")]
    )
    def test_the_form_names_the_field(self, whole: str, part: str) -> None:
        thing = made.MAKERS[whole]()
        setattr(thing, part, made.MAKERS[part]())
        with pytest.raises(ValidationError) as caught:
            thing.full_clean()
        assert list(caught.value.message_dict) == [part]


class TestLinkEnds:
    def test_ports_are_at_the_stated_sites(self) -> None:
        here = made.port()
        link = made.wan(site_a=here.device.site, port_a=here)
        assert link.port_a == here

    @pytest.mark.parametrize("end", ["port_a", "port_b"])
    def test_a_port_elsewhere_is_refused(self, end: str) -> None:
        with refused_by("not at the site"):
            made.wan(**{end: made.port()})

    def test_the_form_names_the_end(self) -> None:
        link = made.wan()
        link.port_b = made.port()
        with pytest.raises(ValidationError) as caught:
            link.full_clean()
        assert list(caught.value.message_dict) == ["port_b"]

    def test_an_update_to_a_port_elsewhere_is_refused(self) -> None:
        link = made.link()
        with refused_by("not at the site"):
            Link.objects.filter(pk=link.pk).update(port_b=made.port())

    def test_a_device_does_not_move_away_from_its_links(self) -> None:
        link = made.link()
        with refused_by("not at the site"):
            Device.objects.filter(pk=link.port_a.device_id).update(site=made.site())

    def test_a_port_does_not_move_away_from_its_links(self) -> None:
        link = made.link()
        with refused_by("not at the site"):
            Port.objects.filter(pk=link.port_a_id).update(device=made.device())

    def test_a_port_may_move_within_the_site(self) -> None:
        link = made.link()
        Port.objects.filter(pk=link.port_a_id).update(device=made.device(site=link.site_a))

    def test_the_two_ends_differ(self) -> None:
        port = made.port()
        with refused_by("link_ends_differ"):
            made.link(port_a=port, port_b=port)

    def test_a_fabric_link_needs_both_ports(self) -> None:
        link = made.link()
        with refused_by("link_inside_site_has_ports"):
            Link.objects.filter(pk=link.pk).update(port_b=None)

    def test_a_link_between_sites_has_two_sites(self) -> None:
        site = made.site()
        with refused_by("link_between_sites_differ"):
            made.wan(site_a=site, site_b=site)


@pytest.mark.parametrize(
    ("model", "change", "constraint"),
    [
        (Site, {"contracted_kw": 0}, "site_contracted_kw_positive"),
        (Site, {"latitude": 38, "longitude": None}, "site_position_whole"),
        (Site, {"latitude": 91, "longitude": 0}, "site_latitude_range"),
        (Site, {"country": "pt"}, "site_country_iso"),
        (Site, {"operator_country": "us"}, "site_operator_country_iso"),
        (Site, {"generator_start_s": -1}, "site_generator_start_not_negative"),
        (DeviceType, {"nameplate_w": -1}, "device_type_nameplate_not_negative"),
        (DeviceType, {"attributes": [1]}, "device_type_attributes_object"),
        (Rack, {"rated_kw": 0}, "rack_rated_positive"),
        (Device, {"position": 0}, "device_position_positive"),
        (Port, {"speed_gbps": 0}, "port_speed_positive"),
        (Link, {"design_latency_ms": 0}, "link_latency_positive"),
        (Link, {"capacity_gbps": 0}, "link_capacity_positive"),
        (PowerFeed, {"rated_kw": 0}, "power_feed_rated_positive"),
        (PowerFeed, {"phases": 2}, "power_feed_phases_known"),
        (PowerFeed, {"voltage_v": 0}, "power_feed_voltage_positive"),
        (PowerFeed, {"breaker_rating_a": 0}, "power_feed_breaker_positive"),
        (CoolingUnit, {"capacity_kw": 0}, "cooling_unit_capacity_positive"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_figures_that_cannot_be_are_refused(model, change, constraint) -> None:
    make = made.MAKERS[model._meta.verbose_name.replace(" ", "-")]
    thing = make()
    with refused_by(constraint):
        model.objects.filter(pk=thing.pk).update(**change)


def test_two_hosts_of_a_site_differ_by_more_than_case() -> None:
    device = made.device(name="Leaf-1")
    with refused_by("device_unique_in_site"):
        made.device(name="leaf-1", site=device.site)


def test_an_accelerator_is_known_by_one_uuid() -> None:
    made.accelerator(uuid="GPU-5af1")
    with refused_by("accelerator_uuid_unique"):
        made.accelerator(uuid="gpu-5AF1")


def test_accelerators_without_uuid_do_not_clash() -> None:
    made.accelerator(uuid="")
    made.accelerator(uuid="")


class TestKinds:
    def test_a_device_is_no_accelerator(self) -> None:
        device = made.device()
        device.device_type = made.device_type(kind="accelerator")
        with pytest.raises(ValidationError, match="is an accelerator"):
            device.full_clean()

    def test_an_accelerator_is_no_switch(self) -> None:
        accelerator = made.accelerator()
        accelerator.device_type = made.device_type(kind="switch")
        with pytest.raises(ValidationError, match="no accelerator"):
            accelerator.full_clean()


def test_regions_never_form_a_circle() -> None:
    top = made.region()
    middle = made.region(parent=top)
    low = made.region(parent=middle)
    with refused_by("within it"), transaction.atomic():
        Region.objects.filter(pk=top.pk).update(parent=low)
    # A statement that turns them round as a whole is no circle.
    top.parent, middle.parent, low.parent = middle, low, None
    Region.objects.bulk_update([top, middle, low], ["parent"])
    assert list(Region.objects.filter(parent=None)) == [low]
