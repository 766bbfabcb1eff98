"""The palette: what is meant first, groups with how many there are, and only what the reader may open and do."""

import re

import pytest
from django.urls import reverse

from accounts.models import SavedView
from tests.inventory import made
from tests.readiness.assessment.grants.conftest import ask, porto
from web import palette

__all__ = ["ask", "porto"]
pytestmark = pytest.mark.django_db
OPTION = re.compile(r'<a class="palette-option"[^>]*href="([^"]+)"')


@pytest.fixture(autouse=True)
def _floors(settings):
    """The whole house: objects of all rooms are by_group."""
    settings.ROOT_URLCONF = "config.urls"


def groups(client, query):
    answer = client.get("/search/palette/", {"q": query})
    assert answer.status_code == 200
    return {group.provider.label: group for group in answer.context["groups"]}


def test_what_begins_so_comes_before_what_has_it_within(client_of):
    """The defect that this is for: "fra" listed "infrastructure" before Frankfurt."""
    made.site(name="FRA-1", slug="fra-1", city="Frankfurt")
    made.device(name="infra-7", site=made.site(name="DSM-1", slug="dsm-1"))
    by_group = groups(client_of("ops"), "fra")
    assert next(iter(by_group)) == "Sites"
    assert [hit.title for hit in by_group["Sites"].hits] == ["FRA-1"]
    assert list(by_group).index("Devices") > list(by_group).index("Sites")


def test_the_exact_code_comes_first_and_groups_are_capped(client_of):
    site = made.site(name="DSM-1", slug="dsm-1")
    for number in range(9):
        made.device(name=f"dsm-1-n{number}", site=site)
    exact = made.device(name="dsm-1-n", site=site)
    answer = client_of("ops").get("/search/palette/?q=dsm-1-n")
    [devices] = [group for group in answer.context["groups"] if group.provider.name == "devices"]
    assert devices.hits[0].url == reverse("device-detail", args=[exact.pk])
    assert len(devices.hits) == palette.SHOWN
    assert "4 of 10" in answer.text
    assert answer.context["total"] == 10
    assert OPTION.findall(answer.text)[0] == devices.hits[0].url


@pytest.mark.parametrize(
    ("query", "label", "title"),
    [
        ("waiver", "Pages", "Waivers"),
        ("waiver", "Actions", "Request a waiver"),
        ("add site", "Actions", "Add a site"),
        ("portfolio", "Actions", "New portfolio"),
        ("device types", "Pages", "Device types"),
        ("why did it", "Pages", "Score changes"),
    ],
)
def test_pages_and_actions_are_found(client_of, query, label, title):
    assert title in [hit.title for hit in groups(client_of("admin"), query)[label].hits]


def test_a_waiver_is_found_by_its_check_and_by_its_reason(client_of, ask, porto):
    waiver = ask(porto)
    for query in ("ups b", "porto"):
        [hit] = groups(client_of("viewer"), query)["Waivers"].hits
        assert hit.url == reverse("waiver", args=[waiver.pk])


@pytest.mark.parametrize(
    "role",
    [
        "admin",
        *(pytest.param(role, marks=pytest.mark.full) for role in ("viewer", "ops", "planner", "manager")),
    ],
)
def test_every_page_and_action_that_is_offered_opens(user_of, client_of, role):
    client, user = client_of(role), user_of(role)
    hits = [*palette.find_pages("", user=user), *palette.find_actions("", user=user)]
    assert len(hits) > 20
    assert {
        hit.title: client.get(hit.url).status_code for hit in hits if client.get(hit.url).status_code != 200
    } == {}


def test_nothing_typed_offers_pages_and_actions(client_of):
    assert list(groups(client_of("viewer"), "")) == ["Pages", "Actions"]


def test_a_saved_view_is_found_by_its_name_and_its_list(client_of, user_of):
    view = {"table": "device-list", "name": "Spine switches", "query": "role=switch"}
    SavedView.objects.create(owner=user_of("ops"), **view)
    for query in ("spine", "devices", ""):
        [hit] = groups(client_of("ops"), query)["Saved views"].hits
        assert hit.url.startswith("/inventory/devices/?role=switch&saved=")
    assert "Saved views" not in groups(client_of("viewer"), "spine")


def test_somebody_who_may_not_see_names_finds_nobody(client_of, user_of):
    user_of("ops", username="ola", name="Ola Nordmann")
    assert "Users" not in groups(client_of("viewer"), "ola")
    assert "People" not in groups(client_of("viewer"), "nordmann")


@pytest.mark.parametrize("sites", [1, 12])
def test_an_answer_takes_few_statements_however_much_is_found(
    client_of, django_assert_max_num_queries, sites
):
    for number in range(sites):
        made.device(name=f"node-{number}", site=made.site(name=f"Node {number}", slug=f"node-{number}"))
    client = client_of("admin")
    client.get("/search/palette/?q=node")
    with django_assert_max_num_queries(12):
        client.get("/search/palette/?q=node")


def test_a_state_leads_to_the_list_of_what_is_in_it(client_of):
    states = groups(client_of("viewer"), "not ready")["States"]
    assert [(hit.title, hit.url) for hit in states.hits][:1] == [
        ("Sites: not ready", "/sites/?verdict=not-ready")
    ]
    assert [hit.url for hit in groups(client_of("viewer"), "silent")["States"].hits] == [
        "/problems/?state=silent"
    ]


def test_the_first_object_has_its_actions_as_far_as_the_reader_may(client_of):
    made.site(name="FRA-1", slug="fra-1")

    def actions(role):
        best = client_of(role).get("/search/palette/?q=fra-1").context["best"]
        return {action.label: action.url for action in best.actions}

    assert actions("planner")["Request a waiver"] == "/waivers/request/?site=fra-1"
    assert "Request a waiver" not in actions("viewer")
    assert actions("viewer")["Problems"] == "/problems/?site=fra-1"


def test_an_object_of_a_kind_can_be_changed_from_the_palette(client_of):
    device = made.device(name="node-77")
    best = client_of("planner").get("/search/palette/?q=node-77").context["best"]
    assert best.actions[0].url == reverse("device-edit", args=[device.pk])
    answer = client_of("planner").get("/search/palette/?q=node-77")
    assert "Actions on node-77" in answer.text
