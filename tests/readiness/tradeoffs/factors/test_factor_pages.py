"""Pages of factors: what is known and what is not, sources side by side, forms that ask twice, files that come back."""

import csv
import io
import re
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.tradeoffs.models import ExchangeRate, FactorDay, LatencyFactor, SiteFactor
from tests.cases import cases
from tests.pages import text_of
from tests.readiness.tradeoffs.conftest import entry, trip

pytestmark = pytest.mark.django_db
FACTORS, LATENCIES, RATES = "/tradeoffs/factors/", "/tradeoffs/latencies/", "/tradeoffs/rates/"
PORTO = f"{FACTORS}sites/porto/"
ADD, IMPORT, HOURS = f"{FACTORS}add/", f"{FACTORS}import/", f"{FACTORS}hours/add/"


def rows_of(page):
    return re.sub(r"\s+", " ", page.partition("<tbody")[2].rpartition("</tbody>")[0])


def file_of(text):
    return SimpleUploadedFile("rows.csv", text.encode())


@pytest.fixture
def two_sources(enter):
    enter(
        entry(
            "carbon_average", 290, "g/kWh", source="national mean", basis="published", provenance="estimated"
        ),
        entry("carbon_average", 190, "g/kWh", source="supplier", line=2),
        entry("electricity_price", 1_500, "EUR/MWh", line=3),
    )


def test_what_is_older_than_its_kind_may_be_is_marked_on_list_and_site_and_can_be_filtered(client_of, enter):
    enter(
        entry("carbon_average", 290, "g/kWh", source="national mean", as_of_on=date(2023, 12, 31)),
        entry("pue", 1.3, source="meter report", line=2),
    )
    reader = client_of("viewer")
    rows = rows_of(text_of(reader.get(f"{FACTORS}?old=old")))
    assert re.findall(r"national mean|meter report", rows) == ["national mean"]
    # Tokyo's day of 2023-12-31 began the evening before.
    words = "1,060 days old; due for review after 731 days: A year&#x27;s mean of a country"
    assert f'title="{words}' in rows
    assert words in text_of(reader.get(PORTO))
    assert "older than they should be: Carbon intensity, average" in text_of(reader.get(PORTO))
    known = reader.get("/api/tradeoffs/factors/known/?site=porto").json()
    factors = known["sites"][0]["factors"]
    assert factors["carbon_average"]["outdated"].startswith("1,060 days old")
    assert factors["pue"]["outdated"] == ""


class TestList:
    def test_known_unknown_and_disagreeing_factors_are_told_apart(self, client_of, two_sources):
        rows = rows_of(text_of(client_of("viewer").get(f"{FACTORS}?per=100")))
        for words in (
            "290 gCO2e/kWh",
            "national mean",
            "estimated",
            "Sources disagree",
            "190 gCO2e/kWh, supplier",
        ):
            assert words in rows
        assert ">unknown</span>" in rows
        assert "Nobody entered a value; rotations do not provide it." in rows
        assert "check the unit" in rows

    def test_a_list_comes_back_from_its_file_unchanged(self, client_of, two_sources, enter_hours):
        enter_hours([50.0] * 24)
        planner = client_of("planner")
        exported = text_of(planner.get(f"{FACTORS}?export=csv"))
        lines = list(csv.DictReader(io.StringIO(exported)))
        assert {"telemetry", "series", "unknown"} & {line["Basis"] for line in lines} == {"series", "unknown"}
        before = list(SiteFactor.objects.values_list("kind", "value", "source", "as_of_on", "basis"))
        assert len([line for line in lines if line["Factor"] == "carbon_average"]) == 2
        SiteFactor.objects.all().delete()
        sent = planner.post(IMPORT, {"what": "factors", "file": file_of(exported)})
        assert sent.status_code == 302, text_of(sent, 422)
        assert list(SiteFactor.objects.values_list("kind", "value", "source", "as_of_on", "basis")) == before

    def test_round_trips_come_back_too(self, client_of, emea, lagos, enter_trips):
        enter_trips(trip(38, user_region="emea", percentile=95.0))
        planner = client_of("planner")
        page = rows_of(text_of(planner.get(LATENCIES)))
        assert "38 ms" in page
        assert "the site has no position" in page
        exported = text_of(planner.get(f"{LATENCIES}?export=csv"))
        LatencyFactor.objects.all().delete()
        assert planner.post(IMPORT, {"what": "latencies", "file": file_of(exported)}).status_code == 302
        again = LatencyFactor.objects.get()
        assert (again.value_ms, again.percentile, again.as_of_on) == (38, 95, date(2026, 1, 1))

    def test_rates_come_back_too(self, client_of, enter_rate):
        enter_rate("EUR", "USD", 1.08, source="=The bank's")
        planner = client_of("planner")
        exported = text_of(planner.get(f"{RATES}?export=csv"))
        assert "1.08" in text_of(planner.get(RATES))
        ExchangeRate.objects.all().delete()
        assert planner.post(IMPORT, {"what": "rates", "file": file_of(exported)}).status_code == 302
        again = ExchangeRate.objects.get()
        assert (again.rate, again.source) == (1.08, "=The bank's")


