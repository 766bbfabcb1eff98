"""The counts in the navigation: what waits for the reader, within what the reader sees."""

import re

import pytest

from accounts import operations
from accounts.models import SavedView
from telemetry.models import Source, SourceState, SourceStatus
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.assessment.grants.conftest import ask, porto
from web.navigation import TABS
from web.workflows.waiting import WAITING

__all__ = ["ask", "porto"]
pytestmark = pytest.mark.django_db
MARK = re.compile(r'id="count-([\w-]+)"[^>]*>(\d+)<')


def waiting(client):
    return {name: int(count) for name, count in MARK.findall(client.get("/navigation/counts/").text)}


@pytest.fixture
def sources():
    for slug, state in (
        ("oslo", SourceState.SILENT),
        ("turin", SourceState.LATE),
        ("lyon", SourceState.LATE),
    ):
        site = made.site(name=slug.title(), slug=slug)
        source = Source.objects.create(name=f"{slug} collector", site=site, provenance="simulated")
        SourceStatus.objects.create(source=source, state=state, state_since=NOW)


@pytest.mark.usefixtures("sources")
def test_a_tab_and_its_entry_say_how_much_waits(client_of):
    page = client_of("viewer").get("/navigation/counts/").text
    assert dict(MARK.findall(page)) == {"ingest": "3", "entry-data": "3"}
    assert 'data-tone="warn" title="3 sources late or silent"' in page


@pytest.mark.usefixtures("sources")
def test_what_lies_outside_the_readers_sites_is_not_counted(client_of, user_of):
    operations.set_scopes(user_of("ops"), scopes=[("site", "lyon")], by=None)
    assert waiting(client_of("ops")) == {"ingest": 1, "entry-data": 1}


def test_a_request_waits_for_those_who_may_decide_on_it(client_of, ask, porto):
    ask(porto)
    assert waiting(client_of("manager")) == {
        "waivers": 1,
        "entry-work": 1,
        "inbox": 1,
        "entry-home": 1,
        "bell": 1,
    }
    assert waiting(client_of("viewer")) == {}


@pytest.mark.usefixtures("sources")
def test_everything_is_counted_in_two_statements(client_of, django_assert_num_queries):
    client = client_of("manager")
    client.get("/navigation/counts/")
    # The session, the user with scopes and permissions, the counts of all apps, and the inbox's.
    with django_assert_num_queries(4):
        client.get("/navigation/counts/")


def test_a_page_leaves_room_for_the_counts_and_asks_for_them_once_it_is_shown(client_of):
    page = client_of("viewer").get("/waivers/").text
    assert 'hx-get="/navigation/counts/" hx-trigger="load"' in page
    for name in ("waivers", "entry-work", "entry-data"):
        assert f'id="count-{name}" hidden' in page


def test_a_saved_view_of_a_kind_has_its_number_of_rows(client_of, user_of, django_assert_num_queries):
    site = made.site()
    for role in ("node", "node", "switch"):
        made.device(site=site, role=role)
    kept = [("device-list", "role=node"), ("device-list", "q=nothing"), ("site-list", "q=n"), ("waivers", "")]
    views = [
        SavedView.objects.create(owner=user_of("viewer"), table=table, name=str(number), query=query)
        for number, (table, query) in enumerate(kept)
    ]
    client = client_of("viewer")
    client.get("/navigation/counts/")
    with django_assert_num_queries(5):
        numbers = waiting(client)
    counted = {view.query: numbers.get(f"view-{view.pk}") for view in views}
    assert counted == {"role=node": 2, "q=nothing": 0, "q=n": 0, "": None}


def test_what_waits_is_counted_at_a_tab_that_there_is():
    assert {waiting.turn.tab for waiting in WAITING} <= {tab.url_name for tab in TABS}
