"""A placement's advice over HTTP: scores, steps that no limit requires, monthly costs, ages of factors, types."""

from datetime import date

import pytest

from readiness.demand.workloads.operations import place
from readiness.tradeoffs.factors.core.factors import HOURS_A_YEAR
from readiness.tradeoffs.factors.operations import enter_factors
from readiness.tradeoffs.models import SiteFactor
from tests.inventory import made
from tests.readiness.tradeoffs.conftest import entry
from tests.readiness.tradeoffs.placing.conftest import KNOWN

pytestmark = pytest.mark.django_db
HOURS = HOURS_A_YEAR / 12


def limited(**limits):
    return {"what_if": {"limits": limits}}


def test_scores_are_against_the_limit_or_today_and_what_has_neither_is_said(ask, fleet):
    found = ask(weights={"latency": 3, "cost": 1})
    against = {one["name"]: (one["against"], one["reference"]) for one in found["objectives"]}
    # 8 accelerators at Porto, where it runs today.
    assert against["latency"] == ("limit", 200.0)
    assert against["cost"] == ("today", pytest.approx(8 * HOURS * 2.4))
    assert against["readiness"] == ("scale", None)
    lulea = next(one for one in found["options"] if one["site"] == "lulea")
    assert lulea["score"] == pytest.approx((3 * 200 / 248 + 2.4 / (2.4 + 2.0)) / 4, abs=1e-9)
    assert found["unscored"] == ""
    SiteFactor.objects.filter(site=fleet["porto"], kind="carbon_average").delete()
    some = ask(weights={"latency": 1, "carbon": 1})
    assert some["unscored"].startswith(
        "Carbon is not scored, because it has neither a limit nor a figure today."
    )
    assert next(one for one in some["options"] if one["site"] == "lulea")["score"] == pytest.approx(200 / 248)
    nothing = ask(weights={"carbon": 1})
    assert (nothing["best"], nothing["sensitivity"]) == (None, None)
    assert "no site can be preferred" in nothing["unscored"]


def test_a_move_that_no_limit_asks_for_has_its_price_and_is_no_win(ask, chat, fleet, planner, frozen_now):
    place(chat, site=fleet["lulea"], on=None, by=planner, now=frozen_now.at)
    found = ask(weights={"latency": 90, "cost": 10}, today="lulea")
    porto, lulea = (
        next(one for one in found["options"] if one["site"] == slug) for slug in ("porto", "lulea")
    )
    # Porto scores more, and ranks behind every option that competes.
    assert porto["score"] > lulea["score"]
    assert (lulea["rank"], porto["rank"], found["best"]) == (1, 3, "lulea")
    assert porto["step"].replace(",", "") == "+2338 EUR a month for 36 ms below a limit already met"
    robust = found["sensitivity"]["robustness"]
    assert "porto" not in robust["by_site"]
    assert "over cost, latency, energy, carbon, readiness and margin, each mixture" in robust["words"]
    broken = ask(limited(latency_limit_ms=30), weights={"latency": 90, "cost": 10}, today="lulea")
    assert broken["best"] == "porto"
    assert next(one for one in broken["options"] if one["site"] == "porto")["step"] is None


def test_a_month_of_parts_holds_capital_and_energy_and_an_hour_in_use_stands_beside_it(
    options, fleet, frozen_now
):
    SiteFactor.objects.filter(site=fleet["lulea"], kind="accelerator_hour_cost").delete()
    parts = [
        ("accelerator_capex", 30_000, "EUR"),
        ("depreciation_years", 5, "years"),
        ("accelerator_power_kw", 1.3, "kW"),
        ("accelerator_utilisation", 40, "%"),
    ]
    entries = [
        entry(kind, value, unit, site="lulea", line=line) for line, (kind, value, unit) in enumerate(parts)
    ]
    enter_factors(entries=entries, by=None, now=frozen_now.at)
    price, pue = KNOWN["lulea"][:2]
    energy = 10 * pue * HOURS * price
    month = 8 * 30_000 / 60 + energy
    lulea = options()["lulea"]
    assert lulea["objectives"]["cost"]["value"] == pytest.approx(month)
    assert lulea["objectives"]["cost"]["source"].startswith("capital 8 x 730.5 h x 0.6845 EUR/h")
    assert lulea["unit_cost"]["value"] is None
    assert lulea["useful_hour_cost"]["value"] == pytest.approx(month / (8 * HOURS * 0.4))
    doubled = options(what_if={"electricity_price": 2})["lulea"]["objectives"]["cost"]["value"]
    assert doubled == pytest.approx(month + energy)
    idle = [entry("accelerator_idle_kw", 2, "kW", site="lulea")]
    enter_factors(entries=idle, by=None, now=frozen_now.at)
    held = options()["lulea"]["objectives"]
    assert held["energy"]["value"] == pytest.approx(16 * pue * HOURS)
    assert held["cost"]["value"] == pytest.approx(8 * 30_000 / 60 + 16 * pue * HOURS * price)


