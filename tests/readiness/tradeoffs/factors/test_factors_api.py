"""Endpoints of factors, round trips and rates: who may, what is refused and how, and how many statements it takes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.operations import create_token
from readiness.tradeoffs.models import FactorDay, SiteFactor
from tests.cases import cases
from tests.conftest import NOW
from tests.readiness.tradeoffs.conftest import entry

pytestmark = pytest.mark.django_db
FACTORS, LATENCIES, RATES = (f"/api/tradeoffs/{name}/" for name in ("factors", "latencies", "rates"))
PRICE = {
    "site": {"slug": "porto"}, "kind": "electricity_price", "value": 84, "unit": "EUR/MWh",
    "source": "contract 7", "as_of_on": "2026-01-01",
}  # fmt: skip


@pytest.fixture
def api(api_of, porto):
    return api_of("planner")


@pytest.fixture
def upload(user_of, porto):
    """`upload(path, text, **fields)` sends a form with a file as a planner's program does."""
    _, token = create_token(user=user_of("planner"), name="forms", scope="write", by=None, now=NOW)
    client = Client(headers={"authorization": f"Bearer {token}"})

    def send(path, text, **fields):
        return client.post(path, {"file": SimpleUploadedFile("rows.csv", text.encode()), **fields})

    return send


def test_a_price_is_sent_in_any_unit_and_read_in_the_stored_one(api):
    sent = api.post(FACTORS, PRICE)
    assert sent.status_code == 201, sent.content
    found = sent.json()
    assert found["value"] == pytest.approx(0.084)
    assert (found["unit"], found["currency"]["value"], found["stated"]) == ("EUR/kWh", "EUR", "84 EUR/MWh")
    assert (found["by"], found["kind"]["label"]) == ("planner", "Electricity price")
    assert api.get(FACTORS).json()["count"] == 1
    again = api.post(FACTORS, PRICE | {"value": 90})
    assert (again.json()["id"], SiteFactor.objects.count()) == (found["id"], 1)
    assert api.delete(f"{FACTORS}{found['id']}/").status_code == 204


@cases(
    ("changed", "field", "said"),
    {
        "no unit of energy": ({"unit": "EUR/parsec"}, "unit", "not a unit"),
        "whose cents": ({"unit": "ct/kWh"}, "currency", "Give the currency"),
        "a spike": ({"value": 84_000_000}, "value", "not between"),
        "no number in JSON": ({"value": float("1e400")}, "detail", "JSON"),
        "no factor": ({"kind": "weather"}, "kind", "valid choice"),
        "no site": ({"site": {"slug": "atlantis"}}, "site", "No site"),
        "ends before it begins": ({"until_on": "2025-01-01"}, "until_on", "ends before"),
        "half a band": ({"low": 80}, "high", "both ends"),
        "no source": ({"source": ""}, "source", "blank"),
    },
)
def test_what_cannot_be_stored_is_refused_by_field(api, changed, field, said):
    refused = api.post(FACTORS, PRICE | changed)
    assert refused.status_code == 400
    assert said in str(refused.json()[field])
    assert not SiteFactor.objects.exists()


def test_a_list_is_entered_whole_or_not_at_all(api):
    wrong = [PRICE, PRICE | {"kind": "pue", "value": 0.2, "unit": ""}]
    refused = api.post(FACTORS, wrong)
    assert refused.status_code == 400
    assert "not between" in str(refused.json()["1"]["value"])
    assert not SiteFactor.objects.exists()
    right = [PRICE, PRICE | {"kind": "pue", "value": 1.2, "unit": ""}]
    assert len(api.post(FACTORS, right).json()) == 2


def test_lists_filter_and_refuse_what_they_do_not_know(api, enter):
    enter(entry("pue", 1.2), entry("carbon_average", 200, "g/kWh", line=2, basis="published"))
    assert api.get(f"{FACTORS}?kind=pue&site=porto").json()["count"] == 1
    assert api.get(f"{FACTORS}?basis=published").json()["results"][0]["kind"]["value"] == "carbon_average"
    assert api.get(f"{FACTORS}?colour=red").status_code == 400


def test_a_table_is_entered_and_its_wrong_lines_are_named(upload):
    table = "site,kind,value,unit,source,as_of_on\nporto,pue,1.2,,report,2026-01-01\n"
    assert upload(f"{FACTORS}import/", table).json() == {"created": 1, "corrected": 0, "unchanged": 0}
    assert upload(f"{FACTORS}import/", table).json()["unchanged"] == 1
    refused = upload(
        f"{FACTORS}import/", table + "mars,pue,1.2,,report,2026-01-01\nporto,pue,0.1,,r,2026-01-01\n"
    )
    assert refused.status_code == 400
    assert [(each["line"], each["field"]) for each in refused.json()["errors"]] == [(3, "site"), (4, "value")]
    assert upload(f"{FACTORS}import/", "").status_code == 400


