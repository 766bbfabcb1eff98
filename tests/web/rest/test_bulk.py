"""Many objects in one write: all or none, each refusal with its place, and the same statements for few and many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Rack, Site
from tests.inventory import made

SITES = "/api/inventory/sites/"
RACKS = "/api/inventory/racks/"


@pytest.fixture
def planner_api(api_of):
    api = api_of("planner")
    api.get(SITES)  # notes the token's use
    return api


def site(number, region, **given):
    return {"name": f"Site {number}", "slug": f"s-{number}", "region": region, "country": "PT"} | given


def test_a_list_makes_many_in_the_order_given(planner_api, europe):
    answer = planner_api.post(SITES, [site(number, {"slug": "europe"}) for number in (3, 1, 2)])
    assert answer.status_code == 201
    assert [row["name"] for row in answer.json()] == ["Site 3", "Site 1", "Site 2"]
    assert all(row["region"]["slug"] == "europe" for row in answer.json())


def test_one_bad_item_keeps_out_all(planner_api, europe):
    items = [site(1, europe.pk), site(2, europe.pk, stage="gone"), site(3, {"slug": "nowhere"})]
    answer = planner_api.post(SITES, items)
    assert answer.status_code == 400
    assert {place: set(errors) for place, errors in answer.json().items()} == {
        "1": {"stage"},
        "2": {"region"},
    }
    assert not Site.objects.exists()


def test_what_the_database_refuses_is_said_with_its_place(planner_api, europe):
    items = [site(1, europe.pk), site(1, europe.pk, slug="other"), site(3, europe.pk, latitude=91)]
    answer = planner_api.post(SITES, items)
    assert answer.status_code == 400
    assert {place: set(errors) for place, errors in answer.json().items()} == {
        "1": {"name"},
        "2": {"latitude"},
    }
    assert not Site.objects.exists()


def test_each_item_is_validated_by_what_it_has(planner_api, europe):
    whole = site(1, {"slug": "europe"}, latitude=38.7, longitude=-9.1)
    items = [whole, {"slug": "s-2"}, site(3, {"slug": "europe"}, latitude="north"), site(4, europe.pk)]
    errors = planner_api.post(SITES, items).json()
    assert {place: set(each) for place, each in errors.items()} == {
        "1": {"name", "region", "country"},
        "2": {"latitude"},
    }
    assert {row["region"]["id"] for row in planner_api.post(SITES, [items[0], items[3]]).json()} == {
        europe.pk
    }


@pytest.mark.parametrize("body", [[], [1], ["x"], [None], [[]], [{}]], ids=str)
def test_a_list_of_nothing_is_a_bad_request(planner_api, body):
    for send in (planner_api.post, planner_api.put, planner_api.patch, planner_api.delete):
        assert send(SITES, body).status_code == 400


@pytest.mark.parametrize("body", [{}, {"id": 1}, "text", 5, None, True], ids=str)
def test_changing_a_list_needs_a_list(planner_api, body):
    for send in (planner_api.put, planner_api.patch, planner_api.delete):
        assert send(SITES, body).status_code == 400


def test_patch_changes_what_each_item_names(planner_api, lisbon, porto):
    answer = planner_api.patch(SITES, [{"id": porto.pk, "city": "Porto"}, {"id": lisbon.pk, "owner": "Ana"}])
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()] == [porto.pk, lisbon.pk]
    assert list(Site.objects.order_by("name").values_list("city", "owner")) == [("", "Ana"), ("Porto", "")]


def test_patch_of_a_list_is_all_or_none(planner_api, lisbon, porto):
    answer = planner_api.patch(SITES, [{"id": porto.pk, "city": "Porto"}, {"id": lisbon.pk, "name": "Porto"}])
    assert (answer.status_code, answer.json().keys()) == (400, {"1"})
    assert not Site.objects.exclude(city="").exists()


@pytest.mark.parametrize("identity", [10**30, -1, "1", True, None, 99999], ids=str)
def test_an_item_that_names_no_object_is_refused(planner_api, lisbon, identity):
    answer = planner_api.patch(SITES, [{"id": lisbon.pk, "city": "x"}, {"id": identity, "city": "y"}])
    assert (answer.status_code, answer.json().keys()) == (400, {"1"})


def test_an_object_named_twice_is_refused(planner_api, lisbon):
    answer = planner_api.patch(SITES, [{"id": lisbon.pk, "city": "x"}, {"id": lisbon.pk, "city": "y"}])
    assert (answer.status_code, answer.json().keys()) == (400, {"0", "1"})


def test_put_needs_every_field(planner_api, lisbon):
    answer = planner_api.put(SITES, [{"id": lisbon.pk, "name": "Lisboa"}])
    assert (answer.status_code, set(answer.json()["0"])) == (400, {"slug", "region", "country"})
    whole = {"id": lisbon.pk, "name": "Lisboa", "slug": "lis-1", "region": lisbon.region_id, "country": "PT"}
    assert planner_api.put(SITES, [whole]).json()[0]["name"] == "Lisboa"


def test_delete_of_a_list_is_all_or_none(planner_api, lisbon, porto):
    rack = made.rack(site=lisbon)
    missing = planner_api.delete(RACKS, [{"id": rack.pk}, {"id": 99999}])
    assert (missing.status_code, Rack.objects.count()) == (400, 1)
    assert planner_api.delete(RACKS, [{"id": rack.pk, "changelog_message": "scrapped"}]).status_code == 204
    assert not Rack.objects.exists()


def test_statements_do_not_grow_with_the_number_of_items(planner_api, europe, frozen_now):
    # A minute that begins in between would note the last use of the token, by one statement more.
    def statements(send, path, body):
        with CaptureQueriesContext(connection) as captured:
            answer = send(path, body)
        assert answer.status_code in {200, 201, 204}, answer.json()
        return len(captured), answer

    few, _ = statements(planner_api.post, SITES, [site("a", {"slug": "europe"})])
    many, made_now = statements(
        planner_api.post, SITES, [site(number, {"slug": "europe"}) for number in range(40)]
    )
    assert few == many
    patch = [{"id": row["id"], "city": "Faro", "region": {"slug": "europe"}} for row in made_now.json()]
    assert (
        statements(planner_api.patch, SITES, patch[:1])[0] == statements(planner_api.patch, SITES, patch)[0]
    )
    rack = [{"site": {"slug": f"s-{number}"}, "name": "R1"} for number in range(20)]
    few, _ = statements(planner_api.post, RACKS, [{"site": {"slug": "s-30"}, "name": "R1"}])
    many, _ = statements(planner_api.post, RACKS, rack)
    assert few == many