class TestSite:
    def test_sources_stand_side_by_side_with_what_counts(
        self, client_of, two_sources, emea, lagos, enter_trips
    ):
        enter_trips(trip(60, other_site="lagos"))
        page = text_of(client_of("viewer").get(PORTO))
        for words in (
            "2 of 17 factors are known; sources disagree on Carbon intensity, average.",
            "counts",
            "supplier",
            "No meter covers the whole site",
            "great-circle estimate",
            "RIPE Atlas",
            "Entered values",
        ):
            assert words in page
        assert "Enter a factor" not in page

    def test_hours_are_drawn_with_what_is_missing(self, client_of, enter_hours):
        enter_hours([50.0, None, -10.0])
        viewer = client_of("viewer")
        page = text_of(viewer.get(f"{PORTO}?start=2026-11-19T00:00Z&end=2026-11-21T00:00Z"))
        address = re.search(r'data-chart-url="([^"]+hours\.json[^"]*)"', page)[1].replace("&amp;", "&")
        figure = viewer.get(address).json()
        assert figure["data"][0]["y"] == [pytest.approx(0.05), None, pytest.approx(-0.01)] + [None] * 21
        assert "mean 0.02 EUR/kWh, lowest -0.01, highest 0.05" in figure["meta"]["finding"]
        table = text_of(viewer.get(f"{PORTO}hours.csv?kind=electricity_price&start=2026-11-19T00:00Z"))
        assert table.splitlines()[0] == "time_ms,exchange (EUR/kWh)"
        nothing = viewer.get(f"{PORTO}hours.json?kind=carbon_average").json()
        assert "No hour of this factor is known" in nothing["meta"]["empty"]
        assert viewer.get(f"{PORTO}hours.json?kind=pue").status_code == 404
        assert viewer.get(f"{PORTO}hours.json?kind=carbon_average&start=soon").status_code == 400

    def test_a_year_of_hours_is_as_many_points_as_a_chart_shows(self, client_of, enter_hours):
        enter_hours([50.0] * 24 * 100, start=datetime(2026, 7, 1, tzinfo=UTC))
        asked = "kind=electricity_price&start=2026-01-01T00:00Z&end=2026-11-24T00:00Z"
        figure = client_of("viewer").get(f"{PORTO}hours.json?{asked}").json()
        known = [value for value in figure["data"][0]["y"] if value is not None]
        assert 300 < len(known) <= 1_500
        assert known[0] == pytest.approx(0.05)


FILLED = {
    "site": "porto",
    "kind": "electricity_price",
    "value": "84",
    "unit": "EUR/MWh",
    "source": "contract 7",
    "basis": "declared",
    "provenance": "declared",
    "as_of_on": "2026-01-01",
}


