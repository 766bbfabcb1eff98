"""Change history: who, what, from what to what; bulk writes and deletions too."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Manufacturer, Region, Site
from tests.inventory import made
from tests.pages import statements, text_of, words_in
from web.actor import acting
from web.audit import AuditEntry
from web.history.batches import folded, lines_before
from web.history.events import HistoryQuery, history_of
from web.history.writes import MOST_COUNTED

SITES = "/api/inventory/sites/"
HISTORY = "/api/history/"


@pytest.fixture(autouse=True)
def _floors(settings):
    settings.ROOT_URLCONF = "tests.web.rest.urls"


@pytest.fixture
def europe(db):
    return made.region(name="Europe", slug="europe")


@pytest.fixture
def lisbon(europe):
    return made.site(name="Lisbon", slug="lis-1", region=europe, kind="core", city="")


@pytest.fixture
def planner_api(api_of):
    return api_of("planner")


def results(answer):
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


def test_a_change_says_who_from_what_to_what_and_why(planner_api, lisbon):
    asia = made.region(name="Asia", slug="asia")
    body = {"kind": "edge", "region": asia.pk, "city": "Lisboa", "changelog_message": "moved"}
    answer = planner_api.patch(f"{SITES}{lisbon.pk}/", body)
    newest = results(planner_api.get(f"{HISTORY}?model=inventory.site&id={lisbon.pk}"))[0]
    assert (newest["actor"], newest["action"], newest["message"]) == ("planner", "changed", "moved")
    assert newest["request_id"] == answer["X-Request-ID"]
    assert len(newest["token"]) == 12
    assert newest["url"].endswith(f"{SITES}{lisbon.pk}/")
    assert {change["field"]: (change["before"], change["after"]) for change in newest["changes"]} == {
        "kind": ("Core", "Edge"),
        "region": ("Europe", "Asia"),
        "city": (None, "Lisboa"),
    }


def test_bulk_writes_are_in_it_each_object_by_itself(planner_api, europe):
    bodies = [{"name": f"Site {n}", "slug": f"s{n}", "region": europe.pk, "country": "PT"} for n in range(3)]
    made_by = planner_api.post(SITES, bodies)
    ids = [row["id"] for row in made_by.json()]
    planner_api.patch(
        SITES, [{"id": key, "city": f"City {key}", "changelog_message": "named"} for key in ids]
    )
    planner_api.delete(SITES, [{"id": key, "changelog_message": "closed"} for key in ids])
    rows = results(planner_api.get(f"{HISTORY}?model=inventory.site"))
    assert [(row["action"], row["message"]) for row in rows] == [("deleted", "closed")] * 3 + [
        ("changed", "named")
    ] * 3 + [("created", "")] * 3
    assert {row["object_id"] for row in rows} == set(ids)
    assert all(row["url"] is None and row["display"].startswith("Site") for row in rows)
    changed = next(row for row in rows if row["action"] == "changed")
    assert changed["changes"] == [
        {"field": "city", "label": "city", "before": None, "after": f"City {changed['object_id']}"}
    ]


def test_a_request_finds_what_it_wrote(planner_api, lisbon, europe):
    body = {"name": "Porto", "slug": "opo-1", "region": europe.pk, "country": "PT"}
    request_id = planner_api.post(SITES, body)["X-Request-ID"]
    assert [row["display"] for row in results(planner_api.get(f"{HISTORY}?request={request_id}"))] == [
        "Porto"
    ]
    assert [row["name"] for row in results(planner_api.get(f"{SITES}?created_by_request={request_id}"))] == [
        "Porto"
    ]
    assert results(planner_api.get(f"{SITES}?updated_by_request={request_id}")) == []
    assert results(planner_api.get(f"{SITES}?created_by_request=none")) == []


def test_a_page_follows_a_page_without_loss(planner_api, europe):
    for number in range(7):
        made.site(name=f"Site {number}", region=europe)
    whole = [row["id"] for row in results(planner_api.get(f"{HISTORY}?model=inventory.site"))]
    url, seen = f"{HISTORY}?model=inventory.site&limit=3", []
    while url:
        answer = planner_api.get(url).json()
        seen += [row["id"] for row in answer["results"]]
        url = answer["next"]
    assert len(whole) == 7
    assert seen == whole


def test_writes_of_a_task_carry_its_name(lisbon):
    with acting("demo", message="history"):
        Site.objects.update(city="Lisboa")
        with acting("worker"):
            Site.objects.update(city="Olisipo")
        Site.objects.update(owner="Ana")
    Site.objects.update(owner="Rui")
    rows = history_of(lisbon).rows
    assert [(row.actor, row.message) for row in rows[:4]] == [
        ("", ""),
        ("demo", "history"),
        ("worker", ""),
        ("demo", "history"),
    ]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("model=inventory.nothing", "model"),
        ("id=5", "id"),
        ("model=inventory.site&id=x", "id"),
        ("model=inventory.site&id=99999999999999999999999", "id"),
        (f"model=inventory.site&id={'0' * 5000}1", "id"),
        ("action=renamed", "action"),
        ("start=yesterday", "start"),
        ("end=%00", "end"),
        ("after=x", "after"),
        ("after=2026-11-24~inventory.site~x", "after"),
        ("actor=%00", "actor"),
        ("limit=many", "limit"),
        ("offset=5", "offset"),
        ("stage=planned", "stage"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused_by_name(planner_api, lisbon, query, named):
    answer = planner_api.get(f"{HISTORY}?{query}")
    assert (answer.status_code, set(answer.json())) == (400, {named})


def test_history_shows_only_what_its_reader_may_view(user_of, api_of, lisbon):
    user = user_of("viewer")
    user.groups.clear()
    assert results(api_of("viewer").get(HISTORY)) == []
    refused = api_of("viewer").get(f"{HISTORY}?model=inventory.site")
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "Missing permission: inventory.view_site.",
    )
    assert api_of(None).get(HISTORY).status_code == 401


def test_statements_do_not_grow_with_rows(planner_api, europe):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            planner_api.get(HISTORY + "?model=inventory.site")
        return len(captured)

    made.site(region=europe)
    # The first asks for what is then remembered, as of kinds of objects.
    statements()
    few = statements()
    for _ in range(10):
        made.site(region=europe)
    assert statements() == few


def test_the_page_shows_changes_and_filters_them(client_of, lisbon):
    client = client_of("viewer")
    Site.objects.update(city="Lisboa")
    page = client.get("/history/")
    assert page.status_code == 200
    assert "Lisboa" in page.content.decode()
    assert "row-history-" not in client.get("/history/?actor=nobody").content.decode()
    assert client.get("/history/?id=5").status_code == 400
    assert client.get("/history/?after=x").status_code == 400
    Region.objects.filter(pk=lisbon.region_id).update(description="x")
    assert "Lisboa" not in client.get("/history/?model=inventory.region").content.decode()


class TestWords:
    """The page says what changed in words, and what was written together is one line."""

    @pytest.fixture
    def lines_of(self, client_of):
        def one(query="", role="viewer"):
            page = text_of(client_of(role).get(f"/history/{query}"))
            body = page.partition("<tbody>")[2].partition("</tbody>")[0]
            return [words_in(f"<{row}") for row in body.split("<tr ")[1:]]

        return one

    def test_a_change_of_one_field_is_one_sentence(self, lines_of, lisbon):
        with acting("worker", message="moved"):
            Site.objects.update(city="Lisboa")
        assert lines_of()[0].endswith("Site Lisbon : city nothing → Lisboa worker moved")

    def test_more_than_three_entries_of_one_write_are_one_line(self, lines_of, europe):
        with acting("import", message="Load"):
            for place in range(4):
                made.site(region=europe, name=f"Site {place}", slug=f"s{place}")
        line = next(line for line in lines_of() if "together" in line)
        assert "4 changes together : 4 sites import Load" in line
        shown = lines_of("?message=Load&single=yes")
        assert len(shown) == 4
        assert "Site Site 3" in shown[0]

    def test_a_batch_leads_to_its_entries(self, client_of, lines_of, europe):
        with acting("import", message="Load"):
            for place in range(5):
                made.site(region=europe, name=f"Site {place}", slug=f"s{place}")
        page = text_of(client_of("viewer").get("/history/"))
        address = unescape(re.search(r'href="(/history/\?[^"]*single=yes)"', page)[1])
        assert len(lines_of(address.removeprefix("/history/"))) == 5

    def test_a_site_shows_its_own_rows_alone(self, lines_of, lisbon, europe):
        made.site(region=europe, name="Porto", slug="opo-1")
        device = made.device(site=lisbon, name="node-1")
        lines = lines_of("?site=lis-1")
        assert any("Device node-1 at Lisbon" in line for line in lines)
        assert not any("Porto" in line for line in lines)
        assert any(str(device) in line for line in lines)

    def test_days_and_spans_limit_the_time(self, client_of, lines_of, lisbon):
        today = timezone.localdate().isoformat()
        assert lines_of(f"?start={today}&end={today}")
        assert not lines_of("?start=2020-01-01&end=2020-01-02")
        words = words_in(text_of(client_of("viewer").get("/history/?start=2020-01-01&end=2020-01-02")))
        assert "No change matches" in words
        assert client_of("viewer").get("/history/?site=atlantis").status_code == 400

    def test_pages_of_lines_follow_each_other_without_loss(self, europe, lisbon):
        for place in range(7):
            with acting("import", message=f"Load {place}"):
                for number in range(4):
                    made.site(region=europe, name=f"{place}-{number}", slug=f"s{place}-{number}")
        query = HistoryQuery(models=(Site, Region))
        whole, pages, after = folded(query).lines, [], ""
        while True:
            page = folded(replace(query, after=after), limit=3)
            pages += page.lines
            if not (after := page.next_after):
                break
        assert [line.id for line in pages] == [line.id for line in whole]
        tables = [model._meta.db_table for model in query.models]
        assert (
            sum(getattr(line, "count", 1) for line in whole)
            == AuditEntry.objects.filter(table__in=tables).count()
        )

    def test_a_large_write_is_one_line_and_older_ones_follow(self, europe, lisbon):
        with acting("import", message="Load"):
            Region.objects.bulk_create(Region(name=f"Region {n}", slug=f"r{n}") for n in range(150))
        query = HistoryQuery(models=(Site, Region))
        counts = [150, 1, 1]
        assert [getattr(line, "count", 1) for line in folded(query).lines] == counts
        soon = timezone.now() + timedelta(minutes=1)
        assert [getattr(line, "count", 1) for _at, line in lines_before(query, soon, limit=50)] == counts

    @pytest.mark.django_db(transaction=True)
    def test_the_largest_writes_are_partly_counted_and_hide_no_other(self, lines_of, lisbon):
        with acting("import", message="Load"):
            Region.objects.bulk_create(
                (Region(name=f"Region {n}", slug=f"r{n}") for n in range(MOST_COUNTED + 100)),
                batch_size=5_000,
            )
        with acting("import", message="Move"), transaction.atomic():
            Region.objects.filter(slug__startswith="r").update(description="moved")
            with acting("import", message="Rename"):
                Site.objects.filter(pk=lisbon.pk).update(name="Lisboa")
            with acting("import", message="Buy"):
                made.manufacturer(name="Acme")
        words = " ".join(lines_of()[:4])
        assert "300 changes together" in words
        assert "at least 200 changes together" in words
        query = HistoryQuery(models=(Manufacturer, Site, Region))
        lines = folded(query, limit=3).lines
        pages = folded(replace(query, after=folded(query, limit=3).next_after), limit=10)
        assert [line.message for line in lines] == ["Buy", "Rename", "Move"]
        assert [line.message for line in pages.lines] == ["Load", "", ""]
        assert pages.lines[0].counts == [("region", "regions", MOST_COUNTED)]

    @pytest.mark.django_db(transaction=True)
    def test_writes_of_many_transactions_are_partly_counted(self, lines_of, lisbon):
        for place in range(3):
            with acting("import", message="Load"):
                Region.objects.bulk_create(
                    Region(name=f"Region {place}-{n}", slug=f"r{place}-{n}")
                    for n in range(MOST_COUNTED - 100)
                )
        assert f"at least {3 * (MOST_COUNTED - 100)} changes together" in " ".join(lines_of()[:1])

    def test_a_reader_without_any_role_sees_an_empty_page(self, client, user_of, lisbon):
        user = user_of("viewer")
        user.groups.clear()
        client.force_login(user)
        assert "Lisbon" not in text_of(client.get("/history/"))

    def test_a_page_after_a_row_that_is_gone_is_refused(self, client_of, lisbon):
        assert client_of("viewer").get(f"/history/?after={2**62}").status_code == 400

    def test_statements_of_the_page_do_not_grow(self, client_of, europe):
        with acting("import", message="First"):
            for place in range(5):
                made.site(region=europe, name=f"Site {place}", slug=f"s{place}")
        one = statements(client_of("viewer"), "/history/")
        for batch in range(5):
            with acting("import", message=f"Load {batch}"):
                for place in range(5):
                    made.site(region=europe, name=f"{batch} {place}", slug=f"b{batch}-{place}")
        assert statements(client_of("viewer"), "/history/") <= one
