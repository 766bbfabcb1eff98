"""A correction: one person proposes, another one confirms, and the inventory takes the reported value."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from inventory.models import Accelerator
from telemetry.drift import operations
from telemetry.drift.models import InventoryDrift
from tests.entries import entries_of
from tests.inventory import made
from web.actor import acting
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db


@pytest.fixture
def part():
    return made.accelerator(
        index=1, uuid="GPU-bbbb", device_type=made.device_type(kind="accelerator", model="H100 SXM")
    )


@pytest.fixture
def drift_of(part, frozen_now):
    def drift(field="uuid", inventory="GPU-bbbb", reported="GPU-cccc", **given):
        at = frozen_now.at
        given = {"site_id": part.device.site_id, "device": part.device, "index": 1} | given
        return InventoryDrift.objects.create(
            field=field, inventory_value=inventory, reported_value=reported, reported_by="porto",
            first_seen_at=at, last_seen_at=at, state_at=at, **given,
        )  # fmt: skip

    return drift


def step(name, drift, by, now, **said):
    return getattr(operations, name)(drift, by=by, now=now, **said)


@pytest.fixture
def proposed(drift_of, ops, frozen_now):
    return step("propose", drift_of(), ops, frozen_now.at)


def test_a_second_person_confirms_it(proposed, part, ops, planner, frozen_now) -> None:
    with acting(planner):
        step("confirm", proposed, planner, frozen_now.at)
    part.refresh_from_db()
    proposed.refresh_from_db()
    assert part.uuid == "GPU-cccc"
    assert (proposed.state, proposed.proposed_by, proposed.decided_by) == ("corrected", ops, planner)
    (entry,) = entries_of(Accelerator, action="changed")
    assert (entry.username, "GPU-cccc" in entry.message) == (planner.username, True)


def test_nobody_decides_on_their_own_proposal(proposed, ops, frozen_now) -> None:
    for name in ("confirm", "reject"):
        with pytest.raises(PermissionDenied):
            step(name, proposed, ops, frozen_now.at, note="mine")
    with pytest.raises(IntegrityError, match="drift_confirmed_by_another"), transaction.atomic():
        InventoryDrift.objects.update(state="corrected", decided_by=ops, decided_at=frozen_now.at)


def test_a_viewer_proposes_nothing(drift_of, viewer, frozen_now) -> None:
    with pytest.raises(MissingPermission):
        step("propose", drift_of(), viewer, frozen_now.at)


def test_a_rejected_one_still_stands_and_may_be_proposed_again(proposed, planner, ops, frozen_now) -> None:
    step("reject", proposed, planner, frozen_now.at, note="The exporter is wrong.")
    assert InventoryDrift.objects.not_ended().pressing().exists()
    step("propose", proposed, planner, frozen_now.at)
    step("confirm", proposed, ops, frozen_now.at)
    assert InventoryDrift.objects.get().state == "corrected"


def test_a_dismissed_one_still_stands_but_presses_nobody(drift_of, ops, frozen_now) -> None:
    drift = drift_of()
    with pytest.raises(ValidationError):
        step("dismiss", drift, ops, frozen_now.at, note=" ")
    step("dismiss", drift, ops, frozen_now.at, note="Known fault of the exporter.")
    assert InventoryDrift.objects.not_ended().exists()
    assert not InventoryDrift.objects.pressing().exists()


def test_a_model_becomes_the_one_device_type_that_it_names(drift_of, part, ops, planner, frozen_now) -> None:
    h200 = made.device_type(kind="accelerator", model="H200 NVL 141 GB")
    drift = drift_of("model", "H100 SXM", "NVIDIA H200 NVL")
    step("propose", drift, ops, frozen_now.at)
    step("confirm", drift, planner, frozen_now.at)
    part.refresh_from_db()
    assert part.device_type == h200


@pytest.mark.parametrize(
    ("field", "inventory", "reported", "words"),
    [
        ("model", "H100 SXM", "NVIDIA H200", "no device type"),
        ("uuid", "GPU-bbbb", "GPU-other", "has this UUID"),
        ("count", "8", "7", "by hand"),
    ],
)
def test_what_muster_cannot_correct_is_refused_with_a_reason(
    drift_of, part, ops, frozen_now, field, inventory, reported, words
) -> None:
    made.accelerator(device=part.device, index=2, uuid="GPU-other")
    given = {"index": -1} if field == "count" else {}
    with pytest.raises(ValidationError, match=words):
        step("propose", drift_of(field, inventory, reported, **given), ops, frozen_now.at)


def test_a_change_of_the_inventory_meanwhile_stops_it(proposed, part, planner, frozen_now) -> None:
    Accelerator.objects.filter(pk=part.pk).update(uuid="GPU-dddd")
    with pytest.raises(NotInState, match="changed meanwhile"):
        step("confirm", proposed, planner, frozen_now.at)


def test_it_waits_in_the_inbox_of_others(proposed, client_of, ops) -> None:
    assert b"Confirm a correction" in client_of("planner").get("/inbox/").content
    assert proposed.proposed_by == ops


def test_pages_and_endpoint_say_both_sides(proposed, client_of, api_of) -> None:
    for address in ("/telemetry/drift/", f"/telemetry/drift/{proposed.pk}/"):
        page = client_of("planner").get(address)
        assert page.status_code == 200
        assert b"GPU-cccc" in page.content
        assert b"GPU-bbbb" in page.content
    answer = api_of("viewer").get("/api/telemetry/drifts/?pressing=true").json()
    (row,) = answer["results"]
    assert (row["inventory_value"], row["reported_value"], row["state"]["value"]) == (
        "GPU-bbbb",
        "GPU-cccc",
        "proposed",
    )
    done = api_of("planner").post(f"/api/telemetry/drifts/{proposed.pk}/confirm/", {})
    assert done.status_code == 200
    device = client_of("planner").get(f"/inventory/devices/{proposed.device_id}/")
    assert b"Inventory drift" not in device.content.partition(b"<main")[2]


def test_the_page_of_the_device_tells_it(drift_of, client_of) -> None:
    page = (
        client_of("viewer").get(f"/inventory/devices/{drift_of().device_id}/").content.partition(b"<main")[2]
    )
    assert b"porto reports the UUID GPU-cccc" in page


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does(proposed, planner, admin, frozen_now) -> None:
    start, results = threading.Barrier(2), []

    def confirm(by) -> None:
        try:
            start.wait(10)
            results.append(step("confirm", proposed, by, frozen_now.at).state)
        except NotInState:
            results.append("late")
        finally:
            connection.close()

    workers = [threading.Thread(target=confirm, args=[by]) for by in (planner, admin)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(results) == ["corrected", "late"]
