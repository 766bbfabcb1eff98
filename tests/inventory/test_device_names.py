"""Other names of devices: one device per name and site, from the time that the server recorded."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import Device, DeviceName
from tests.inventory import made

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def refused_by(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


@pytest.mark.django_db
class TestOneDevicePerName:
    def test_an_other_name_is_given_once_in_a_site_whatever_its_case(self) -> None:
        name = made.device_name(name="GPU-Host-1")
        with refused_by("device_name_unique_in_site"), transaction.atomic():
            made.device_name(device=made.device(site=name.device.site), name="gpu-host-1")
        made.device_name(name="gpu-host-1")

    def test_it_is_not_the_name_of_another_device(self) -> None:
        device = made.device(name="node-a")
        other = made.device(site=device.site)
        with refused_by("Another device of the site has this name"), transaction.atomic():
            made.device_name(device=other, name="NODE-A")
        made.device_name(device=device, name="NODE-A")

    def test_a_device_does_not_take_it(self) -> None:
        name = made.device_name(name="node-a")
        with refused_by("another name of another device"), transaction.atomic():
            made.device(site=name.device.site, name="Node-A")
        other = made.device(site=name.device.site)
        with refused_by("another name of another device"), transaction.atomic():
            Device.objects.filter(pk=other.pk).update(name="node-a")
        Device.objects.filter(pk=name.device_id).update(name="node-a")

    def test_a_moved_device_brings_no_name_of_another_one(self) -> None:
        name = made.device_name(name="node-a")
        site = made.device(name="node-a").site
        with refused_by("Another device of the site has this name"), transaction.atomic():
            Device.objects.filter(pk=name.device_id).update(site=site)


@pytest.mark.django_db
class TestRecorded:
    def test_a_change_of_the_name_counts_from_the_change_on(self) -> None:
        name = made.device_name(recorded_at=PAST)
        DeviceName.objects.filter(pk=name.pk).update(name="later", recorded_at=PAST)
        assert DeviceName.objects.get(pk=name.pk).recorded_at > PAST

    def test_nobody_dates_it_back(self, api) -> None:
        sent = {"device": made.device().pk, "name": "host-1", "recorded_at": PAST.isoformat()}
        created = api.post("/api/inventory/device-names/", sent)
        name = DeviceName.objects.get()
        assert created.status_code == 400 or name.recorded_at > PAST
        before = name.recorded_at
        DeviceName.objects.filter(pk=name.pk).update(recorded_at=PAST)
        assert DeviceName.objects.get(pk=name.pk).recorded_at == before


@pytest.mark.django_db
def test_the_answer_says_why_a_name_is_refused(api) -> None:
    device = made.device(name="node-a")
    other = made.device(site=device.site)
    refused = api.post("/api/inventory/device-names/", {"device": other.pk, "name": "node-a"})
    assert refused.status_code == 400
    assert refused.json() == {"name": ["Another device of the site has this name."]}


@pytest.mark.django_db
def test_bus_ids_are_stored_in_one_form() -> None:
    accelerator = made.accelerator(bus_id="00000000:1B:00.0")
    assert accelerator.bus_id == "1b:00.0"
    assert type(accelerator).objects.filter(bus_id="0000:1B:00.0").exists()
    with refused_by("accelerator_bus_id_unique"):
        made.accelerator(device=accelerator.device, bus_id="1b:00.0")


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_do_not_give_one_name_to_two_devices() -> None:
    site = made.site()
    named = made.device(site=site)
    ready, errors = threading.Event(), []

    def add_device() -> None:
        ready.wait(5)
        try:
            made.device(site=site, device_type=named.device_type, name="NODE-A")
        except IntegrityError as error:
            errors.append(str(error))
        finally:
            connection.close()

    writer = threading.Thread(target=add_device)
    writer.start()
    with transaction.atomic():
        made.device_name(device=named, name="node-a")
        ready.set()
        writer.join(0.5)
        assert writer.is_alive()  # it waits for this transaction
    writer.join(5)
    assert len(errors) == 1
    assert not Device.objects.filter(name="NODE-A").exists()
