"""Guides, the glossary and the tour."""

import json
import re

import pytest

from tests.web.routes.conftest import everything
from tests.web.routes.test_every_route import walked
from web.help.documents import DOCS, PICTURES
from web.help.guides import GUIDE_OF, GUIDES, guide_of, guides
from web.help.tour import STEPS, bar
from web.help.words import words

__all__ = ["everything"]
pytestmark = pytest.mark.django_db
LINK = re.compile(r'href="(/[^"]+)"')


def test_every_page_has_a_guide_that_exists():
    assert {name for name in GUIDE_OF.values() if name not in guides()} == set()
    assert [name for name in guides() if not (GUIDES / f"{name}.md").is_file()] == []
    first = lambda route: f"/{route.partition('/')[0]}/"  # noqa: E731
    rooms = {first(route) for route, _view in walked() if not route.startswith(("api/", "otlp/", "admin/"))}
    general = {
        "//",
        "/help/",
        "/inbox/",
        "/history/",
        "/search/",
        "/tables/",
        "/views/",
        "/settings/",
        "/login/",
    }
    without = {room for room in rooms if guide_of(room).name == "pages"}
    assert without - general == {"/charts/", "/metrics/", "/navigation/", "/digests/", "/health/"}


@pytest.mark.parametrize("name", sorted(guides()))
def test_links_of_a_guide_lead_somewhere(name, client_of):
    client = client_of("viewer")
    answer = client.get(f"/help/guides/{name}/")
    assert answer.status_code == 200
    assert f"<h1>{answer.context['document'].title}" in answer.text.replace("\n", "")
    prose = answer.text.partition('class="body prose">')[2].partition("</article>")[0]
    assert "<table>" not in prose
    assert ".md" not in "".join(LINK.findall(prose))
    for address in set(LINK.findall(prose)):
        page, _, place = address.partition("#")
        if page.startswith("/help/"):
            led = client.get(page)
            assert led.status_code == 200, address
            assert not place or f'id="{place}"' in led.text, address


def test_the_glossary_has_each_word(client_of):
    lines = [line for line in (DOCS / "glossary.md").read_text().splitlines() if line.startswith("| **")]
    assert len(words()) == len(lines) > 200
    assert len({word.slug for word in words()}) == len(words())
    page = client_of("viewer").get("/help/glossary/").text
    assert all(f'id="{word.slug}"' in page for word in words())
    answer = client_of("viewer").get("/help/words.json")
    assert {row["slug"] for row in json.loads(answer.content)} == {word.slug for word in words()}


def test_pictures_are_those_of_the_docs_alone(client_of):
    client = client_of("viewer")
    name = next(PICTURES.glob("*.webp")).name
    assert client.get(f"/help/pictures/{name}")["Content-Type"] == "image/webp"
    for wrong in ("none.webp", "..%2Fguides%2Fgap.md", "fleet.webp%00", "pictures.py"):
        assert client.get(f"/help/pictures/{wrong}").status_code == 404
    assert client.get("/help/guides/nothing/").status_code == 404
    assert client.get("/help/guides/kinds/").status_code == 404


def test_the_tour_leads_from_page_to_page(everything, client_of):
    client = client_of("planner")
    assert len(STEPS) == 5
    for number in range(1, 6):
        led = client.get(f"/help/tour/{number}/", follow=True)
        assert led.status_code == 200
        assert f"Tour, {number} of 5" in led.text
    assert "/help/tour/6/" not in led.text
    assert client.get("/help/tour/6/").status_code == client.get("/help/tour/0/").status_code == 404


@pytest.mark.parametrize("number", ["0", "6", "-1", "x", "", "١", "99999"])
def test_a_step_that_is_none_shows_no_tour(number):
    assert bar(number) is None


def test_the_help_names_the_guide_of_the_page_before(client_of):
    page = client_of("viewer").get("/help/?page=/waivers/7/").text
    assert page.index("/help/guides/waivers/") < page.index(
        "All guides" if "All guides" in page else "h-guides"
    )


def test_signing_in_says_what_muster_is_for(client):
    assert "which of your AI sites are ready for production" in client.get("/login/").text
