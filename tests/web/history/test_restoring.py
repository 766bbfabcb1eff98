"""Undo after a write and restore from the history: all or none, and never over what was changed since."""

import re

import pytest

from inventory.models import Rack, Region, Site
from tests.inventory import made
from tests.pages import text_of
from web.audit import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def europe():
    return made.region(name="Europe", slug="europe", description="west")


@pytest.fixture
def change(client_of):
    """Change a region by its form as this role, and return the page that follows."""

    def one(region, role="planner", **values):
        body = {"name": region.name, "slug": region.slug, "description": region.description} | values
        return client_of(role).post(f"/inventory/regions/{region.pk}/edit/", body, follow=True)

    return one


def undo_of(page):
    """The id of the request that the message of the page offers to undo; "" without an offer."""
    found = re.search(r'action="/history/undo/".*?name="request" value="([^"]+)"', text_of(page), re.S)
    return found[1] if found else ""


def newest(model):
    return AuditEntry.objects.filter(table=model._meta.db_table).latest("id")


def test_a_change_is_undone_from_its_message(change, client_of, europe):
    request_id = undo_of(change(europe, description="east"))
    page = client_of("planner").post("/history/undo/", {"request": request_id}, follow=True)
    europe.refresh_from_db()
    assert europe.description == "west"
    assert "Restored: Europe." in text_of(page)
    assert page.redirect_chain[-1][0] == f"/inventory/regions/{europe.pk}/"
    assert undo_of(page)


def test_nobody_undoes_the_request_of_somebody_else(change, client_of, europe):
    request_id = undo_of(change(europe, description="east"))
    client_of("admin").post("/history/undo/", {"request": request_id})
    europe.refresh_from_db()
    assert europe.description == "east"


def test_a_deleted_row_is_there_again_with_its_id(client_of, europe):
    rack = made.rack(site=made.site(region=europe, name="Lisbon", slug="lis-1"), name="A1")
    key, before = rack.pk, Rack.objects.values().get(pk=rack.pk)
    page = client_of("planner").post(f"/inventory/racks/{key}/delete/", follow=True)
    assert not Rack.objects.filter(pk=key).exists()
    client_of("planner").post("/history/undo/", {"request": undo_of(page)})
    assert Rack.objects.values().get(pk=key) == before


def test_a_created_row_is_deleted_unless_others_refer_to_it(client_of):
    client = client_of("planner")
    page = client.post("/inventory/regions/add/", {"name": "Asia", "slug": "asia"}, follow=True)
    made.site(region=Region.objects.get(slug="asia"), name="Tokyo", slug="tyo-1")
    assert "Nothing was restored." in text_of(
        client.post("/history/undo/", {"request": undo_of(page)}, follow=True)
    )
    Site.objects.filter(slug="tyo-1").delete()
    client.post("/history/undo/", {"request": undo_of(page)})
    assert not Region.objects.filter(slug="asia").exists()


def test_a_created_row_that_somebody_else_changed_since_stays(change, client_of):
    client = client_of("planner")
    page = client.post("/inventory/regions/add/", {"name": "Asia", "slug": "asia"}, follow=True)
    asia = Region.objects.get(slug="asia")
    change(asia, description="by its planner")
    change(asia, role="admin", description="by the administrator")
    answer = client.post("/history/undo/", {"request": undo_of(page)}, follow=True)
    assert "Somebody else changed this region since." in text_of(answer)
    assert Region.objects.filter(slug="asia").exists()


def test_newer_values_stay(change, client_of, europe):
    request_id = undo_of(change(europe, description="east"))
    Region.objects.filter(pk=europe.pk).update(description="north")
    page = client_of("planner").post("/history/undo/", {"request": request_id}, follow=True)
    assert "Europe was changed since; its newer values stay." in text_of(page)
    assert Region.objects.get(pk=europe.pk).description == "north"


def test_another_field_that_changed_since_stays_too(change, client_of, europe):
    request_id = undo_of(change(europe, description="east"))
    Region.objects.filter(pk=europe.pk).update(name="Europa")
    client_of("planner").post("/history/undo/", {"request": request_id})
    assert Region.objects.values_list("name", "description").get(pk=europe.pk) == ("Europa", "west")


def test_the_history_offers_what_its_reader_may_restore(change, client_of, europe):
    change(europe, description="east")
    address = f"/history/{newest(Region).pk}/restore/"
    assert address in text_of(client_of("planner").get("/history/"))
    assert address not in text_of(client_of("viewer").get("/history/"))
    assert client_of("viewer").post(address).status_code == 403
    assert client_of("planner").post(address).status_code == 302
    europe.refresh_from_db()
    assert europe.description == "west"


def test_a_column_that_no_form_writes_is_not_restored(client_of, user_of):
    user_of("viewer")
    entry = AuditEntry.objects.filter(table="accounts_user").latest("id")
    page = client_of("admin").post(f"/history/{entry.pk}/restore/", follow=True)
    assert "Nothing was restored." in text_of(page)


def test_what_does_not_exist_is_not_found(client_of):
    assert client_of("admin").post("/history/999999999/restore/").status_code == 404
    page = client_of("admin").post("/history/undo/", {"request": "none"}, follow=True)
    assert "Nothing was restored." in text_of(page)
