"""The page of a workload's windows: what it shows, says to be unknown, keeps of the address, and hands out as files."""

import csv
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.windows import sentences
from readiness.tradeoffs.windows.answer import Figures
from tests.readiness.tradeoffs.conftest import entry
from tests.readiness.tradeoffs.windows.conftest import PAGE

pytestmark = pytest.mark.django_db


def test_the_page_tells_the_plan_its_saving_and_both_clocks(both, look):
    page = look(hours=1)
    assert "Start at 25 Nov 2026 05:00 JST instead of at once: 13.5 EUR less (90 %)" in page
    assert "25 Nov 2026 05:00 JST – 25 Nov 2026 06:00 JST" in page
    assert "24 Nov 2026 20:00 UTC" in page
    assert "The cleanest plan costs 13.5 EUR more than the cheapest and emits 52.5 kg CO2e less" in page
    assert "100 kW × PUE 1.5 = 150 kW" in page
    assert "the rule would have saved" in page
    assert 'href="/api/tradeoffs/windows/?workload=training&amp;hours=1"' in page


def test_the_address_is_kept_in_the_fields(both, look):
    page = look(hours=2.5, aim="carbon", carbon_price=80, at="2026-11-23T00:00", days=7, pauses="yes")
    for part in ('value="2.5"', 'value="80"', 'value="2026-11-23T00:00"', 'value="7"'):
        assert part in page, part
    for chosen in ("carbon", "yes", "porto"):
        assert f'<option value="{chosen}" selected>' in page, chosen


def test_what_makes_no_sense_is_named_and_nothing_written_is_lost(both, look):
    page = look(status=400, hours="99999", at="2026-11-23T00:00")
    assert 'role="alert">hours: ' in page
    assert 'value="99999"' in page
    assert 'value="2026-11-23T00:00"' in page
    assert "When to run" in page
    look("hours.json", status=400, hours="99999")


def test_charts_have_a_table_and_a_file_each(both, look):
    drawn = json.loads(look("hours.json", hours=1))
    roles = [trace["meta"]["role"] for trace in drawn["data"]]
    assert roles == ["deployed", "energy", "muted", "gap", "ok"]
    table = list(csv.DictReader(look("hours.csv", hours=1).splitlines()))
    assert len(table) == 9
    assert table[4]["At the site (Asia/Tokyo)"] == "2026-11-25T05:00+09:00"
    assert (table[4]["UTC"], table[4]["Runs in"]) == ("2026-11-24T20:00Z", "Cheapest")
    front = list(csv.reader(look("trade-off.csv", hours=1).splitlines()))
    assert [row[1] for row in front[1:]] == ["2026-11-24T20:00Z", "2026-11-24T21:00Z", "2026-11-24T22:00Z"]
    assert len(list(csv.reader(look("back-test.csv", hours=1, days=4).splitlines()))) == 5
    assert len(json.loads(look("back-test.json", hours=1, carbon_price=90))["data"]) == 2
    assert json.loads(look("trade-off.json", hours=1))["data"][0]["x"] == pytest.approx([1.5, 4.5, 15])
    look("speed.json", status=404)
    look("hours.pdf", status=404)


def test_hours_are_drawn_by_the_clocks_of_the_site_and_say_so(both, look):
    drawn = json.loads(look("hours.json", hours=1))
    assert drawn["meta"]["zone"] == "Asia/Tokyo"
    assert drawn["meta"]["footer"].startswith("Hours are those of the site: Asia/Tokyo (UTC+09:00).")
    assert drawn["layout"]["xaxis"]["title"]["text"] == "Time at the site, JST"
    # Plans run below the hours, the first on top.
    assert drawn["layout"]["yaxis3"]["domain"][1] < drawn["layout"]["yaxis"]["domain"][0]
    rows = [trace["y"][0] for trace in drawn["data"] if trace["yaxis"] == "y3"]
    assert rows == [0, -1, -2]


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC), "CST"),
        # Clocks go back on 1 November, at 07:00 UTC.
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC), "CDT, CST"),
    ],
)
def test_both_clocks_are_named_where_they_change_in_the_span(start, end, told):
    assert sentences.clocks(start, end, ZoneInfo("America/Chicago")) == told


def test_what_is_missing_is_named_with_how_to_load_it(look, client_of):
    page = look()
    assert "No window can be computed" in page
    assert 'href="/tradeoffs/factors/hours/add/?site=porto&amp;kind=carbon_average"' in page
    told = client_of("viewer").get(PAGE).content.decode()
    assert "POST /api/tradeoffs/factors/series/" in told
    assert "factors/hours/add" not in told
    for name in ("hours", "trade-off", "back-test"):
        assert json.loads(look(f"{name}.json"))["meta"]["empty"]


def test_one_factor_missing_is_told_beside_the_plans_of_the_other(hourly, look, enter_hours, frozen_now):
    hourly(price=lambda at: 50.0 - at.hour)
    enter_hours([5.0] * 24, kind="carbon_marginal", unit="gCO2e/kWh")
    page = look(hours=1)
    assert "There is no hourly carbon intensity, average, so emissions are unknown." in page
    assert "hourly values exist for Carbon intensity, marginal" in page
    assert 'id="plan-cheapest"' in page
    assert 'id="plan-cleanest"' not in page
    assert json.loads(look("trade-off.json"))["meta"]["empty"]
    aimed = look(hours=1, aim="carbon")
    assert "choose the other aim" in aimed


def test_a_class_that_may_not_wait_says_so_and_is_not_linked(both, look, client_of):
    client = client_of("viewer")
    assert PAGE in client.get("/tradeoffs/workloads/training/").content.decode()
    WorkloadClass.objects.update(deferrable_h=0)
    page = look()
    assert "This work cannot wait" in page
    assert 'action="/tradeoffs/workloads/training/windows/"' not in page
    assert PAGE not in client.get("/tradeoffs/workloads/training/").content.decode()


def test_the_explorer_leads_to_the_windows_at_its_best_match(both, client_of, enter):
    client = client_of("viewer")
    # Until a site keeps every limit, to where it runs.
    assert f'href="{PAGE}"' in client.get("/tradeoffs/?workload=training").content.decode()
    enter(entry("power_headroom_kw", 900, "kW"))
    assert f'href="{PAGE}?site=porto"' in client.get("/tradeoffs/?workload=training").content.decode()


def test_without_power_it_is_told_for_one_kw(both, look):
    WorkloadClass.objects.update(it_kw=None)
    page = look(hours=1)
    assert "figures are for 1 kW at the meter" in page
    assert "0.09 EUR/kW less (90 %)" in page


def test_a_saving_is_the_difference_of_the_figures_beside_it():
    once, cheapest = Figures(7.426, 100_000.0, 1.0), Figures(3.582, 100_040.0, 1.0)
    answer = SimpleNamespace(money_unit="USD", carbon_unit="kg CO2e")
    # 7.43 and 3.58 USD; both emit 100 kg.
    told = [("3.85 USD less (51.8 %)", "ok"), ("the same kg CO2e", "")]
    assert sentences.saves(answer, once, cheapest) == told