def test_a_factor_older_than_its_kind_may_be_is_marked_where_it_is_used(ask, fleet, frozen_now):
    old = entry("carbon_average", 20, "gCO2e/kWh", site="lulea", as_of_on=date(2023, 12, 31), source="Ember")
    SiteFactor.objects.filter(site=fleet["lulea"], kind="carbon_average").delete()
    enter_factors(entries=[old], by=None, now=frozen_now.at)
    found = ask(snapshot=True)
    outdated = {one["site"]: one["outdated"] for one in found["options"]}
    assert outdated["lulea"]["carbon"].startswith(
        "carbon average 1,059 days old; due for review after 731 days: "
    )
    assert set(outdated["porto"]) == {"latency"}
    assert outdated["porto"]["latency"].startswith("latency 327 days old")
    factors = found["snapshot"]["sites"]["lulea"]["factors"]
    assert factors["carbon_average"]["outdated"].startswith("1,059 days old")
    assert factors["pue"]["outdated"] == ""


@pytest.fixture
def typed(fleet):
    """`typed(porto="nvidia-l4")`: eight accelerators of that type at the site."""

    def make(**types):
        kinds = {slug: made.device_type(slug=slug, kind="accelerator") for slug in set(types.values())}
        for site, slug in types.items():
            node = made.device(site=fleet[site])
            for _index in range(8):
                made.accelerator(device=node, device_type=kinds[slug])

    return make


def test_accelerators_of_another_type_count_by_their_published_figures(options, typed):
    typed(porto="nvidia-l4", lulea="nvidia-h200", lagos="home-made")
    found = options()
    porto, lulea, lagos = (found[slug] for slug in ("porto", "lulea", "lagos"))
    assert (porto["accelerators"]["count"], porto["accelerators"]["of"]) == (8, "nvidia-l4")
    # 8 x 121 TFLOPS are less than one of 989.5.
    assert lulea["accelerators"]["count"] == 1
    assert lulea["accelerators"]["equivalents"] == pytest.approx(1.0)
    assert lulea["objectives"]["cost"]["value"] == pytest.approx(1 * HOURS * KNOWN["lulea"][4])
    free = KNOWN["lulea"][5]
    assert lulea["capacity_after"]["accelerators"]["value"] == pytest.approx(free * 989.5 / 121 - 8)
    assert lagos["accelerators"]["count"] is None
    assert lagos["objectives"]["cost"]["value"] is None
    assert "no BF16 dense is published of home-made" in lagos["objectives"]["cost"]["unknown"]
    assert (lagos["standing"], [one["limit"] for one in lagos["reasons"]]) == ("undecided", ["accelerators"])


def test_fewer_of_a_weaker_type_do_not_stand_in_for_a_stronger_one(options, typed):
    typed(porto="nvidia-h200", lulea="nvidia-l4", lagos="nvidia-h100")
    lulea = options()["lulea"]
    assert lulea["accelerators"]["count"] == 66
    assert lulea["objectives"]["cost"]["value"] == pytest.approx(66 * HOURS * KNOWN["lulea"][4])
    # 100 are free there, which do what 12.2 of today's do.
    assert lulea["capacity_after"]["accelerators"]["value"] == pytest.approx(100 * 121 / 989.5 - 8)
