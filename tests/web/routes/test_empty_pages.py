"""On an installation that holds nothing, every list says what will stand there; a filter that finds nothing says so."""

import re

import pytest

from tests.pages import words_in, words_of
from tests.web.routes.test_every_route import NO_PAGE

pytestmark = pytest.mark.django_db
# The pages of the fleet and of the gap begin with what to do first.
SAY_IT_ABOVE = {"fleet/", "readiness/gap/"}
EMPTY = re.compile(r'<div class="empty">(.*?)</div>\s*(?:</|<footer|<div|$)', re.DOTALL)
TITLED = re.compile(r'<div class="empty">.*?<b>[^<]+</b>', re.DOTALL)
TITLE, TEXT = re.compile(r"<b>(.*?)</b>", re.DOTALL), re.compile(r"<p>(.*?)</p>", re.DOTALL)
LEAST_WORDS = 5


@pytest.fixture
def lists(empty_pages):
    """Pages that are of no object, by route."""
    return {
        route: page
        for route, page in empty_pages.items()
        if not re.search(r"[<(]", route) and not NO_PAGE.match(f"/{route}")
    }


@pytest.mark.full
def test_an_empty_list_says_what_it_would_hold(lists):
    empty = {route for route, page in lists.items() if 0 in page.rows_of_tables}
    silent = {route for route in empty if not TITLED.search(lists[route].text)}
    assert silent <= SAY_IT_ABOVE
    assert {"waivers/", "evidence/limits/", "readiness/worklist/", "decisions/", "telemetry/"} <= empty
    assert len(empty) > 25


@pytest.mark.full
def test_every_empty_page_says_what_will_stand_there(lists):
    silent, seen = {}, 0
    for route, page in lists.items():
        for block in EMPTY.findall(page.text) if page.status == 200 else ():
            seen += 1
            title, text = (" ".join(map(words_in, each.findall(block))) for each in (TITLE, TEXT))
            if not title or len(text.split()) < LEAST_WORDS:
                silent[route] = title
    assert silent == {}
    assert seen > 80


def test_a_list_offers_whoever_may_to_fill_it(client_of):
    admin, viewer = (words_of(client_of(role).get("/inventory/racks/")) for role in ("admin", "viewer"))
    assert (
        "No rack yet Racks: where devices stand. Add them one by one, or import a file. Add Import" in admin
    )
    assert "No rack yet Racks: where devices stand. Your role may not add any." in viewer


def test_filters_that_find_nothing_are_named(client_of):
    page = words_of(client_of("viewer").get("/inventory/racks/?q=r99&site=1"))
    assert "No rack matches" in page
    assert "together leave none. Remove one above, or clear all." in page
    alone = words_of(client_of("viewer").get("/inventory/racks/?q=r99"))
    assert "The search “r99” leaves none." in alone
