"""Every write to the inventory leaves a claim row for each site it touched, and only then."""

import pytest
from django.db import connection

from inventory.models import Accelerator, Device, DeviceType, Manufacturer, Region, Site, SiteChange
from tests.inventory import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def claimed():
    """Sites claimed since the last call."""

    def take() -> list[int]:
        taken = list(
            SiteChange.objects.filter(origin="inventory").order_by("id").values_list("site_id", flat=True)
        )
        SiteChange.objects.all().delete()
        return taken

    return take


def site_of(thing) -> int:
    if isinstance(thing, Site):
        return thing.pk
    return getattr(thing, "site_id", None) or getattr(thing, "site_a_id", None) or thing.device.site_id


WATCHED = [
    "site",
    "rack",
    "device",
    "device-name",
    "accelerator",
    "port",
    "link",
    "power-feed",
    "cooling-unit",
    "capacity-event",
]


@pytest.mark.parametrize("kind", WATCHED)
def test_adding_claims_the_site(kind: str, claimed) -> None:
    thing = made.MAKERS[kind]()
    assert claimed()[-1] == site_of(thing)


@pytest.mark.parametrize("kind", WATCHED)
def test_a_change_claims_the_site(kind: str, claimed) -> None:
    thing = made.MAKERS[kind]()
    claimed()
    column = {"capacity-event": "it_kw", "accelerator": "index"}.get(kind)
    type(thing).objects.filter(pk=thing.pk).update(**{column: 7} if column else {"name": "renamed"})
    assert claimed() == [site_of(thing)]


@pytest.mark.parametrize("kind", WATCHED)
def test_a_save_that_changes_nothing_claims_nothing(kind: str, claimed) -> None:
    thing = made.MAKERS[kind]()
    claimed()
    thing.save()
    assert claimed() == []


@pytest.mark.parametrize("kind", [kind for kind in WATCHED if kind != "site"])
def test_a_deletion_claims_the_site(kind: str, claimed) -> None:
    thing = made.MAKERS[kind]()
    site = site_of(thing)
    claimed()
    thing.delete()
    assert set(claimed()) == {site}


def test_a_link_between_sites_claims_both(claimed) -> None:
    link = made.wan()
    assert claimed()[-2:] == sorted([link.site_a_id, link.site_b_id])


def test_a_device_that_moves_claims_the_old_and_the_new_site(claimed) -> None:
    device, new = made.device(), made.site()
    old = device.site_id
    claimed()
    Device.objects.update(site=new)
    assert claimed() == sorted([old, new.pk])


def test_a_new_nameplate_claims_the_sites_that_use_the_type(claimed) -> None:
    device, accelerator = made.device(), made.accelerator()
    made.device()
    claimed()
    DeviceType.objects.filter(pk__in=[device.device_type_id, accelerator.device_type_id]).update(
        nameplate_w=700
    )
    assert claimed() == sorted([device.site_id, accelerator.device.site_id])


def test_a_site_that_is_deleted_leaves_no_claim(claimed) -> None:
    accelerator, link, feed = made.accelerator(), made.wan(), made.power_feed()
    rack = made.rack()
    made.device(rack=rack, site=rack.site)
    claimed()
    sites = Site.objects.filter(
        pk__in=[accelerator.device.site_id, link.site_a_id, feed.site_id, rack.site_id]
    )
    sites.delete()
    connection.check_constraints()
    assert claimed() == [link.site_b_id]


@pytest.mark.full
def test_a_bulk_write_of_ten_thousand_rows_leaves_one_claim_for_each_site(claimed) -> None:
    sites = [made.site(), made.site()]
    device_type = made.device_type()
    claimed()
    Device.objects.bulk_create(
        Device(site=sites[number % 2], name=f"node-{number}", role="node", device_type=device_type)
        for number in range(10_000)
    )
    assert claimed() == [site.pk for site in sites]
    Device.objects.update(firmware_version="2.1")
    assert claimed() == [site.pk for site in sites]
    Device.objects.filter(site=sites[0])._raw_delete(using="default")
    assert claimed() == [sites[0].pk]


def test_the_claim_carries_the_time_of_the_change() -> None:
    site = made.site()
    claim = SiteChange.objects.get(site=site)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    assert abs((claim.changed_at - now).total_seconds()) < 60


def test_places_and_makers_claim_nothing(claimed) -> None:
    made.region()
    made.manufacturer()
    Region.objects.update(description="north")
    Manufacturer.objects.update(description="makes nodes")
    assert claimed() == []


def test_a_write_that_touches_no_row_claims_nothing(claimed) -> None:
    Device.objects.update(name="nobody")
    Accelerator.objects.all().delete()
    assert claimed() == []
