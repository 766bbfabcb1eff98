"""A table from its declaration: what the address asks for is what is shown, linked and exported."""

import csv
import io
import json
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from inventory.models import Site
from tests.inventory import made
from web import tables
from web.rest.filters import ObjectFilterSet
from web.tables import Column, RowFilter, Table
from web.tables.addresses import Address
from web.tables.sources import rows_of


class SiteFilters(ObjectFilterSet):
    class Meta:
        model = Site
        fields = ["name", "stage", "region", "contracted_kw"]
        search_fields = ["name", "city"]


SITES = Table(
    id="sites",
    noun=("site", "sites"),
    filterset=SiteFilters,
    default_sort="name",
    api="inventory-api-site-list",
    columns=(
        Column("name", "Name", sort="name", locked=True, phone="title"),
        Column("stage", "Stage", sort="stage"),
        Column("power", "Power", value="contracted_kw", sort="contracted_kw", numeric=True, unit="kW"),
        Column("region", "Region", value="region.name", sort="region__name"),
        Column("city", "City", default=False),
    ),
)


@pytest.fixture(autouse=True)
def _floors(settings):
    settings.ROOT_URLCONF = "tests.web.rest.urls"


@pytest.fixture
def sites(db):
    europe, asia = made.region(name="Europe", slug="europe"), made.region(name="Asia", slug="asia")
    return [
        made.site(name="Lisbon", region=europe, contracted_kw=500.0, stage="production", city="Lisboa"),
        made.site(name="Porto", region=europe, contracted_kw=None, stage="building"),
        made.site(name="Osaka", region=asia, contracted_kw=1500.0, stage="production"),
    ]


def shown(query="", table=SITES, rows=None, **given):
    request = RequestFactory().get("/list/" + query)
    return tables.page(
        request, table, Site.objects.select_related("region") if rows is None else rows, **given
    )


def names(page):
    return [row.name for row in page.rows]


def asked(url):
    return parse_qs(urlsplit(url).query)


def test_rows_have_the_cells_of_the_visible_columns(sites):
    page = shown()
    assert [column.key for column in page.columns] == ["name", "stage", "power", "region"]
    first = page.rows[0]
    assert [cell.text for cell in first.cells] == ["Lisbon", "Production", "500", "Europe"]
    assert first.cells[1].value == "production"
    assert (first.id, first.name, first.object) == (sites[0].pk, "Lisbon", sites[0])


def test_what_is_missing_is_marked_and_not_zero(sites):
    power = next(row for row in shown().rows if row.name == "Porto").cells[2]
    assert (power.missing, power.text, power.value) == (True, "", None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Lisbon", "Osaka", "Porto"]),
        ("?sort=-name", ["Porto", "Osaka", "Lisbon"]),
        ("?sort=power", ["Lisbon", "Osaka", "Porto"]),
        ("?sort=-power", ["Osaka", "Lisbon", "Porto"]),
        ("?sort=region", ["Osaka", "Lisbon", "Porto"]),
        ("?sort=password", ["Lisbon", "Osaka", "Porto"]),
        ("?stage=production", ["Lisbon", "Osaka"]),
        ("?stage=production&stage=building", ["Lisbon", "Osaka", "Porto"]),
        ("?region=asia", ["Osaka"]),
        ("?contracted_kw__gt=600", ["Osaka"]),
        ("?q=lisboa", ["Lisbon"]),
        ("?q=%00", []),
        ("?stage=gone", []),
        ("?region=atlantis", []),
        ("?page=2&per=25", ["Lisbon", "Osaka", "Porto"]),
        ("?page=x&per=-1&cols=nothing&tab=overview", ["Lisbon", "Osaka", "Porto"]),
    ],
)
def test_the_address_says_which_rows(sites, query, expected):
    assert names(shown(query)) == expected


def test_a_sorted_column_says_so_and_links_to_the_other_way(sites):
    by_key = {column.key: column for column in shown("?sort=-power&stage=production&page=1").columns}
    assert (by_key["power"].sort, by_key["name"].sort) == ("descending", "none")
    assert asked(by_key["power"].sort_url) == {"sort": ["power"], "stage": ["production"]}
    assert asked(shown("?sort=power").columns[2].sort_url) == {"sort": ["-power"]}


