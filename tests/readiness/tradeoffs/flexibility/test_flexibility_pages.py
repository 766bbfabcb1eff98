"""Standard against flexible: alternatives by the placement's own word, what is attested, and who may look."""

import csv
import json
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.assessment.evidence.operations import attest
from readiness.assessment.scoring.models import SiteScore
from readiness.demand.workloads import operations as workloads
from readiness.tradeoffs.factors.core.entries import RateEntry
from readiness.tradeoffs.factors.operations import enter_factors, enter_rates
from readiness.tradeoffs.flexibility.tables import listed
from tests.cases import cases
from tests.inventory import made
from tests.pages import words_in
from tests.readiness.tradeoffs.conftest import entry
from tests.readiness.tradeoffs.flexibility.conftest import API, PAGE

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(api_of):
    api = api_of("viewer", scope="read")

    def get(status=200, **asked):
        answer = api.get(f"{API}?{urlencode(asked, doseq=True)}")
        assert answer.status_code == status, answer.content
        return json.loads(answer.content)

    return get


@pytest.fixture
def look(client_of):
    client = client_of("viewer")

    def get(path="", status=200, **asked):
        answer = client.get(f"{PAGE}{path}?{urlencode(asked, doseq=True)}")
        assert answer.status_code == status, answer.content
        return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()

    return get


def of(found):
    return {one["workload"]: one for one in found["results"]}


def test_alternatives_are_what_a_placement_finds_feasible_elsewhere(three, ask, api_of):
    found = of(ask())
    assert set(found) == {"pay", "mail"}
    assert (found["pay"]["runs_at"], found["pay"]["alternatives"]) == (["porto"], ["lagos", "lulea"])
    assert (found["mail"]["alternatives"], found["mail"]["remaining"]) == ([], 0)
    placed = api_of("viewer", scope="read").post("/api/tradeoffs/placements/", {"workload": "pay"}).json()
    assert {one["site"] for one in placed["options"] if one["feasible"]} == {"porto", "lagos", "lulea"}


def test_an_undecided_site_is_no_alternative(critical, ask):
    made.site(name="Bergen", slug="bergen", country="NO")
    critical("pay", "porto")
    assert (of(ask())["pay"]["alternatives"], of(ask())["pay"]["undecided"]) == (
        ["lagos", "lulea"],
        ["bergen"],
    )


def test_what_remains_of_a_class_at_two_sites(critical, ask):
    critical("pay", "porto", "lulea")
    assert (of(ask())["pay"]["alternatives"], of(ask())["pay"]["remaining"]) == (["lagos"], 2)


@cases(
    ("records", "fallback"),
    {
        "nothing on record": ([], "none"),
        "all tested": ([{"untested": 0}], "tested"),
        "one of them not": ([{"untested": 1}], "untested"),
        "one has none on record": ([{"untested": 0, "without": 1}], "untested"),
        "too long ago": ([{"untested": 0, "on": date(2026, 5, 1)}], "test-old"),
        "the newest counts": ([{"untested": 1, "on": date(2026, 10, 1)}, {"untested": 0}], "tested"),
    },
)
def test_the_fallback_is_what_is_on_record_of_its_site(critical, recorded, ask, records, fallback):
    critical("pay", "porto")
    for each in records:
        recorded("porto", **each)
    found = of(ask())["pay"]
    assert found["fallback"] == fallback
    assert (found["record"] is None) == (not records)


@cases(
    ("of_all", "of_pay", "pay", "mail"),
    {
        "only the one that is named": (None, (0, 1), "tested", "none"),
        "one of all is not, and this one is": ((1, 10), (0, 1), "tested", "untested"),
        "which of all is not, nobody says": ((1, 1), (0, 10), "tested", "untested"),
        "all were, and this one is not any more": ((0, 10), (1, 1), "untested", "tested"),
        "all were since": ((0, 1), (1, 10), "tested", "tested"),
        "the newer one counts": ((0, 1), (0, 200), "tested", "tested"),
        "too long ago": (None, (0, 200), "test-old", "none"),
    },
)
def test_an_attestation_may_name_the_classes_that_it_is_of(
    critical, recorded, attested, ask, frozen_now, of_all, of_pay, pay, mail
):
    """Each is a value and how many days ago it was said."""
    critical("pay", "porto")
    critical("mail", "porto")
    if of_all:
        recorded("porto", untested=of_all[0], on=frozen_now.at.date() - timedelta(days=of_all[1]))
    attested("porto", ["pay"], *of_pay)
    found = of(ask())
    assert (found["pay"]["fallback"], found["mail"]["fallback"]) == (pay, mail)


