"""The objects of a problem, by page, for page and program; and a reason that somebody ends."""

import re
from functools import partial

import pytest

from readiness.assessment.scoring.models import HealthReason, ReasonEnd
from tests.pages import text_of, words_of
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.boards.problems.scene import LOSSES, flapping_site
from tests.readiness.loop.problems.test_writing import crowd, statements
from tests.readiness.problems import write_problems

pytestmark = pytest.mark.django_db
CAUSE = f"health-dsm-network-{LOSSES}"


@pytest.fixture
def flapping(frozen_now):
    frozen_now.at = NOW
    site = flapping_site()
    write_problems()
    return site


def rows_of(page):
    return page.count('<tr id="row-objects-')


def test_page_and_endpoint_read_the_same_rows_by_page(flapping, client_of, api_of):
    crowd(flapping, 118)
    write_problems()
    client, api = client_of("viewer"), api_of("viewer")
    problem = next(
        each for each in api.get("/api/readiness/problems/").json()["results"] if each["id"] == CAUSE
    )
    assert (problem["objects_affected"], len(problem["objects"])) == (120, 8)
    listed = api.get(f"{problem['objects_url']}&limit=100").json()
    assert (listed["count"], len(listed["results"])) == (120, 100)
    pages = [text_of(client.get(f"/problems/objects/?problem={CAUSE}&page={page}")) for page in (1, 2, 3)]
    assert [rows_of(page) for page in pages] == [50, 50, 20]
    assert "120 objects at Des Moines" in pages[0]
    found = text_of(client.get(f"/problems/objects/?problem={problem['number']}&q=swp2"))
    assert rows_of(found) == 1
    by_name = text_of(client.get("/problems/?q=leaf03 p117"))
    assert re.findall(r"id=\"row-problems-([^\"]+)\"", by_name) == [CAUSE]
    assert client.get("/problems/objects/?problem=health-dsm-nothing").status_code == 404


def test_a_list_of_ten_times_as_many_takes_as_many_statements(flapping, client_of):
    client = client_of("viewer")

    def cost():
        return statements(lambda: client.get(f"/problems/objects/?problem={CAUSE}"))

    cost()
    few = cost()
    crowd(flapping, 200)
    write_problems()
    assert cost() == few


@pytest.mark.full
def test_ten_thousand_objects_are_one_problem(flapping, client_of):
    client = client_of("viewer")
    few = [
        statements(partial(client.get, address)) for address in ("/problems/", f"/problems/?problem={CAUSE}")
    ]
    crowd(flapping, 9_998)
    took = statements(write_problems)
    page = text_of(client.get("/problems/"))
    assert "10,000 objects" in page
    assert "leaf03 swp1 and 9,999 more" in page
    many = [
        statements(partial(client.get, address)) for address in ("/problems/", f"/problems/?problem={CAUSE}")
    ]
    assert (many <= few, took < 40) == (True, True)


def test_readers_with_scopes_read_the_objects_of_their_sites_only(flapping, user_of, client_of):
    user_of("viewer").access_scopes.create(kind="site", slug="other")
    assert client_of("viewer").get(f"/problems/objects/?problem={CAUSE}").status_code == 404


def test_somebody_ends_a_reason_and_says_why(flapping, client_of, api_of):
    first, second = HealthReason.objects.order_by("object")
    assert "End it" in text_of(client_of("ops").get(f"/problems/objects/?problem={CAUSE}"))
    assert "End it" not in text_of(client_of("viewer").get(f"/problems/objects/?problem={CAUSE}"))
    client, address = client_of("ops"), f"/problems/reasons/{first.pk}/end/"
    assert "End “Link losses in 24 h” of leaf03 swp1" in words_of(client.get(address))
    assert client.post(address, {"note": " "}).status_code == 422
    assert client.post(address, {"note": "The cable was swapped."}).status_code == 302
    ended = api_of("ops").post(
        f"/api/readiness/reasons/{second.pk}/end/", {"note": "Known flap."}, format="json"
    )
    assert ended.json()["object"] == "leaf03 swp2"
    assert list(ReasonEnd.objects.order_by("object").values_list("note", "ended_by__username")) == [
        ("The cable was swapped.", "ops"),
        ("Known flap.", "ops"),
    ]
    refused = api_of("ops").post(f"/api/readiness/reasons/{second.pk}/end/", {"note": "x"}, format="json")
    assert (refused.status_code, HealthReason.objects.exists()) == (404, False)
    write_problems()
    page = words_of(client_of("manager").get(f"/problems/objects/?problem={CAUSE}"))
    assert "A person ended it" in page
    assert "The cable was swapped." in page
    assert "The cable was swapped." not in words_of(
        client_of("viewer").get(f"/problems/objects/?problem={CAUSE}")
    )