@pytest.mark.parametrize("query", ["?cols=city", "?cols=name&cols=city", "?cols=city,name"])
def test_columns_are_chosen_and_locked_ones_stay(sites, query):
    page = shown(query)
    assert [column.key for column in page.columns] == ["name", "city"]
    assert (page.columns_are, page.default_columns_url) == ("asked", "/list/")
    assert {choice["key"] for choice in page.choices if choice["visible"]} == {"name", "city"}


def test_each_applied_filter_has_a_chip_that_takes_it_away(sites):
    page = shown("?stage=production&stage=building&region=europe&sort=name&tab=x")
    chips = {(chip.label, chip.value): asked(chip.remove_url) for chip in page.chips}
    assert set(chips) == {("Stage", "Production"), ("Stage", "Building"), ("Region", "Europe")}
    assert chips["Stage", "Production"] == {
        "stage": ["building"],
        "region": ["europe"],
        "sort": ["name"],
        "tab": ["x"],
    }
    assert asked(page.clear_url) == {"sort": ["name"], "tab": ["x"]}
    assert page.hidden == [("sort", "name"), ("tab", "x")]
    assert page.filter_values == [("stage", "production"), ("stage", "building"), ("region", "europe")]


def test_a_filter_that_cannot_be_read_hides_nothing_silently(sites):
    page = shown("?stage=gone")
    assert [chip.value for chip in page.chips] == ["gone"]


def test_the_panel_offers_what_can_be_chosen(sites):
    panel = {entry.name: entry for entry in shown("?region=asia").filters}
    assert list(panel) == ["stage", "region"]
    assert panel["stage"].kind == "multi"
    assert [(each.value, each.label, each.selected) for each in panel["region"].choices] == [
        ("asia", "Asia", True),
        ("europe", "Europe", False),
    ]


def test_pages_are_numbered_and_linked(db):
    region = made.region()
    for number in range(60):
        made.site(name=f"Site {number:02}", region=region)
    page = shown("?per=25&page=2&stage=production")
    assert (page.page.start, page.page.end, page.page.total, page.page.number, page.page.pages) == (
        26,
        50,
        60,
        2,
        3,
    )
    assert asked(page.page.next_url) == {"per": ["25"], "page": ["3"], "stage": ["production"]}
    assert asked(page.page.previous_url)["page"] == ["1"]
    assert shown("?per=25&page=99").page.number == 3


def test_the_same_list_is_linked_at_the_api(sites):
    assert shown("?stage=production&q=x&sort=name").api_url == "/api/inventory/sites/?stage=production&q=x"


def test_rows_are_prepared_together(sites):
    calls = []

    def prepare(page):
        calls.append(len(page))
        return [{"name": site.name.upper()} for site in page]

    table = Table("sites", ("site", "sites"), (Column("name", "Name"),), row_id="name", row_name="name")
    assert [row.cells[0].text for row in shown(table=table, prepare=prepare).rows] == [
        "LISBON",
        "OSAKA",
        "PORTO",
    ]
    assert calls == [3]


def test_statements_do_not_grow_with_rows(sites):
    def statements(query):
        with CaptureQueriesContext(connection) as captured:
            shown(query)
        return len(captured)

    # The count, the rows, the regions of the filter, and the counts beside its choices.
    assert statements("?q=osaka") == statements("") == 4


def content(response):
    return b"".join(response.streaming_content).decode()


def test_csv_holds_what_is_shown_filtered_and_sorted(sites):
    request = RequestFactory().get("/list/?export=csv&stage=production&sort=-name&cols=power&per=25&page=7")
    response = tables.respond(request, "none.html", tables.page(request, SITES, Site.objects.all()))
    assert response["Content-Disposition"] == 'attachment; filename="sites.csv"'
    assert list(csv.reader(io.StringIO(content(response)))) == [
        ["id", "Name", "Power (kW)"],
        [str(sites[2].pk), "Osaka", "1500.0"],
        [str(sites[0].pk), "Lisbon", "500.0"],
    ]


def test_json_holds_values_not_words(sites):
    request = RequestFactory().get("/list/?export=json&sort=power")
    rows = json.loads(
        content(tables.respond(request, "none.html", tables.page(request, SITES, Site.objects.all())))
    )
    assert rows[0] == {
        "id": sites[0].pk,
        "name": "Lisbon",
        "stage": "production",
        "power": 500.0,
        "region": "Europe",
    }
    assert rows[2]["power"] is None