def test_at_two_sites_both_have_to_be_on_record(critical, recorded, attested, ask):
    critical("pay", "porto", "lulea")
    recorded("porto", untested=0)
    assert of(ask())["pay"]["fallback"] == "none"
    recorded("lulea", untested=0, on=date(2026, 10, 1))
    assert of(ask())["pay"]["record"]["taken_on"] == "2026-10-01"
    attested("lulea", ["pay"], 0, 60)
    assert of(ask())["pay"]["record"]["kind"] == "fact"
    attested("lulea", ["pay"], 0, 3)
    assert of(ask())["pay"]["record"]["taken_on"] == "2026-11-01"


def test_conformance_is_the_newest_that_is_attested_and_still_holds(three, fleet, ask, frozen_now):
    porto = next(one for one in ask()["sites"] if one["site"] == "porto")
    assert (porto["conformance"]["value"], porto["conformance"]["provenance"]) == (96, "declared")
    statement = {"check": "p4-standard-interfaces", "part": "devices-conforming", "statement": "Counted"}
    attest(
        site=fleet["porto"], attested_by="R. Costa", value=91, taken_on=date(2026, 11, 10),
        valid_until=date(2026, 11, 26), by=None, now=frozen_now.at, **statement,
    )  # fmt: skip
    newer = next(one for one in ask()["sites"] if one["site"] == "porto")
    assert (newer["conformance"]["value"], newer["record"]["said_by"]) == (91, "somebody")
    frozen_now.move(days=4)
    older = next(one for one in ask()["sites"] if one["site"] == "porto")
    assert older["conformance"]["value"] == 96
    lagos = next(one for one in ask()["sites"] if one["site"] == "lagos")
    assert (lagos["conformance"]["value"], lagos["record"]) == (None, None)


def test_concentration_counts_accelerators_in_service_by_maker(three, fleet, ask):
    maker, other = made.manufacturer(name="NVIDIA"), made.manufacturer(name="AMD")
    for count, by, site in ((3, maker, "porto"), (1, other, "porto"), (4, maker, "oslo")):
        kind = made.device_type(kind="accelerator", manufacturer=by)
        node = made.device(site=fleet[site])
        for index in range(count):
            made.accelerator(device=node, device_type=kind, index=index)
    found = ask()
    # Those at Oslo, which is only planned, are in no service.
    assert found["concentration"]["shares"] == {"AMD": 25, "NVIDIA": 75}
    assert (found["concentration"]["hhi"], found["concentration"]["level"]) == (6250, "high")
    by_site = {one["site"]: one["concentration"]["hhi"] for one in found["sites"]}
    assert by_site == {"porto": 6250, "lulea": None, "lagos": None}


def test_filters_are_the_same_on_page_and_endpoint(three, ask, look):
    for asked, left in (
        ({"alternatives": "none"}, ["mail"]),
        ({"alternatives": "several"}, ["pay"]),
        ({"site": "porto"}, ["pay"]),
        ({"fallback": ["none", "tested"]}, ["mail", "pay"]),
        ({"fallback": "not-feasible"}, []),
        ({"q": "AY"}, ["pay"]),
    ):
        assert sorted(of(ask(**asked))) == left, asked
        assert (
            sorted(row["Workload"] for row in csv.DictReader(look(export="csv", **asked).splitlines()))
            == left
        )
    assert "alternatives" in ask(status=400, alternatives="many")
    assert "fallback" in ask(status=400, fallback="\0")
    assert "speed" in ask(status=400, speed="1")


def test_the_page_tells_both_figures_and_lists_workloads_or_sites(three, look):
    page = look()
    words = words_in(page)
    for figure in (
        "Conformance 92 %",
        "Could run elsewhere 1 of 2 critical workloads",
        "With a tested fallback 1",
    ):
        assert figure in words
    assert "may move to Lagos, Lulea" in page
    assert "Not all tested" in page or "Tested" in page
    assert 'href="/tradeoffs/?workload=pay"' in page
    assert 'href="/api/tradeoffs/flexibility/"' in page
    assert 'href="/api/tradeoffs/flexibility/?alternatives=none"' in look(alternatives="none")
    sites = look(view="sites")
    assert "Fewest alternatives" in sites
    assert "Lagos" in sites
    look(view="moons", status=400)
    rows = list(csv.DictReader(look(view="sites", export="csv").splitlines()))
    assert [(row["Site"], row["Conformance (%)"], row["Fewest alternatives"]) for row in rows] == [
        ("lagos", "", ""),
        ("lulea", "88.0", "0"),
        ("porto", "96.0", "2"),
    ]


