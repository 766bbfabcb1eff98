"""Editing many objects of any kind: shown first, then all of it or nothing, each change in the history."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Device
from tests.cases import every_eighth
from tests.entries import entries_of
from tests.inventory import made
from tests.web.kinds.samples import EDITS, MAKERS
from tests.web.kinds.test_kinds import KINDS

pytestmark = pytest.mark.django_db
BULK = [kind for kind in KINDS if "bulk" in kind.pages]


def test_every_kind_with_bulk_editing_is_tried():
    assert {kind.noun for kind in BULK} == set(EDITS)


@pytest.fixture(params=every_eighth(BULK), ids=lambda kind: kind.noun)
def kind(request):
    return request.param


def address(kind, objects):
    return f"{kind.url('bulk')}?{'&'.join(f'id={each.pk}' for each in objects)}"


def test_a_preview_changes_nothing_and_its_confirmation_all(kind, client_of):
    first, second, other = (MAKERS[kind.noun]() for _ in range(3))
    name, text = EDITS[kind.noun]
    client, url = client_of("admin"), address(kind, [first, second])
    shown = client.post(url, {name: text})
    preview = shown.context["preview"]
    assert (shown.status_code, len(preview.changed), preview.refused) == (200, 2, [])
    assert _texts(kind, name, first, second, other) == _texts(kind, name, other) * 3
    answer = client.post(url, {name: text, "confirmed": preview.digest, "changelog_message": "as agreed"})
    assert answer.status_code == 302
    assert _texts(kind, name, first, second, other) == [text, text, *_texts(kind, name, other)]
    entries = entries_of(kind.model, action="changed")
    assert [(each.object_id, each.username, each.message) for each in entries] == [
        (each.pk, "admin", "as agreed") for each in (first, second)
    ]


def _texts(kind, name, *objects):
    rows = kind.model.objects.in_bulk([each.pk for each in objects])
    values = [getattr(rows[each.pk], name) for each in objects]
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in values]


def test_editing_is_for_those_who_may_change(kind, client_of):
    url = address(kind, [MAKERS[kind.noun]()])
    refused = client_of("viewer").get(url)
    assert (
        refused.status_code,
        kind.permission("change") in refused.text or "people.view_person" in refused.text,
    ) == (403, True)
    assert client_of(None).get(url).status_code == 302
    assert client_of("admin").get(url).status_code == 200


def test_many_rows_take_as_many_statements_as_two(client_of):
    client = client_of("planner")
    site, counts = made.site(), []
    for _ in range(2):
        for _ in range(2 + 20 * len(counts)):
            made.device(site=site)
        with CaptureQueriesContext(connection) as captured:
            assert (
                client.post(f"/inventory/devices/bulk/?site_id={site.pk}", {"status": "failed"}).status_code
                == 200
            )
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 30


def test_rows_that_were_ticked_become_a_filter(client_of):
    devices = [made.device() for _ in range(3)]
    client = client_of("planner")
    answer = client.post("/inventory/devices/bulk/", {"id": [devices[0].pk, devices[2].pk]}, follow=True)
    assert [each for each, _ in answer.context["objects"]] == [devices[0], devices[2]]
    nothing = client.post("/inventory/devices/bulk/", {"action": "pick"}, follow=True)
    assert "Tick at least one row first." in nothing.text


def test_a_list_leads_to_all_that_its_filters_leave(client_of):
    made.device(status="failed")
    text = client_of("planner").get("/inventory/devices/?status=failed&sort=name").text
    assert 'href="/inventory/devices/bulk/?status=failed"' in text
    assert "/bulk/" not in client_of("viewer").get("/inventory/devices/?status=failed").text


@pytest.mark.parametrize("query", ["colour=red", "site_id=x", "site_id=x%00", "id=99999999999999999999999"])
def test_a_filter_that_means_nothing_edits_nothing(query, client_of):
    made.device()
    assert (
        client_of("planner").post(f"/inventory/devices/bulk/?{query}", {"status": "failed"}).status_code
        == 400
    )
    assert Device.objects.get().status == "active"


@pytest.mark.parametrize(
    "asked", [{"id": "x"}, {"id": "9" * 40}, {"id": ["1"] * 1001}], ids=["word", "long", "many"]
)
def test_ids_that_name_no_rows_are_refused(asked, client_of):
    assert client_of("planner").post("/inventory/devices/bulk/", asked).status_code == 400


def test_one_refused_row_keeps_all(client_of):
    one, other = made.site(), made.site()
    rack = made.rack(site=one, name="R1")
    here, there = made.device(site=one), made.device(site=other)
    answer = client_of("planner").post(address_of(here, there), {"rack": "R1"})
    preview = answer.context["preview"]
    assert answer.status_code == 422
    assert [(draft.obj, draft.problems[0][0]) for draft in preview.refused] == [(there, "Rack")]
    client_of("planner").post(address_of(here, there), {"rack": "R1", "confirmed": preview.digest})
    assert set(Device.objects.values_list("rack", flat=True)) == {None}
    made.rack(site=other, name="R1")
    shown = client_of("planner").post(address_of(here, there), {"rack": "R1"}).context["preview"]
    client_of("planner").post(address_of(here, there), {"rack": "R1", "confirmed": shown.digest})
    assert Device.objects.get(pk=here.pk).rack == rack
    assert Device.objects.get(pk=there.pk).rack.site == other


def address_of(*devices):
    return f"/inventory/devices/bulk/?{'&'.join(f'id={each.pk}' for each in devices)}"


def test_what_changed_since_the_preview_is_shown_again(client_of):
    device, client = made.device(), client_of("planner")
    digest = client.post(address_of(device), {"status": "failed"}).context["preview"].digest
    Device.objects.update(status="drained")
    again = client.post(address_of(device), {"status": "failed", "confirmed": digest})
    assert again.context["preview"].is_other
    assert Device.objects.get().status == "drained"


def test_a_field_can_be_emptied(client_of):
    device = made.device(serial="S1", description="old")
    client, given = client_of("planner"), {"empty": ["serial"]}
    digest = client.post(address_of(device), given).context["preview"].digest
    client.post(address_of(device), given | {"confirmed": digest})
    device.refresh_from_db()
    assert (device.serial, device.description) == ("", "old")


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({"status": "gone"}, None),
        ({}, None),
        ({"position": "many"}, "Position"),
        ({"management_address": "here"}, "Address"),
        ({"rack": "nowhere"}, "Rack"),
        ({"serial": "x" * 200}, "Serial"),
        ({"serial": "x\x00"}, None),
    ],
    ids=["choice", "nothing", "number", "address", "reference", "length", "nul"],
)
def test_a_value_that_cannot_be_is_refused_by_field(given, label, client_of):
    answer = client_of("planner").post(address_of(made.device()), given)
    assert answer.status_code == 422
    if label:
        assert answer.context["preview"].refused[0].problems[0][0] == label
    else:
        assert answer.context["form"].errors


def test_no_row_is_no_page(client_of):
    answer = client_of("planner").get("/inventory/devices/bulk/?status=failed")
    assert (answer.status_code, answer["location"]) == (302, "/inventory/devices/")
