"""The page /search/ and its registry."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from web import search
from web.accounts import finding
from web.search import A_FEW, MANY

pytestmark = pytest.mark.usefixtures("nothing_registered")


def names(*found):
    """A provider that finds these names, as an app's would."""

    def find(query, *, user):
        return [search.Hit(each, f"/{each}/") for each in found if query in each]

    return find


@pytest.fixture
def _two_kinds(nothing_registered):
    search.register(
        "checks", "Checks", names("fabric-health", "dub-check"), permission="scoring.view_checkresult"
    )
    search.register(
        "sites", "Sites", names("dublin", "dubai", "oslo"), permission="inventory.view_site", order=10
    )


def found(client, query):
    answer = client.get("/search/", {"q": query})
    assert answer.status_code == 200
    return {
        each["group"].provider.name: [hit.title for hit in each["group"].hits]
        for each in answer.context["groups"]
    }


def test_nobody_is_sent_to_sign_in(client_of, db):
    assert client_of(None).get("/search/?q=dub")["Location"] == "/login/?next=/search/%3Fq%3Ddub"


@pytest.mark.usefixtures("_two_kinds")
def test_hits_are_grouped_by_kind_in_order(client_of):
    groups = found(client_of("viewer"), "dub")
    assert list(groups.items()) == [("sites", ["dublin", "dubai"]), ("checks", ["dub-check"])]


@pytest.mark.usefixtures("_two_kinds")
def test_a_hit_leads_to_its_page(client_of):
    page = client_of("viewer").get("/search/?q=oslo").content.decode()
    assert '<a href="/oslo/">oslo</a>' in page


@pytest.mark.usefixtures("_two_kinds")
def test_a_scope_asks_that_kind_alone(client_of):
    assert list(found(client_of("viewer"), "in:sites dub")) == ["sites"]


@pytest.mark.usefixtures("_two_kinds")
def test_the_sections_keep_what_was_typed(client_of):
    page = client_of("viewer").get("/search/", {"q": "in:checks dub"})
    tabs = {tab["label"]: tab for tab in page.context["tabs"]}
    assert [label for label, tab in tabs.items() if tab["current"]] == ["Checks"]
    assert parse_qs(urlsplit(tabs["Sites"]["url"]).query) == {"q": ["in:sites dub"]}
    assert parse_qs(urlsplit(tabs["Everything"]["url"]).query) == {"q": ["dub"]}
    assert 'value="in:checks dub"' in page.content.decode()


@pytest.mark.usefixtures("_two_kinds")
def test_what_has_no_hit_is_no_section(client_of):
    tabs = client_of("viewer").get("/search/", {"q": "dublin"}).context["tabs"]
    assert [tab["label"] for tab in tabs] == ["Everything", "Sites"]


def test_an_unknown_scope_is_named(client_of):
    page = client_of("viewer").get("/search/?q=in:people dub").content.decode()
    assert "There is nothing called “people” to search in" in page


@pytest.mark.usefixtures("_two_kinds")
def test_nothing_typed_says_how_to_search(client_of):
    assert "Type what you look for" in client_of("viewer").get("/search/").content.decode()


@pytest.mark.usefixtures("_two_kinds")
def test_nothing_found_says_so(client_of):
    assert "Nothing matches “zurich”" in client_of("viewer").get("/search/?q=zurich").content.decode()


@pytest.mark.usefixtures("_two_kinds")
def test_what_was_typed_is_escaped(client_of):
    page = client_of("viewer").get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


def test_what_may_not_be_seen_is_not_asked_for(client_of, viewer):
    asked = []

    def secret(query, *, user):
        asked.append(query)
        return [search.Hit("secret", "/")]

    search.register("secrets", "Secrets", secret, permission="accounts.view_token")
    assert found(client_of("viewer"), "sec") == {}
    assert asked == []
    assert "Secrets" not in client_of("viewer").get("/search/?q=in:secrets sec").content.decode()
    assert found(client_of("admin"), "sec") == {"secrets": ["secret"]}


def test_a_group_lists_a_few_and_leads_to_more(client_of):
    search.register("racks", "Racks", names(*(f"rack-{n}" for n in range(MANY + 5))))
    client = client_of("viewer")
    page = client.get("/search/?q=rack")
    assert len(page.context["groups"][0]["group"].hits) == A_FEW
    assert "More in Racks" in page.content.decode()
    more = client.get(page.context["groups"][0]["url"])
    assert len(more.context["groups"][0]["group"].hits) == MANY
    assert f"The first {MANY}." in more.content.decode()


@pytest.mark.parametrize(
    "typed", ["\x00", "a\x00b", "x" * 5000, "%", "_", "\\", "'; --", "é", "\ud7ff", "in:", "in:\x00"]
)
def test_strange_words_are_searched_for_kindly(client_of, typed):
    finding.register()
    assert client_of("admin").get("/search/", {"q": typed}).status_code == 200


def test_users_are_found_by_name_and_mail_by_those_who_may(client_of, user_of):
    finding.register()
    ola = user_of("ops", username="ola", name="Ola Nordmann", email="o@example.org")
    for words in ("ola", "NORD", "o@example"):
        page = client_of("manager").get("/search/", {"q": words})
        assert [hit.url for hit in page.context["groups"][0]["group"].hits] == [
            reverse("user-detail", args=[ola.pk])
        ]
    assert found(client_of("planner"), "ola") == {}


@pytest.mark.parametrize("users", [1, 60])
def test_what_is_found_takes_two_statements(client_of, user_of, django_assert_num_queries, users):
    finding.register()
    for number in range(users):
        user_of("viewer", username=f"user-{number}", password=None)
    client = client_of("admin")
    # The session, the user, the best rows of all kinds, and those shown; an administrator's permissions need none.
    with django_assert_num_queries(4):
        client.get("/search/?q=user")
