"""Advice agrees with itself: verdicts beside options, ranks and tiles, sentences, and sites that are no options."""

from datetime import date
from itertools import product

import pytest

from inventory.models import CapacityEvent
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.models import WorkloadClass
from readiness.demand.workloads.operations import declare, place
from readiness.tradeoffs.factors.operations import enter_factors
from readiness.tradeoffs.placing import charts, sentences
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.facts import read_facts
from readiness.tradeoffs.placing.params import PlacementView, question_of
from readiness.tradeoffs.placing.queries import classes, opening_class
from tests.inventory import made
from tests.pages import words_of
from tests.readiness.assessment.scoring import stored
from tests.readiness.tradeoffs.conftest import entry
from tests.readiness.tradeoffs.placing.conftest import KINDS, KNOWN, scored

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered(chat, frozen_now):
    def make(**asked):
        envelope, question = workloads.envelopes(["chat"])[0], question_of(asked)
        return weigh(read_facts([envelope], now=frozen_now.at).adapter(envelope, question), question)

    return make


def enter(site, values, at):
    enter_factors(
        entries=[
            entry(kind, value, unit, site=site, currency=currency, line=line)
            for line, ((kind, (unit, currency)), value) in enumerate(zip(KINDS.items(), values, strict=True))
        ],
        by=None,
        now=at,
    )


def test_under_the_default_a_site_that_is_not_ready_is_no_option_and_says_what_it_waits_for(
    ask, chat, fleet, client_of
):
    WorkloadClass.objects.filter(pk=chat.pk).update(min_verdict="conditional")
    stored.result(fleet["lagos"], "p1-fabric-collective", "fail", gate="BLOCK")
    stored.result(fleet["lagos"], "p1-intra-node", "pass", gate="BLOCK")
    # Lagos is by far the cheapest, and cost alone counts.
    found = ask(weights={"cost": 1})
    lagos = next(option for option in found["options"] if option["site"] == "lagos")
    assert (found["best"], lagos["standing"], lagos["verdict"]) == ("lulea", "rejected", "not-ready")
    assert [(check["check"], check["state"]) for check in lagos["waits_for"]] == [
        ("p1-fabric-collective", "fail")
    ]
    page = client_of("planner").get("/tradeoffs/?workload=chat").content.decode()
    group = page[page.index('id="kept-out-rejected-not-ready"') :]
    assert "Options once they are ready" in group
    assert "/readiness/checks/p1-fabric-collective/" in group
    assert "Conditional" in page[page.index('id="option-lulea"') :].partition("</tr>")[0]


def test_a_planned_site_stands_apart_with_its_date(ask, fleet, client_of):
    CapacityEvent.objects.create(site=fleet["oslo"], happened_on=date(2027, 3, 1), it_kw=100)
    [oslo] = ask()["not_in_service"]
    assert (oslo["opens_on"], oslo["opens_by"]) == ("2027-03-01", "dated capacity")
    page = words_of(client_of("planner").get("/tradeoffs/?workload=chat"))
    assert "Not in service yet Oslo Planned, 1 Mar 2027 by its dated capacity" in page


def without_ranks(option):
    said = {"rank", "best_rank", "worst_rank", "effect", "pareto", "dominated_by", "tied_with", "remarks"}
    return {name: value for name, value in option.items() if name not in said}


@pytest.mark.parametrize("stage", ["planned", "building", "commissioning", "production"])
@pytest.mark.parametrize("is_option", [False, True], ids=["no option", "an option"])
def test_another_site_changes_nothing_of_the_others(ask, fleet, frozen_now, stage, is_option):
    """Whatever its stage and hardware; only an option in service may move the ranks."""
    before = {option["site"]: option for option in ask()["options"]}
    objectives = ask()["objectives"]
    newcomer = made.site(name="Newcomer", slug="newcomer", country="PT", stage=stage)
    for slug in ("gb300", "home-made"):
        made.accelerator(
            device=made.device(site=newcomer), device_type=made.device_type(slug=slug, kind="accelerator")
        )
    scored(newcomer, "ready", 0.99, frozen_now.at)
    if is_option:
        enter("newcomer", KNOWN["lulea"], frozen_now.at)
    found = ask()
    after = {option["site"]: option for option in found["options"] if option["site"] != "newcomer"}
    assert found["objectives"] == objectives
    joins = any(option["site"] == "newcomer" and option["feasible"] for option in found["options"])
    for slug, option in before.items():
        whole = (option, after[slug]) if not joins else (without_ranks(option), without_ranks(after[slug]))
        assert whole[0] == whole[1]


