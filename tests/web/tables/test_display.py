"""Columns and density are kept with the user; an address that names columns comes first."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.inventory import made

pytestmark = pytest.mark.django_db
LIST = "/inventory/devices/"
SHOWN = {"next": f"{LIST}?q=a", "shown": "name,status,role"}


def apply(client, **given):
    answer = client.post("/tables/device-list/", SHOWN | given)
    assert answer.status_code == 302
    return answer["Location"]


def columns(client, query=""):
    return [column.key for column in client.get(LIST + query).context["table"].columns]


def test_chosen_columns_stand_in_the_address_and_are_kept_for_the_next_visit(client_of):
    client = client_of("viewer")
    usual = columns(client)
    led = urlsplit(apply(client, cols=["name", "serial"]))
    assert (led.path, parse_qs(led.query)) == (LIST, {"q": ["a"], "cols": ["name,serial"]})
    assert columns(client) == ["name", "serial"]
    assert columns(client, "?cols=name,role") == ["name", "role"]
    assert columns(client_of("ops")) == usual
    assert "serial" not in [
        choice["key"] for choice in client.get("/inventory/racks/").context["table"].choices
    ]


def test_default_columns_come_back(client_of):
    client = client_of("viewer")
    usual = columns(client)
    apply(client, cols=["name", "serial"])
    assert apply(client, reset=SHOWN["next"]) == SHOWN["next"]
    assert columns(client) == usual


def test_a_view_keeps_the_columns_that_are_shown(client_of):
    client = client_of("viewer")
    assert client.get(LIST + "?q=a").context["table"].query == "q=a"
    apply(client, cols=["name", "serial"])
    assert client.get(LIST + "?q=a").context["table"].query == "q=a&cols=name%2Cserial"


def test_density_is_one_choice_for_all_tables_and_leaves_columns_alone(client_of):
    client = client_of("viewer")
    usual = columns(client)
    assert apply(client, cols=["name", "status", "role"], density="compact") == SHOWN["next"]
    assert client.get("/inventory/racks/").context["table"].density == "compact"
    assert columns(client) == usual
    apply(client, cols=["name", "status", "role"], density="none")
    assert client.get(LIST).context["table"].density == "compact"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/", "//elsewhere.example/", "", "javascript:x"]
)
def test_it_leads_nowhere_else(client_of, address):
    assert apply(client_of("viewer"), next=address, cols=["name", "status", "role"]) == "/"


def test_columns_that_there_are_not_are_left_out(client_of):
    client = client_of("viewer")
    usual = columns(client)
    apply(client, cols=["nothing", "<b>"])
    assert columns(client) == usual


def test_a_row_s_menu_has_what_its_reader_may_do(client_of):
    device = made.device(name="n001")
    for who, labels in (
        ("viewer", ["Open", "History", "Copy link"]),
        ("ops", ["Open", "Change", "History", "Copy link"]),
        ("planner", ["Open", "Change", "Delete", "History", "Copy link"]),
    ):
        menu = client_of(who).get(LIST).context["table"].rows[0].menu
        assert [action.label for action in menu] == labels
        for action in menu:
            assert client_of(who).get(action.url).status_code == 200
    assert menu[0].url == f"{LIST}{device.pk}/"