class TestForms:
    def test_a_value_is_kept_once_it_was_confirmed(self, client_of, porto):
        planner = client_of("planner")
        assert "Enter a factor" in text_of(planner.get(f"{ADD}?site=porto&kind=pue"))
        shown = text_of(planner.post(ADD, FILLED))
        for words in ("Check the values", "0.084 EUR/kWh", "84 EUR/MWh", "No data yet."):
            assert words in shown
        assert not SiteFactor.objects.exists()
        kept = planner.post(ADD, {**FILLED, "confirmed": "1"}, follow=True)
        page = text_of(kept)
        for words in ("The value is saved.", "0.084 EUR/kWh", "As stated", "Changes of this entry"):
            assert words in page
        assert [row.actor for row in kept.context["rows"]] == ["planner"]
        again = text_of(planner.post(ADD, {**FILLED, "value": "1500"}))
        assert "Replaces" in again
        assert "check the unit" in again

    @cases(
        ("changed", "said"),
        {
            "whose cents": ({"unit": "ct/kWh"}, "Give the currency"),
            "a spike": ({"value": "84000000"}, "is not between"),
            "half a band": ({"low": "80"}, "both ends"),
            "ends before it begins": ({"until_on": "2025-01-01"}, "ends before it begins"),
            "no site": ({"site": "atlantis"}, "“atlantis” is not in the list."),
        },
    )
    def test_what_cannot_be_is_said_at_its_field(self, client_of, porto, changed, said):
        assert said in text_of(client_of("planner").post(ADD, FILLED | changed), 422)
        assert not SiteFactor.objects.exists()

    def test_wrong_lines_of_a_table_are_said(self, client_of, porto):
        table = "site,kind,value,source,as_of_on\n" + "mars,pue,1.2,x,2026-01-01\n" * 30
        page = text_of(client_of("planner").post(IMPORT, {"what": "factors", "file": file_of(table)}), 422)
        assert "Line 2, site: There is no site &#x27;mars&#x27;." in page
        assert "10 more lines have errors." in page

    def test_hours_are_uploaded_with_the_zone_of_the_file(self, client_of, porto):
        planner = client_of("planner")
        about = {"site": "porto", "kind": "carbon_average", "unit": "g/kWh", "source": "grid"}
        about |= {"basis": "published", "provenance": "measured", "zone": "Europe/Berlin"}
        skipped = "at,value\n2026-03-29T01:00,1\n2026-03-29T02:00,2\n"
        refused = text_of(planner.post(HOURS, {**about, "file": file_of(skipped)}), 422)
        assert "Line 3, at: 2026-03-29T02:00:00 does not exist in Europe/Berlin" in refused
        sent = planner.post(HOURS, {**about, "file": file_of(skipped.replace("T02", "T03"))}, follow=True)
        assert "Days entered: 1 new" in text_of(sent)
        assert FactorDay.objects.get().values[:3] == [1, 2, None]
        wrong = planner.post(HOURS, {**about, "zone": "Mars/Olympus", "file": file_of(skipped)})
        assert "IANA time zone" in text_of(wrong, 422)

    def test_a_value_is_taken_back(self, client_of, two_sources):
        factor = SiteFactor.objects.get(source="supplier")
        address = f"{FACTORS}entries/{factor.pk}/"
        planner = client_of("planner")
        assert "Delete this value?" in text_of(planner.get(address))
        assert "Delete this value?" not in text_of(client_of("viewer").get(address))
        assert planner.post(f"{address}delete/").status_code == 302
        assert not SiteFactor.objects.filter(source="supplier").exists()
        assert planner.get(address).status_code == 404


@cases(
    ("path", "permission"),
    {
        "one value": (ADD, "tradeoffs.add_sitefactor"),
        "a table": (IMPORT, "tradeoffs.add_sitefactor"),
        "a table of rates": (f"{IMPORT}?what=rates", "tradeoffs.add_exchangerate"),
        "a table of nothing": (f"{IMPORT}?what=weather", "tradeoffs.add_sitefactor"),
        "hours": (HOURS, "tradeoffs.add_factorday"),
    },
)
def test_a_refusal_names_what_is_missing(client_of, porto, path, permission):
    assert permission in text_of(client_of("ops").get(path), 403)