def test_rank_one_of_the_table_is_the_best_match(answered, chat, fleet, planner, frozen_now, client_of):
    place(chat, site=fleet["lulea"], on=None, by=planner, now=frozen_now.at)
    for latency, cost in product((0, 30, 90), (1, 10, 60)):
        answer = answered(weights={"latency": latency, "cost": cost}, today="lulea")
        first = [option for option in answer.feasible if option.ranked.rank == 1]
        assert answer.best in first
        ranks = [option.ranked.rank for option in answer.feasible]
        assert ranks == sorted(ranks)
        assert all(option.ranked.rank > len(answer.runners_up) for option in answer.steps)
    page = client_of("planner").get("/tradeoffs/?workload=chat&today=lulea&w_latency=90&w_cost=10&w_carbon=0")
    assert "Optional improvements" in page.content.decode()


def test_where_only_improvements_are_left_the_sentences_say_so(answered, chat, fleet, planner, frozen_now):
    place(chat, site=fleet["lulea"], on=None, by=planner, now=frozen_now.at)
    answer = answered(weights={"latency": 90, "cost": 10}, today="lulea", what_if={"sites_lost": ["lagos"]})
    assert [option.slug for option in answer.steps] == ["porto"]
    assert sentences.robust(answer.robustness, answer) == (
        "Lulea wins at any weights: 1 other option costs more without bringing a figure within its limit."
    )
    assert sentences.key_figures(answer, [])[1]["note"] == "Cheapest that meets every limit"


def test_ties_are_told(ask, answered, fleet, frozen_now):
    twin = made.site(name="Twin", slug="twin", country="SE")
    scored(twin, "conditional", 0.8, frozen_now.at)
    enter("twin", KNOWN["lulea"], frozen_now.at)
    frozen_now.move(minutes=1)
    found = {option["site"]: option for option in ask(weights={"cost": 1})["options"]}
    # Twin has no latency figure, so that Chat's limit keeps it out until nobody is served.
    assert found["twin"]["standing"] == "undecided"
    WorkloadClass.objects.get(slug="chat").served.all().delete()
    found = {option["site"]: option for option in ask(weights={"cost": 1})["options"]}
    assert (found["twin"]["rank"], found["lulea"]["rank"]) == (2, 2)
    assert found["twin"]["tied_with"] == ["lulea"]
    assert "tied with Lulea" in found["twin"]["remarks"]


def test_a_small_margin_is_a_remark(ask, client_of):
    found = {
        option["site"]: option for option in ask(what_if={"limits": {"latency_limit_ms": 49}})["options"]
    }
    assert found["lulea"]["remarks"] == ["margin 2 % on latency iberia p99"]
    assert found["porto"]["remarks"] == []
    page = client_of("planner").get("/tradeoffs/?workload=chat&latency=49").content.decode()
    assert "Margin 2 % on latency iberia p99" in page


@pytest.mark.parametrize("rejected", [False, True])
def test_no_best_match_is_drawn_where_none_is_feasible(answered, rejected):
    none = answered(what_if={"limits": {"latency_limit_ms": 5}})
    assert none.best is None
    drawn = charts.scatter(none, PlacementView(rejected=rejected))
    marks = [trace for trace in drawn["data"] if trace["meta"]["part"] == "best" and trace["x"]]
    assert marks == []
    assert "Best match" not in str(drawn.get("meta"))


def test_the_explorer_opens_on_the_class_with_the_most_options(chat, planner, frozen_now):
    declare(
        name="Aaa",
        slug="aaa",
        it_kw=10.0,
        criticality="critical",
        residency="JP",
        by=planner,
        now=frozen_now.at,
    )
    declare(name="Abc", slug="abc", it_kw=10.0, min_verdict="", by=planner, now=frozen_now.at)
    assert opening_class(read_facts(classes(), now=frozen_now.at)).slug == "abc"
    WorkloadClass.objects.filter(slug="abc").update(min_verdict="ready")
    assert opening_class(read_facts(classes(), now=frozen_now.at)).slug == "chat"