def test_hours_are_uploaded_and_read_back(upload, api_of):
    fields = {"site": "porto", "kind": "electricity_price", "unit": "EUR/MWh", "source": "exchange"}
    table = "at,value\n2026-11-20T00:00,50\n2026-11-20T01:00,\n2026-11-20T02:00,-10\n"
    sent = upload(f"{FACTORS}series/", table, zone="Europe/Lisbon", **fields)
    assert sent.status_code == 201, sent.content
    assert FactorDay.objects.get().known == 2
    read = api_of("viewer").get(f"{FACTORS}series/?site=porto&start=2026-11-20T00:00Z&end=2026-11-20T03:00Z")
    (series,) = read.json()["series"]
    assert series["values"] == [pytest.approx(0.05), None, pytest.approx(-0.01)]
    assert (series["unit"], series["step_s"]) == ("EUR/kWh", 3600)
    refused = upload(f"{FACTORS}series/", table, **fields)
    assert (refused.status_code, refused.json()["errors"][0]["line"]) == (400, 2)
    assert "zone" in refused.json()["errors"][0]["reason"]


@cases(
    ("query", "field"),
    {
        "no site": ("series/?site=mars", "site"),
        "no series": ("series/?site=porto&kind=pue", "kind"),
        "no time": ("series/?site=porto&start=soon", "start"),
        "no parameter": ("series/?site=porto&colour=red", "colour"),
        "no instant": ("known/?at=soon", "at"),
        "no zone": ("known/?at=2026-01-01T00:00", "at"),
        "no number": ("known/?percentile=p99", "percentile"),
        "no currency": ("known/?currency=euro", "currency"),
        "no percentile": ("known/?percentile=100", "percentile"),
        "one site of two": ("known/?site=porto&site=mars", "site"),
    },
)
def test_questions_that_make_no_sense_are_refused(api, query, field):
    refused = api.get(f"{FACTORS}{query}")
    assert refused.status_code == 400
    assert field in refused.json()


def test_what_is_known_says_every_source_and_why_the_rest_is_unknown(api, enter, emea):
    enter(
        entry("carbon_average", 290, "g/kWh", source="national mean", basis="published"),
        entry("carbon_average", 190, "g/kWh", source="supplier", line=2),
    )
    (porto,) = api.get(f"{FACTORS}known/?site=porto").json()["sites"]
    carbon = porto["factors"]["carbon_average"]
    assert (carbon["value"], carbon["disagrees"], carbon["others"][0]["value"]) == (290, True, 190)
    assert (carbon["age_s"], carbon["as_of"]) == (
        pytest.approx(28_317_600, abs=86_400),
        "2025-12-31T15:00:00Z",
    )
    assert porto["factors"]["pue"] == {
        "unknown": "No meter covers the whole site, and nobody entered a value.",
        "disagrees": False,
    }
    assert porto["latency"]["emea"]["basis"] == "great-circle"
    before = api.get(f"{FACTORS}known/?at=2025-06-01T00:00Z&percentile=95").json()["sites"][0]
    assert before["factors"]["carbon_average"]["unknown"]


def test_money_is_told_in_one_currency_where_a_rate_is_known(api, enter, enter_rate):
    enter(
        entry("electricity_price", 100, "EUR/MWh"),
        entry("egress_price", 1, "JPY/GB", line=2),
        entry("pue", 1.2, line=3),
    )
    enter_rate("EUR", "USD", 1.25)
    factors = api.get(f"{FACTORS}known/?currency=USD").json()["sites"][0]["factors"]
    assert (factors["electricity_price"]["value"], factors["electricity_price"]["unit"]) == (0.125, "USD/kWh")
    assert factors["egress_price"]["unknown"] == "No rate from JPY to USD is known."
    assert factors["pue"]["value"] == 1.2


def test_round_trips_and_rates_are_entered_like_factors(api, upload, lagos, emea):
    row = {"site": {"slug": "porto"}, "user_region": {"slug": "emea"}, "value": 38_000, "unit": "us"}
    sourced = {"source": "RIPE Atlas", "as_of_on": "2026-01-01", "basis": "published"}
    sent = api.post(LATENCIES, row | sourced)
    assert sent.status_code == 201, sent.content
    assert (sent.json()["value"], sent.json()["unit"], sent.json()["percentile"]) == (38, "ms", 50)
    pair = {"site": {"slug": "lagos"}, "other_site": {"slug": "porto"}, "value": 60} | sourced
    assert api.post(LATENCIES, [pair]).json()[0]["site"]["slug"] == "porto"
    assert "user_region" in api.post(LATENCIES, {k: v for k, v in pair.items() if k != "other_site"}).json()
    rate = {"currency": "EUR", "to_currency": "USD", "rate": 1.08, "source": "ECB", "as_of_on": "2026-01-02"}
    assert api.post(RATES, rate).status_code == 201
    assert "to_currency" in api.post(RATES, rate | {"to_currency": "EUR"}).json()
    table = "currency,to_currency,rate,as_of_on,source\nJPY,USD,0.0066,2026-01-02,BoJ\n"
    assert upload(f"{RATES}import/", table).json()["created"] == 1
    trips = "site,user_region,value,source,as_of_on\nlagos,emea,91,RIPE Atlas,2026-01-01\n"
    assert upload(f"{LATENCIES}import/", trips).json()["created"] == 1
    assert api.get(f"{LATENCIES}?user_region=emea").json()["count"] == 2
    assert api.delete(f"{LATENCIES}{sent.json()['id']}/").status_code == 204
    assert api.delete(RATES, [{"id": api.get(RATES).json()["results"][0]["id"]}]).status_code == 204
    assert api.get(RATES).json()["count"] == 1
