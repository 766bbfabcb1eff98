"""One object at an endpoint: its shape, its writes, its refusals."""

import pytest

from inventory.models import Region, Site
from tests.inventory import made

SITES = "/api/inventory/sites/"


@pytest.fixture
def planner_api(api_of):
    return api_of("planner")


def test_an_object_has_the_four_fields_and_spoken_choices(planner_api, lisbon):
    shown = planner_api.get(f"{SITES}{lisbon.pk}/").json()
    assert shown["id"] == lisbon.pk
    assert shown["url"] == f"http://testserver{SITES}{lisbon.pk}/"
    assert shown["display"] == "Lisbon"
    assert "display_url" in shown
    assert shown["kind"] == {"value": "core", "label": "Core"}
    assert shown["profiles"] == [{"value": "training", "label": "Training"}]


def test_a_related_object_is_read_in_few_words(planner_api, lisbon, europe):
    region = planner_api.get(f"{SITES}{lisbon.pk}/").json()["region"]
    assert region == {
        "id": europe.pk,
        "url": f"http://testserver/api/inventory/regions/{europe.pk}/",
        "display": "Europe",
        "slug": "europe",
    }


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(lambda region: region.pk, id="id"),
        pytest.param(lambda region: str(region.pk), id="id as text"),
        pytest.param(lambda region: {"slug": region.slug}, id="unique attribute"),
        pytest.param(
            lambda region: {"id": region.pk, "display": "x", "url": "x", "slug": "x"},
            id="brief object as read",
        ),
    ],
)
def test_a_reference_is_written_by_id_or_unique_attributes(planner_api, europe, reference):
    answer = planner_api.post(
        SITES, {"name": "Faro", "slug": "fao-1", "region": reference(europe), "country": "PT"}
    )
    assert answer.status_code == 201, answer.json()
    assert answer.json()["region"]["slug"] == "europe"


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param({"slug": "nowhere"}, id="unknown"),
        pytest.param({"description": "x"}, id="attribute that others share"),
        pytest.param({"slug__startswith": "e"}, id="lookup"),
        pytest.param({"sites": {"name": "x"}}, id="reverse relation"),
        pytest.param({}, id="nothing"),
        pytest.param([1], id="list"),
        pytest.param(True, id="flag"),
        pytest.param("europe", id="bare slug"),
        pytest.param(10**30, id="huge number"),
        pytest.param({"slug": "\x00"}, id="zero byte"),
        pytest.param({"slug": {"a": 1}}, id="object where text belongs"),
        pytest.param(None, id="null"),
    ],
)
def test_a_reference_to_nothing_is_refused_by_field(planner_api, europe, reference):
    answer = planner_api.post(SITES, {"name": "Faro", "slug": "fao-1", "region": reference, "country": "PT"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"region"}


def test_a_choice_is_written_bare_or_as_read(planner_api, lisbon):
    for kind in ("edge", {"value": "edge", "label": "Edge"}):
        Site.objects.update(kind="core")
        answer = planner_api.patch(f"{SITES}{lisbon.pk}/", {"kind": kind})
        assert answer.json()["kind"]["value"] == "edge"


@pytest.mark.parametrize("kind", ["giant", {"value": "giant"}, ["core"], {}, None, 7], ids=str)
def test_an_unknown_choice_is_refused(planner_api, lisbon, kind):
    answer = planner_api.patch(f"{SITES}{lisbon.pk}/", {"kind": kind})
    assert answer.status_code == 400
    assert set(answer.json()) == {"kind"}


def test_what_the_database_refuses_is_said_by_field(planner_api, lisbon, europe):
    taken = planner_api.post(SITES, {"name": "Lisbon", "slug": "lis-9", "region": europe.pk, "country": "PT"})
    assert (taken.status_code, set(taken.json())) == (400, {"name"})
    absurd = planner_api.patch(f"{SITES}{lisbon.pk}/", {"latitude": 95})
    assert (absurd.status_code, set(absurd.json())) == (400, {"latitude"})
    assert Site.objects.get(pk=lisbon.pk).latitude is None


def test_a_region_is_never_part_of_one_within_it(planner_api, europe):
    iberia = Region.objects.create(name="Iberia", slug="iberia", parent=europe)
    answer = planner_api.patch(f"/api/inventory/regions/{europe.pk}/", {"parent": iberia.pk})
    assert (answer.status_code, set(answer.json())) == (400, {"parent"})
    assert "within it" in answer.json()["parent"][0]


def test_what_others_hold_in_its_place_is_not_moved(planner_api, lisbon, porto):
    rack = made.rack(site=lisbon)
    made.device(site=lisbon, rack=rack)
    answer = planner_api.patch(f"/api/inventory/racks/{rack.pk}/", {"site": porto.pk})
    assert (answer.status_code, answer.json()) == (400, {"site": ["Devices refer to the present value."]})


def test_a_name_that_a_hidden_object_has_is_refused_by_field(api_of, lisbon, porto):
    limited = api_of("planner", scopes=[("site", "lis-1")])
    answer = limited.patch(f"{SITES}{lisbon.pk}/", {"name": "Porto"})
    assert (answer.status_code, set(answer.json())) == (400, {"name"})


def test_an_object_in_use_is_not_deleted(planner_api, lisbon, europe):
    answer = planner_api.delete(f"/api/inventory/regions/{europe.pk}/")
    assert answer.status_code == 409
    assert "Lisbon" in answer.json()["detail"]
    assert Region.objects.filter(pk=europe.pk).exists()


def test_delete_says_nothing(planner_api, porto):
    answer = planner_api.delete(f"{SITES}{porto.pk}/")
    assert (answer.status_code, answer.content) == (204, b"")


def test_fields_omit_and_brief_choose_what_is_shown(planner_api, lisbon):
    one = f"{SITES}{lisbon.pk}/"
    assert set(planner_api.get(one + "?fields=name,region").json()) == {"name", "region"}
    assert "region" not in planner_api.get(one + "?omit=region").json()
    brief = planner_api.get(one + "?brief=true").json()
    assert {"id", "url", "display", "slug"} <= set(brief)
    assert "contracted_kw" not in brief
    assert planner_api.get(one + "?fields=nmae").status_code == 400


def test_what_is_not_shown_can_be_written(planner_api, lisbon):
    answer = planner_api.patch(f"{SITES}{lisbon.pk}/?fields=id", {"name": "Lisboa"})
    assert answer.json() == {"id": lisbon.pk}
    assert Site.objects.get(pk=lisbon.pk).name == "Lisboa"


def test_an_etag_guards_against_a_lost_update(planner_api, lisbon):
    one = f"{SITES}{lisbon.pk}/"
    read = planner_api.get(one)["ETag"]
    assert read.startswith('W/"')
    changed = planner_api.patch(one, {"name": "Lisboa"}, headers={"if-match": read})
    assert changed.status_code == 200
    assert changed["ETag"] != read
    late = planner_api.patch(one, {"name": "Olisipo"}, headers={"if-match": read})
    assert late.status_code == 412
    assert planner_api.delete(one, headers={"if-match": read}).status_code == 412
    assert Site.objects.get(pk=lisbon.pk).name == "Lisboa"
    assert planner_api.patch(one, {"name": "Olisipo"}, headers={"if-match": "*"}).status_code == 200


def test_every_response_has_a_request_id_of_its_own(planner_api, lisbon):
    ids = {
        planner_api.get(path, headers={"x-request-id": "mine"})["X-Request-ID"]
        for path in (SITES, SITES + "0/", "/nothing/")
    }
    assert len(ids) == 3
    assert "mine" not in ids


def test_options_say_which_choices_a_field_has(planner_api, lisbon):
    asked = planner_api.options(SITES).json()["actions"]["POST"]["kind"]
    assert {"value": "edge", "display_name": "Edge"} in asked["choices"]
    assert set(planner_api.options(f"{SITES}{lisbon.pk}/").json()["actions"]) == {"PUT"}
