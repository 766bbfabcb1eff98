"""`POST /api/tradeoffs/placements/`: which sites are left under which limit, and what each figure is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Site
from readiness.assessment.evidence.models import Measure
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads.models import WorkloadClass
from readiness.tradeoffs.factors.core.factors import HOURS_A_YEAR
from readiness.tradeoffs.factors.operations import enter_factors
from readiness.tradeoffs.models import SiteFactor
from tests.inventory import made
from tests.readiness.organisation.people import scenes
from tests.readiness.tradeoffs.conftest import entry
from tests.readiness.tradeoffs.placing.conftest import KNOWN

pytestmark = pytest.mark.django_db
HOURS = HOURS_A_YEAR / 12
LIMITED = [
    ({"latency_limit_ms": 50}, {"porto", "lulea"}, "latency"),
    ({"latency_limit_ms": 20}, {"porto"}, "latency"),
    ({"cost_ceiling": 12_000}, {"lulea", "lagos"}, "monthly-cost"),
    ({"carbon_kg_per_month": 500}, {"lulea"}, "carbon"),
    ({"carbon_g_per_kwh": 200}, {"porto", "lulea"}, "carbon-intensity"),
    ({"min_score": 0.85}, {"porto"}, "readiness"),
    ({"min_verdict": "conditional"}, {"porto", "lulea"}, "verdict"),
    ({"residency": "EEA"}, {"porto", "lulea"}, "jurisdiction"),
    ({"residency": "SE"}, {"lulea"}, "jurisdiction"),
]
ELSEWHERE = {"site": "porto", "add_ms": 1, "region": "moon"}
NONSENSE = [
    ({"workload": "nothing"}, "workload"),
    ({"workload": 7}, "workload"),
    ({"workload": ""}, "workload"),
    ({"workload": {"it_kw": -1}}, "workload"),
    ({"weights": {"speed": 1}}, "weights.speed"),
    ({"weights": {"cost": -1}}, "weights.cost"),
    ({"weights": {"cost": 0}}, "weights"),
    ({"weights": [1]}, "weights"),
    ({"what_if": {"pue": 0.5}}, "what_if.pue"),
    ({"what_if": {"demand": "much"}}, "what_if.demand"),
    ({"what_if": {"demand": True}}, "what_if.demand"),
    ({"what_if": {"wind": 1}}, "what_if.wind"),
    ({"what_if": {"sites_lost": ["atlantis"]}}, "what_if.sites_lost"),
    ({"what_if": {"sites_lost": "porto"}}, "what_if.sites_lost"),
    ({"what_if": {"links_slower": [{"site": "porto"}]}}, "what_if.links_slower[0].add_ms"),
    ({"what_if": {"links_slower": [ELSEWHERE]}}, "what_if.links_slower[0].region"),
    ({"what_if": {"limits": {"latency_limit_ms": 0}}}, "what_if.limits.latency_limit_ms"),
    ({"what_if": {"limits": {"residency": "Atlantis"}}}, "what_if.limits.residency"),
    ({"what_if": {"data_origin": "Mars"}}, "what_if.data_origin"),
    ({"what_if": {"bases": ["a handshake"]}}, "what_if.bases"),
    ({"currency": "euro"}, "currency"),
    ({"carbon": "green"}, "carbon"),
    ({"today": "lagos"}, "today"),
    ({"snapshot": "perhaps"}, "snapshot"),
    ({"limit": 0}, "limit"),
    ({"limit": 1_001}, "limit"),
    ({"offset": -1}, "offset"),
    ({"sites": ["oslo"]}, "sites"),
    ({"wait": 1}, "wait"),
]


def limited(**limits):
    return {"what_if": {"limits": limits}}


def test_each_figure_is_what_its_formula_says(options):
    lulea = options()["lulea"]
    price, pue, carbon, _market, hour, free, headroom, gbps = KNOWN["lulea"]
    energy = 10 * pue * HOURS
    figures = {name: one["value"] for name, one in lulea["objectives"].items()}
    assert figures["energy"] == pytest.approx(energy)
    assert figures["carbon"] == pytest.approx(energy * carbon / 1000)
    assert figures["cost"] == pytest.approx(8 * HOURS * hour)
    assert (figures["latency"], figures["readiness"]) == (48.0, pytest.approx(80.0))
    assert lulea["objectives"]["latency"]["provenance"] == "declared"
    after = {name: one["value"] for name, one in lulea["capacity_after"].items()}
    assert after == {
        "accelerators": free - 8,
        "power": pytest.approx(headroom / pue - 10),
        "bandwidth": gbps - 2,
    }
    assert price * energy < figures["cost"]


def test_where_it_runs_its_own_demand_counts_once(options):
    # Six are free at Porto beside the eight that the class holds there.
    porto = options()["porto"]
    assert (porto["standing"], porto["is_today"]) == ("feasible", True)
    assert porto["capacity_after"]["accelerators"]["value"] == 6
    assert porto["capacity_after"]["bandwidth"]["value"] == 20
    doubled = options(what_if={"demand": 2})["porto"]
    assert doubled["standing"] == "rejected"
    assert doubled["reasons"][0]["words"] == "14 accelerators free, 16 needed"


def test_a_limit_drops_the_right_sites_and_is_named(options):
    for limits, left, limit in LIMITED:
        found = options(limited(**limits))
        assert {slug for slug, one in found.items() if one["feasible"]} == left, limits
        for one in found.values():
            if not one["feasible"]:
                assert [reason["limit"] for reason in one["reasons"]] == [limit], limits
                assert (one["rank"], one["pareto"]) == (None, None)


def test_the_rank_is_that_of_the_weights_and_the_flip_names_who_wins(ask):
    found = ask(weights={"cost": 1, "latency": 1})
    by_rank = [one["site"] for one in found["options"]]
    winner = found["sensitivity"]["winner"]
    assert by_rank[0] == winner
    assert ask(weights={"cost": 7, "latency": 7})["options"][0]["score"] == found["options"][0]["score"]
    flip = found["sensitivity"]["flips"][0]
    share = flip["share"] + (0.001 if flip["up"] else -0.001)
    other = next(name for name in ("cost", "latency") if name != flip["objective"])
    beyond = ask(weights={flip["objective"]: share, other: 1 - share})
    assert beyond["options"][0]["site"] == flip["to"] != winner
    assert "of all weight" in flip["words"]


def test_levers_change_what_they_say_and_nothing_else(options):
    plain = options()["lulea"]["objectives"]
    pue, price = KNOWN["lulea"][1], KNOWN["lulea"][0]
    energy = 10 * pue * HOURS
    dearer = options(what_if={"electricity_price": 2})["lulea"]["objectives"]
    assert dearer["cost"]["value"] == pytest.approx(plain["cost"]["value"] + price * energy)
    assert dearer["carbon"] == plain["carbon"]
    priced = options(what_if={"carbon_price": 100})["lulea"]["objectives"]
    assert priced["cost"]["value"] == pytest.approx(plain["cost"]["value"] + energy * 20 / 1e6 * 100)
    leaner = options(what_if={"pue": 1})["lulea"]["objectives"]
    assert leaner["energy"]["value"] == pytest.approx(10 * HOURS)
    assert leaner["energy"]["source"] == "IT power x PUE x 730.5 h"
    slower = options(what_if={"links_slower": [{"site": "lulea", "region": "iberia", "add_ms": 5}]})
    assert slower["lulea"]["objectives"]["latency"]["value"] == 53
    assert slower["porto"]["objectives"]["latency"]["value"] == 12
    lost = options(what_if={"sites_lost": ["porto"]})["porto"]
    assert (lost["feasible"], lost["reasons"][0]["words"]) == (False, "lost in this what-if")
    market = options(carbon="market")["lulea"]["objectives"]
    assert market["carbon"]["value"] == pytest.approx(plain["carbon"]["value"] / 4)


def test_what_is_unknown_stays_unknown_with_its_reason(options, fleet):
    SiteFactor.objects.filter(site=fleet["lulea"], kind="pue").delete()
    lulea = options()["lulea"]
    energy = lulea["objectives"]["energy"]
    assert (energy["value"], energy["low"]) == (None, pytest.approx(10 * HOURS))
    assert energy["unknown"] == "PUE unknown: No meter covers the whole site, and nobody entered a value."
    assert lulea["standing"] == "undecided"
    assert lulea["reasons"][0]["limit"] == "power"


def test_an_unknown_that_no_limit_asks_for_tells_its_effect_on_the_rank(options, fleet):
    SiteFactor.objects.filter(site=fleet["lulea"], kind="carbon_average").delete()
    lulea = options(weights={"carbon": 1, "latency": 1})["lulea"]
    assert lulea["feasible"]
    assert lulea["effect"] == "carbon unknown: rank 3 in the worst case, 1 to 3 possible"
    assert (lulea["best_rank"], lulea["worst_rank"]) == (1, 3)


def test_another_currency_goes_by_the_rate_and_is_unknown_without_one(options, enter_rate):
    cost = options(currency="USD")["lulea"]["objectives"]["cost"]
    assert (cost["value"], cost["unit"]) == (None, "USD/month")
    assert cost["unknown"] == "cost of an accelerator-hour unknown: no rate from EUR to USD is known"
    enter_rate("EUR", "USD", 1.1)
    assert options(currency="USD")["lulea"]["objectives"]["cost"]["value"] == pytest.approx(8 * HOURS * 2.2)


def test_sites_not_in_service_are_told_and_are_no_options(ask):
    found = ask()
    oslo = {"site": "oslo", "name": "Oslo", "stage": "planned", "opens_on": None, "opens_by": None}
    assert found["not_in_service"] == [oslo]
    assert found["counts"] == {"feasible": 3, "undecided": 0, "rejected": 0}


def test_consequences_are_counted_from_where_it_runs_today(ask):
    found = ask()
    assert found["today"] == ["porto"]
    by_site = {one["site"]: one for one in found["options"]}
    assert by_site["porto"]["consequence"] is None
    assert by_site["lulea"]["consequence"].startswith("+36 ms, −17 % cost")
    assert "leaves EU residency" in by_site["lagos"]["consequence"]


def test_rules_are_asked_where_data_is_named_and_their_silence_is_no_yes(options):
    """Personal data under EU law may lie in Sweden, needs a basis in Nigeria, and nothing is said of Kenyan data."""
    inline = {"it_kw": 1, "data_categories": ["personal"], "min_verdict": ""}
    nothing = options(workload={"it_kw": 1})["lagos"]["jurisdiction"]
    assert nothing["answer"] == "not-asked"
    under = options(workload=inline, what_if={"data_origin": "DE"})
    assert under["lulea"]["jurisdiction"]["answer"] == "allowed"
    assert "gdpr-inside" in under["lulea"]["jurisdiction"]["rules"]
    assert under["lagos"]["standing"] == "undecided"
    assert under["lagos"]["jurisdiction"]["answer"] == "needs-basis"
    with_basis = options(workload=inline, what_if={"data_origin": "DE", "bases": ["gdpr-scc"]})
    assert with_basis["lagos"]["jurisdiction"]["answer"] == "allowed"
    silent = options(workload=inline, what_if={"data_origin": "KE"})
    assert {one["jurisdiction"]["answer"] for one in silent.values()} == {"cannot-decide"}
    named = options(workload=inline | {"allowed_jurisdictions": ["NG"]}, what_if={"data_origin": "KE"})
    assert named["lagos"]["jurisdiction"]["answer"] == "declared"
    assert named["lulea"]["reasons"][0]["words"] == "SE is not among the allowed countries"


def test_an_operator_controlled_from_a_third_country_is_named_with_the_rule(options, chat, fleet):
    DataOrigin.objects.create(workload_class=chat, country="DE")
    WorkloadClass.objects.filter(pk=chat.pk).update(data_categories=["personal"])
    for slug, country in (("porto", "PT"), ("lulea", "US")):
        fleet[slug].operator_country = country
        fleet[slug].save()
    found = options()
    at_home, abroad = found["porto"]["jurisdiction"], found["lulea"]["jurisdiction"]
    assert (at_home["sovereignty"], at_home["sovereignty_rules"]) == ("allowed", ["gdpr-operator-inside"])
    assert (abroad["answer"], abroad["sovereignty"]) == ("allowed", "needs-basis")
    assert abroad["sovereignty_rules"] == ["gdpr-48", "us-cloud-act"]
    assert (abroad["operator_country"], found["lulea"]["feasible"]) == ("US", True)
    assert "CLOUD Act" in abroad["sovereignty_text"]
    assert "operator needs a basis" in found["lulea"]["consequence"]
    assert found["lagos"]["jurisdiction"]["sovereignty"] == "cannot-decide"
    HeldBasis.objects.create(
        workload_class=chat, basis="third-country-access", held_from="2026-01-01", reference="Assessment 3"
    )
    assert options()["lulea"]["jurisdiction"]["sovereignty"] == "allowed"


@pytest.fixture
def circuits(fleet, frozen_now):
    """Two circuits of a rack at Luleå, 40 kW at 80 % of their ratings together; B is loaded most."""
    rack = made.rack(site=fleet["lulea"], name="R1")
    for leg, percent in (("A", 72.0), ("B", 88.0)):
        made.power_feed(site=fleet["lulea"], rack=rack, name=f"R1-{leg}", leg=leg, rated_kw=25.0)
        Measure.objects.create(
            site=fleet["lulea"], key="circuit-load", part=f"R1-{leg}", on_date=frozen_now.at.date(), value=percent,
            unit="%", taken_at=frozen_now.at, measured_at=frozen_now.at,
        )  # fmt: skip


def test_the_circuit_that_gets_highest_is_named_in_what_a_move_does(options, circuits):
    told = options()["lulea"]["consequences"]
    # Ten of the forty kW more, as the load is shared today.
    (feed,) = [one for one in told if one["name"].startswith("feed")]
    assert (feed["words"], feed["change"]) == ("feed R1-B to 110 % (88 to 110)", pytest.approx(110))
    assert "feed R1-B to 110 %" in options()["lulea"]["consequence"]


def test_where_a_circuit_is_not_metered_no_load_is_told(options, circuits, fleet):
    made.power_feed(site=fleet["lulea"], rack=fleet["lulea"].racks.get(), name="R1-C", rated_kw=25.0)
    assert "feed" not in options()["lulea"]["consequence"]


def test_the_snapshot_holds_every_factor_used_with_age_and_versions(ask, frozen_now):
    kept = ask(snapshot=True)["snapshot"]
    lulea = kept["sites"]["lulea"]
    assert set(lulea["factors"]) >= {"pue", "electricity_price", "carbon_average", "latency.iberia"}
    pue = lulea["factors"]["pue"]
    assert (pue["value"], pue["provenance"], pue["source"]) == (1.1, "declared", "contract 7")
    assert pue["age_s"] > 300 * 86_400
    assert kept["rules"]["version"].startswith("muster-rules-")
    assert kept["framework"]
    assert (kept["taken_at"], kept["envelope"]["slug"]) == ("2026-11-24T16:00:00Z", "chat")
    assert "snapshot" not in ask()


def test_an_answer_has_the_best_options_and_others_on_request(ask):
    every = ask()["options"]
    assert len(every) == 3
    first = ask(limit=1)
    assert first["options"] == every[:1]
    assert sum(first["counts"].values()) == 3
    assert ask(limit=2, offset=1)["options"] == every[1:]
    assert ask(offset=3)["options"] == []
    (asked_site,) = ask(sites=["lagos"])["options"]
    assert asked_site == next(option for option in every if option["site"] == "lagos")


def test_a_change_shows_at_once(options, fleet, frozen_now):
    assert options()["lulea"]["objectives"]["energy"]["value"] == pytest.approx(11 * HOURS)
    enter_factors(entries=[entry("pue", 1.2, site="lulea")], by=None, now=frozen_now.at)
    assert options()["lulea"]["objectives"]["energy"]["value"] == pytest.approx(12 * HOURS)


def test_no_option_left_names_the_limit_to_loosen(ask):
    found = ask(limited(latency_limit_ms=5))
    assert found["counts"]["feasible"] == 0
    assert found["sensitivity"] is None
    assert (
        found["loosen"][0]["words"] == "Porto would fit with the limit on latency iberia p99 raised by 7 ms."
    )
    more = ask(what_if={"demand": 20, "limits": {"latency_limit_ms": 5}})
    [words] = [each["words"] for each in more["loosen"] if each["limit"] == "accelerators"]
    assert words == "Lagos fails two limits: latency iberia p99 (105 ms over) and accelerators (60 short)."


def test_nonsense_is_refused_with_its_field(ask):
    for given, field in NONSENSE:
        assert field in ask(given, status=400), given


def test_statements_do_not_grow_with_the_sites(ask, fleet, frozen_now):
    def statements():
        frozen_now.move(minutes=1)
        with CaptureQueriesContext(connection) as captured:
            ask()
        return len(captured)

    few = statements()
    for number in range(12):
        made.site(name=f"More {number}", slug=f"more-{number}", country="DE", latitude=50, longitude=8)
    assert statements() == few <= 37
    with CaptureQueriesContext(connection) as captured:
        ask()
    assert len(captured) <= 16


def test_an_option_says_what_its_people_do_not_cover(ask, fleet, frozen_now):
    """As information beside the readiness: it rules no site out."""
    porto = Site.objects.get(slug="porto")
    scenes.uncovered(porto, frozen_now.at)
    frozen_now.move(minutes=1)
    options = {option["site"]: option for option in ask()["options"]}
    assert options["porto"]["staffing"] == {"requirements": 1, "uncovered": 1}
    assert options["lulea"]["staffing"] is None
    assert options["porto"]["feasible"]