def test_the_chart_draws_sites_that_have_both_and_says_who_has_not(three, look):
    drawn = json.loads(look("conformance.json"))
    assert [(trace["meta"]["role"], trace["x"], trace["y"]) for trace in drawn["data"]] == [
        ("bad", [88.0], [0]),
        ("ready", [96.0], [2]),
    ]
    assert (
        drawn["meta"]["finding"]
        == "Of 2 sites with critical workloads, 1 site with one that has no alternative."
    )
    assert "1 site runs no critical workload" in drawn["meta"]["footer"]
    assert len(look("conformance.csv").splitlines()) == 4
    look("conformance.pdf", status=404)


def test_nothing_critical_and_nothing_on_record_are_told(fleet, look, critical):
    page = look()
    assert "No critical workload" in page
    assert json.loads(look("conformance.json"))["meta"]["empty"]
    critical("idle")
    assert "runs nowhere" in look()


def test_without_a_critical_class_no_factor_is_read(fleet, look):
    with CaptureQueriesContext(connection) as captured:
        assert "Porto" in look(view="sites")
    assert [each["sql"] for each in captured if "tradeoffs_" in each["sql"]] == []


def test_a_ceiling_without_a_rate_is_told_and_fails_no_page(critical, look, ask):
    critical("pay", "porto", cost_ceiling=3, cost_currency="USD", cost_unit="accelerator-hour")
    found = of(ask())["pay"]
    assert (found["alternatives"], found["fallback"]) == ([], "none")
    assert look()


def test_as_many_statements_for_a_few_as_for_many(three, critical, look, ask, frozen_now):
    def statements(read):
        frozen_now.move(minutes=1)
        with CaptureQueriesContext(connection) as captured:
            read()
        return len(captured)

    statements(look)
    few = statements(look), statements(ask)
    for number in range(5):
        made.site(name=f"More {number}", slug=f"more-{number}", country="DE")
        critical(f"more-{number}", "porto")
    statements(look)
    assert (statements(look), statements(ask)) == few
    assert max(few) <= 42


@cases(
    ("change", "left"),
    {
        "no power is left at Lagos": ("factor", ["lulea"]),
        "Lagos is not ready for what it has to be now": ("score", ["lulea"]),
        "it runs at Lulea too": ("placement", ["lagos"]),
        "Nigeria is forbidden": ("envelope", ["lulea"]),
        "the rate that its ceiling needs says more": ("rate", []),
    },
)
def test_what_changes_shows_at_once(critical, fleet, planner, frozen_now, ask, look, change, left):
    given = {
        "min_verdict": "conditional",
        "cost_ceiling": 3,
        "cost_currency": "USD",
        "cost_unit": "accelerator-hour",
    }
    pay = critical("pay", "porto", **given)
    SiteScore.objects.filter(site=fleet["lagos"]).update(verdict="conditional")
    rate(1.0, frozen_now)
    assert of(ask())["pay"]["alternatives"] == ["lagos", "lulea"]
    if change == "factor":
        enter_factors(entries=[entry("power_headroom_kw", 1, "kW", site="lagos")], by=None, now=frozen_now.at)
    elif change == "score":
        SiteScore.objects.filter(site=fleet["lagos"]).update(verdict="not-ready")
        # A score's stamp is its transaction, and a test has but one.
        frozen_now.move(minutes=1)
    elif change == "placement":
        workloads.place(pay, site=fleet["lulea"], on=date(2026, 11, 1), by=planner, now=frozen_now.at)
    elif change == "envelope":
        type(pay).objects.filter(pk=pay.pk).update(forbidden_jurisdictions=["NG"])
    else:
        rate(0.1, frozen_now)
    assert of(ask())["pay"]["alternatives"] == left
    told = next(csv.DictReader(look(export="csv", cols="where").splitlines()))
    assert told["Feasible today"] == ", ".join(left)


def rate(value, frozen_now):
    entries = [
        RateEntry(
            line=1, currency="USD", to_currency="EUR", rate=value, as_of_on=date(2026, 1, 1), source="ECB"
        )
    ]
    enter_rates(entries=entries, by=None, now=frozen_now.at)


def test_of_many_sites_the_first_are_named_and_the_rest_counted():
    slugs = [f"s{number}" for number in range(9)]
    assert listed(slugs, {"s0": "Porto"}) == "Porto, s1, s2, s3, s4, s5 and 3 more"
    assert listed(slugs[:6], {}) == "s0, s1, s2, s3, s4, s5"
