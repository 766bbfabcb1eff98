"""On an installation that holds nothing, every list says what will stand there; a filter that finds nothing says so."""

import re

import pytest

from tests.pages import words_in, words_of
from tests.web.routes.test_every_route import NO_PAGE, walked

pytestmark = pytest.mark.django_db
EMPTY = re.compile(r'<div class="empty">(.*?)</div>\s*(?:</|<footer|<div|$)', re.DOTALL)
TITLE, TEXT = re.compile(r"<b>(.*?)</b>", re.DOTALL), re.compile(r"<p>(.*?)</p>", re.DOTALL)
LEAST_WORDS = 5


def test_every_empty_page_says_what_will_stand_there(client_of, frozen_now):
    client, silent, seen = client_of("admin"), {}, 0
    for route, _view in walked():
        path = f"/{route}"
        if "<" in path or NO_PAGE.match(path) or path.startswith(("/api/", "/admin/", "/static/")):
            continue
        answer = client.get(path)
        if answer.status_code != 200 or "html" not in answer.get("Content-Type", ""):
            continue
        for block in EMPTY.findall(answer.getvalue().decode()):
            seen += 1
            title, text = (" ".join(map(words_in, each.findall(block))) for each in (TITLE, TEXT))
            if not title or len(text.split()) < LEAST_WORDS:
                silent[path] = title
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
