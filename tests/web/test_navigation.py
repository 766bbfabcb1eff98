"""Entries with tabs: each page knows its own, carries one name, and none is reached by its address only."""

import re

import pytest
from django.urls import reverse

from web.navigation import ENTRIES, TABS

pytestmark = pytest.mark.django_db
PRESENT = [tab for tab in TABS if tab.url]
LINK = re.compile(r'href="(/[^"?#]*)')
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
CRUMBS = re.compile(r'<nav class="breadcrumb .*?</nav>', re.DOTALL)
NAMED_LINK = re.compile(r'<a href="(/[^"?#]*)">([^<]+)</a>')


def marked(answer):
    """The entries and tabs that a page marks as its own, by label."""
    return {
        item["label"]: item["current"]
        for entry in answer.context["nav"]
        for item in [entry, *entry["tabs"]]
        if item["current"]
    }


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        pytest.param("/waivers/", {"Work": "true", "Waivers": "page"}, id="a tab"),
        pytest.param("/waivers/ageing/", {"Work": "true", "Waivers": "true"}, id="a page below a tab"),
        pytest.param("/readiness/", {"Readiness": "page", "Matrix": "page"}, id="the first tab of an entry"),
        pytest.param("/readiness/worklist/", {"Work": "page", "Worklist": "page"}, id="the longest address"),
        pytest.param("/inventory/racks/", {"Sites": "true", "Inventory": "true"}, id="a list of a kind"),
        pytest.param("/evidence/floors/", {"Data": "true", "Evidence": "true"}, id="a section of a tab"),
        pytest.param("/people/shifts/", {"Owners": "true", "On call": "true"}, id="a list beside a tab"),
        pytest.param(
            "/tradeoffs/rates/", {"Placement": "true", "Site factors": "true"}, id="a page beside a tab"
        ),
        pytest.param("/settings/", {}, id="the reader's own page"),
    ],
)
def test_a_page_marks_its_entry_and_its_tab(client_of, path, wanted):
    assert marked(client_of("admin").get(path)) == wanted


def test_every_entry_is_in_the_side_bar(client_of):
    page = client_of("admin").get("/waivers/")
    assert [entry["label"] for entry in page.context["nav"]] == [entry.label for entry in ENTRIES]
    [side] = re.findall(r'<nav class="side".*?</nav>', page.text, re.DOTALL)
    # Besides, a link to the help.
    assert len(re.findall(r'<a class="nav-item"(?![^>]* data-help)', side)) == len(ENTRIES)


def test_an_entry_leads_to_its_first_tab_that_the_reader_may_open(client_of):
    """A viewer may not see who owns how much, and the board still stands under the owners."""
    nav = {entry["label"]: entry for entry in client_of("viewer").get("/waivers/").context["nav"]}
    assert "Owners" not in [tab["label"] for tab in nav["Owners"]["tabs"]]
    assert nav["Owners"]["url"] == reverse("ownership")


def test_shortcuts_are_each_used_once_and_lead_to_their_page(client_of):
    shortcuts = [tab.shortcut for tab in TABS if tab.shortcut]
    assert len(shortcuts) == len({*shortcuts})
    page = client_of("admin").get("/waivers/").text
    for tab in PRESENT:
        if tab.shortcut:
            assert f'<a href="{tab.url}" data-shortcut="{tab.shortcut}">{tab.label}</a>' in page


def test_a_page_is_headed_by_the_name_of_its_tab(empty_pages):
    """Its heading may say more: "Readiness matrix" for Matrix."""
    headings = {
        tab: re.sub(r"<[^>]+>", "", HEADING.search(empty_pages[tab.url[1:]].text)[1])
        for tab in PRESENT
        # It is headed by how things stand.
        if tab.url_name != "home"
    }
    assert [
        (tab.label, heading)
        for tab, heading in headings.items()
        if tab.label.casefold() not in heading.casefold()
    ] == []


def test_a_refused_page_keeps_the_navigation_and_says_who_may(client_of):
    answer = client_of("viewer").get("/waivers/request/")
    assert answer.status_code == 403
    assert marked(answer) == {"Work": "true", "Waivers": "true"}
    text = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert "Your account may not add grants: that takes the role ops, planner or admin." in text
    assert "Your role is viewer." in text
    assert f'href="{reverse("access")}"' in answer.text


def test_a_part_of_a_page_that_is_refused_brings_no_second_navigation(client_of):
    answer = client_of("viewer").get("/waivers/request/", headers={"HX-Request": "true"})
    assert (answer.status_code, "<nav" in answer.text) == (403, False)


def path_of(route):
    """Return the address of a page without arguments; None for another route."""
    return None if re.search(r"[<(]", route) or route.startswith("api/") else f"/{route}"


def test_no_list_is_reached_by_its_address_only(empty_pages):
    lists = {path for route, page in empty_pages.items() if page.rows_of_tables and (path := path_of(route))}
    tabs = {tab.url for tab in PRESENT}
    # The menu of the user leads to the settings, and the users there to what groups give them.
    opened = {*tabs, "/settings/", "/settings/users/"}
    linked = {address for url in opened for address in LINK.findall(empty_pages[url[1:]].text)}
    assert len(lists) > 30
    # Objects of one problem are reached from it.
    assert lists - linked - tabs - {"/problems/objects/"} == set()


def test_a_place_above_a_page_is_called_as_its_tab_is(empty_pages):
    names = {tab.url: tab.label for tab in PRESENT}
    places = [
        (path, url, label)
        for route, page in empty_pages.items()
        if (path := path_of(route))
        for trail in CRUMBS.findall(page.text)
        for url, label in NAMED_LINK.findall(trail)
    ]
    assert len(places) > 60
    wrong = [place for place in places if names.get(place[1], place[2]) != place[2]]
    assert wrong == []
