"""Sentences of a placement hold as they are written: what is advised is enough, and no lever is passed over."""

import re
from dataclasses import fields
from types import SimpleNamespace

import pytest

from readiness.tradeoffs.moves.options import BandedFigure
from readiness.tradeoffs.placing import sentences
from readiness.tradeoffs.placing.core.levers import PlacementQuestion, SlowerLink, WhatIf
from readiness.tradeoffs.placing.core.objectives import Objective
from readiness.tradeoffs.placing.core.ranking import WinnerFlip
from tests.cases import cases

LEVERS = {
    "demand": 1.2,
    "electricity_price": 0.5,
    "carbon_price": 80.0,
    "pue": 1.9,
    "sites_lost": frozenset({"porto"}),
    "links_slower": (SlowerLink("porto", "", 5.0),),
    "limits": {"latency_limit_ms": 5.0},
    "data_origin": "FR",
    "bases": frozenset({"scc"}),
}


def test_each_lever_is_told():
    def told(**levers):
        question = PlacementQuestion(what_if=WhatIf(**levers))
        return sentences.changed(SimpleNamespace(question=question, currency="EUR"))

    assert {field.name for field in fields(WhatIf)} == set(LEVERS)
    assert told() == "as it is today"
    assert [name for name, value in LEVERS.items() if told(**{name: value}) == "as it is today"] == []
    assert told(**LEVERS) == (
        "demand 120 % · price 50 % · carbon 80 EUR/t · 1 site lost · 1 link slower · PUE 1.9 · 1 limit changed"
        " · data under the law of FR · 1 basis on record"
    )


@cases(
    ("share", "up", "words"),
    {
        "between": (0.732, True, "Above 74 % of all weight on cost, lulea wins."),
        "below": (0.0491, False, "Below 4 % of all weight on cost, lulea wins."),
        "whole": (0.62, True, "Above 62 % of all weight on cost, lulea wins."),
        "next to nothing": (0.004, False, "Without weight on cost, lulea wins."),
        "next to all": (0.996, True, "With all weight on cost, lulea wins."),
    },
)
def test_beyond_the_share_as_it_is_written_the_other_wins(share, up, words):
    flip = WinnerFlip("cost", share, 1.0, "lulea", up)
    assert sentences.flip(flip, SimpleNamespace(name_of=str)) == words


def test_a_price_is_the_difference_of_the_figures_beside_it():
    answer = SimpleNamespace(
        objectives=[Objective("cost"), Objective("carbon")],
        weights={"cost": 1.0, "carbon": 1.0},
        unit_of={"cost": "USD/month", "carbon": "kg CO2e/month"}.get,
    )
    today, option, dark = (
        SimpleNamespace(
            name=name, figures={"cost": BandedFigure(cost, ""), "carbon": BandedFigure(carbon, "")}
        )
        for name, cost, carbon in (
            ("Porto", 2971.79, 500.1),
            ("Faro", 4057.38, 500.3),
            ("Lagos", None, 500.1),
        )
    )
    # 2,972 and 4,057; both emit 500.
    assert sentences.price(answer, option, today) == "cost +1,085 USD a month"
    assert sentences.price(answer, today, dark) == "cost unknown at Lagos"


@pytest.mark.parametrize(
    ("limits", "name", "sign"),
    [
        ({"carbon_kg_per_month": 1.0}, "carbon_kg_per_month", 1),
        ({"carbon_g_per_kwh": 0.7}, "carbon_g_per_kwh", 1),
        ({"latency_limit_ms": 5.0001}, "latency_limit_ms", 1),
        ({"min_score": 0.99}, "min_score", -0.01),
    ],
)
@pytest.mark.django_db
def test_who_follows_the_advice_has_an_option(ask, limits, name, sign):
    def asked(limits):
        return ask(what_if={"demand": 0.97, "limits": limits})

    [advice] = asked(limits)["loosen"]
    by = float(re.search(r"(?:raised|lowered) by ([\d.,]+)", advice["words"])[1].replace(",", ""))
    # The rest of a binary fraction is no advice.
    followed = asked({name: limits[name] + sign * by + sign * 1e-9})
    assert followed["counts"]["feasible"] >= 1
    assert next(each for each in followed["options"] if each["site"] == advice["site"])["feasible"]


@pytest.mark.django_db
def test_what_no_amount_mends_is_said_as_it_is(ask):
    lost = ask(what_if={"sites_lost": ["porto", "lulea", "lagos"]})
    assert [each["words"] for each in lost["loosen"]] == ["Lagos would fit if it was not lost."]
    barred = ask(workload={"it_kw": 1.0, "allowed_jurisdictions": ["JP"], "min_verdict": ""})
    assert barred["loosen"][0]["words"] == "Lagos would fit if its country was allowed."
    unready = ask(what_if={"sites_lost": ["porto"], "limits": {"min_verdict": "ready"}})
    assert {each["words"] for each in unready["loosen"]} >= {
        "Lagos would fit with the verdict that is needed."
    }


@pytest.mark.django_db
def test_the_only_option_wins_nothing(ask):
    alone = ask(what_if={"sites_lost": ["porto", "lulea"]})
    words = "Lagos is the only option, at any weights."
    assert alone["sensitivity"]["robustness"]["words"] == words


@pytest.mark.django_db
def test_two_that_are_unscored_are_spoken_of_as_two(ask):
    some = ask(workload={"it_kw": 1.0}, weights={"cost": 1, "carbon": 1, "readiness": 1})
    assert some["unscored"] == (
        "Cost and carbon are not scored, because they have neither a limit nor a figure today."
        " Their weight is spread over the rest."
    )