def test_an_export_of_nothing_is_still_a_file(db):
    for form, expected in (("csv", "id,Name,Stage,Power (kW),Region\r\n"), ("json", "[]")):
        request = RequestFactory().get(f"/list/?export={form}")
        assert (
            content(tables.respond(request, "x.html", tables.page(request, SITES, Site.objects.all())))
            == expected
        )


def test_htmx_gets_the_table_alone(sites):
    request = RequestFactory().get("/list/", headers={"hx-request": "true", "hx-target": "div#table-sites"})
    page = tables.page(request, SITES, Site.objects.all())
    assert tables.wants_table_only(request, page)
    response = tables.respond(request, "missing.html", page)
    assert response.content.decode().strip().startswith('<div id="table-sites"')
    assert {"HX-Request", "HX-Target"} <= {name.strip() for name in response["Vary"].split(",")}
    plain = RequestFactory().get("/list/")
    assert not tables.wants_table_only(plain, page)


@pytest.mark.parametrize(
    "query", ["", "?stage=production&q=o&sort=-power&cols=city", "?stage=gone", "?per=25&page=2"]
)
def test_every_state_of_a_table_renders(sites, query):
    actions = [{"name": "delete", "label": "Delete", "icon": "trash", "url": "/x/", "danger": True}]
    html = render_to_string("web/table.html", {"table": shown(query, actions=actions)})
    assert 'id="table-sites"' in html


@dataclass(frozen=True)
class Check:
    id: str
    state: str
    value: float | None = None


@dataclass(frozen=True)
class Shelf:
    check: Check | None


CHECKS = Table(
    "checks",
    ("check", "checks"),
    (
        Column("id", "Check", sort=True, phone="title"),
        Column("state", "State", sort=lambda check: {"fail": 0, "pass": 1}[check.state]),
        Column(
            "value", "Value", sort=True, text=lambda check: "" if check.value is None else f"{check.value} ms"
        ),
    ),
    filters=(RowFilter("state", "State", "state", [("pass", "Pass"), ("fail", "Fail")]),),
    default_sort="state",
)
ROWS = [Check("latency", "pass", 5.0), Check("power", "fail"), Check("fabric", "pass", 2.0)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["power", "latency", "fabric"]),
        ("?sort=id", ["fabric", "latency", "power"]),
        ("?sort=value", ["fabric", "latency", "power"]),
        ("?sort=-value", ["latency", "fabric", "power"]),
        ("?state=pass", ["latency", "fabric"]),
        ("?state=pass,fail", ["power", "latency", "fabric"]),
        ("?q=5.0%20MS", ["latency"]),
        ("?state=gone", []),
    ],
)
def test_a_plain_sequence_is_a_table_too(query, expected):
    page = shown(query, CHECKS, ROWS)
    assert [row.id for row in page.rows] == expected


def test_the_choices_of_a_sequence_are_counted():
    page = shown("?state=pass", CHECKS, ROWS)
    assert [(each.value, each.selected, each.count) for each in page.filters[0].choices] == [
        ("pass", True, 2),
        ("fail", False, 1),
    ]
    assert [chip.value for chip in page.chips] == ["Pass"]


@pytest.mark.parametrize(
    ("rows", "value", "counts"),
    [
        pytest.param([Check("a", "fail"), Check("b", "pass")], "state", (1, 1), id="attributes"),
        pytest.param([{"of": {"state": "fail"}}, {"of": None}], "of.state", (0, 1), id="mappings"),
        pytest.param([Shelf(Check("a", "fail")), Shelf(None)], "check__state", (0, 1), id="a path that ends"),
        pytest.param([Check("a", "x")], lambda _row: {"pass", "fail"}, (1, 1), id="several values"),
    ],
)
def test_choices_are_counted_in_rows_of_every_form(rows, value, counts):
    table = Table(
        "any",
        ("row", "rows"),
        (Column("id", "Id"),),
        filters=(RowFilter("state", "State", value, [("pass", "Pass"), ("fail", "Fail")]),),
    )
    source = rows_of(table, rows, None)
    address = Address(RequestFactory().get("/?state=fail"), path="/", filters=source.filter_names)
    [panel] = source.panel(address, counts=True)
    assert tuple(option.count for option in panel.choices) == counts
    source.narrow(address)
    assert len(source) == counts[1]
