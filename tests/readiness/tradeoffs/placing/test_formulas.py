"""Formulas of a placement, what is unknown in them, and whose law counts: values in, values out."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from readiness.assessment.scoring.core.states import Provenance
from readiness.demand.jurisdiction.core.deciding import Footing
from readiness.demand.workloads.core.envelope import AcceleratorNeed, DataCategory, Envelope
from readiness.tradeoffs.factors.core.factors import HOURS_A_MONTH, Factor, KnownValue, ValueBasis
from readiness.tradeoffs.moves.options import JurisdictionAnswer
from readiness.tradeoffs.placing.core import figures
from readiness.tradeoffs.placing.core.figures import factor_figure, figure_of
from readiness.tradeoffs.placing.core.law import Laws, representatives
from readiness.tradeoffs.placing.core.levers import WhatIf, apply_levers
from tests.cases import cases
from tests.readiness.demand.jurisdiction.small_pack import pack, rule

AT = datetime(2026, 11, 1, tzinfo=UTC)
DAY = date(2026, 11, 1)


def known(value, unit="", low=None, high=None, provenance="declared"):
    return KnownValue(
        value=value, unit=unit, basis=ValueBasis.DECLARED, provenance=provenance, source="contract", as_of=AT,
        low=low, high=high,
    )  # fmt: skip


def given(value, unit="", **more):
    return figure_of(known(value, unit, **more))


LACKING = factor_figure("PUE", Factor("pue", unknown="No meter."))


def test_energy_has_the_band_of_the_pue_and_one_is_the_least_of_an_unknown():
    found = figures.energy(10.0, given(1.4, low=1.3, high=1.6))
    assert (found.value, found.low, found.high) == pytest.approx(
        (10 * 1.4 * HOURS_A_MONTH, 10 * 1.3 * HOURS_A_MONTH, 10 * 1.6 * HOURS_A_MONTH)
    )
    unknown = figures.energy(10.0, LACKING)
    assert (unknown.value, unknown.low, unknown.source) == (
        None,
        10 * HOURS_A_MONTH,
        "PUE unknown: No meter.",
    )
    assert figures.energy(None, given(1.4)).value is None


def test_what_rests_on_something_simulated_is_simulated_and_else_estimated():
    assert figures.energy(1.0, given(1.2)).provenance is Provenance.ESTIMATED
    assert figures.energy(1.0, given(1.2, provenance="simulated")).provenance is Provenance.SIMULATED


@cases("price", {"positive": 0.1, "free": 0.0, "negative": -0.03})
def test_a_price_of_any_sign_keeps_its_band_in_order(price):
    used = figures.energy(10.0, given(1.4, low=1.3, high=1.6))
    found = figures.energy_bill(
        used, figures.tried(given(price, low=price - 0.02, high=price + 0.02), 1.5), "EUR"
    )
    assert found.low <= found.value <= found.high
    assert found.value == pytest.approx(10 * 1.4 * HOURS_A_MONTH * price * 1.5)


def test_headroom_at_the_meter_carries_less_it_power_and_an_overdraw_stays_one():
    assert figures.it_headroom(given(140.0, "kW"), given(1.4), 0.0).value == pytest.approx(100)
    assert figures.it_headroom(given(140.0, "kW"), given(1.4), 10.0).value == pytest.approx(110)
    unknown = figures.it_headroom(given(140.0, "kW"), LACKING, 0.0)
    assert (unknown.value, unknown.low, unknown.high) == (None, None, 140.0)
    assert figures.it_headroom(given(-5.0, "kW"), LACKING, 0.0).value == -5.0


def test_half_an_accelerator_more_is_one_more():
    envelope = Envelope(accelerators=(AcceleratorNeed(3),), it_kw=2.0)
    asked = apply_levers(envelope, WhatIf(demand=1.1), "EUR")
    assert (asked.accelerator_count, asked.it_kw) == (4, pytest.approx(2.2))
    assert apply_levers(envelope, WhatIf(demand=1), "EUR") is envelope


PERSONAL = {"data_categories": frozenset({DataCategory.PERSONAL})}
FORBIDS = rule("never", "forbidden", origins=["any"], places=["NG"])
UNDATED = rule("undated", "allowed", origins=["any"], places=["BR"], in_force_from=None)


@cases(
    ("envelope", "country", "answer"),
    {
        "no-data": ({}, "NG", JurisdictionAnswer.NOT_ASKED),
        "silent": (PERSONAL, "US", JurisdictionAnswer.CANNOT_DECIDE),
        "spoken-for": (PERSONAL | {"allowed": frozenset({"US"})}, "US", JurisdictionAnswer.DECLARED),
        "world-names-none": (PERSONAL | {"allowed": frozenset({"WORLD"})}, "US",
            JurisdictionAnswer.CANNOT_DECIDE),
        "forbidden-names-none": (PERSONAL | {"allowed": frozenset({"US"}), "forbidden": frozenset({"US"})},
            "US", JurisdictionAnswer.CANNOT_DECIDE),
        "home": (PERSONAL | {"residency": "DE"}, "DE", JurisdictionAnswer.ALLOWED),
        "abroad": (PERSONAL | {"residency": "DE"}, "FR", JurisdictionAnswer.FORBIDDEN),
        "nowhere": (PERSONAL | {"residency": "DE"}, "", JurisdictionAnswer.CANNOT_DECIDE),
    },
)  # fmt: skip
def test_the_answer_of_the_rules_or_of_the_envelope_where_they_are_silent(envelope, country, answer):
    assert Laws(Envelope(**envelope), pack(), DAY).jurisdiction(country).answer is answer


def test_an_envelope_never_speaks_against_a_rule_nor_for_one_without_a_date():
    rules = pack(FORBIDS, UNDATED)
    named = Envelope(**PERSONAL, allowed=frozenset({"NG", "BR", "US"}))
    laws = Laws(named, rules, DAY, data_origin="DE")
    assert laws.jurisdiction("NG").answer is JurisdictionAnswer.FORBIDDEN
    assert laws.jurisdiction("BR").answer is JurisdictionAnswer.CANNOT_DECIDE
    assert laws.jurisdiction("US").answer is JurisdictionAnswer.NEEDS_BASIS
    assert (
        Laws(named, rules, DAY, data_origin="DE", bases=frozenset({"contract"})).jurisdiction("US").answer
        is JurisdictionAnswer.ALLOWED
    )
    assert Laws(named, None, DAY).jurisdiction("US").answer is JurisdictionAnswer.DECLARED


def test_who_controls_the_operator_is_asked_of_each_site_beside_where_it_lies():
    laws = Laws(Envelope(**PERSONAL), pack(), DAY, data_origin="DE")
    assert laws.jurisdiction("FR").sovereignty is JurisdictionAnswer.CANNOT_DECIDE
    assert laws.jurisdiction("FR", "FR").sovereignty is JurisdictionAnswer.ALLOWED
    abroad = laws.jurisdiction("FR", "US")
    assert (abroad.answer, abroad.sovereignty) == (JurisdictionAnswer.ALLOWED, JurisdictionAnswer.NEEDS_BASIS)
    assert abroad.sovereignty_rules == ("operator-outside",)
    assert "operator-outside" in abroad.sovereignty_rule


def test_what_is_on_record_of_the_data_is_asked_unless_the_question_says_otherwise():
    on_record = Footing(frozenset({"DE", "FR"}), frozenset({("contract", "US"), ("certificate", "")}))
    laws = Laws(Envelope(**PERSONAL), pack(), DAY, footing=on_record)
    assert laws.jurisdiction("US", "US").answer is JurisdictionAnswer.ALLOWED
    assert laws.jurisdiction("US", "US").sovereignty is JurisdictionAnswer.ALLOWED
    assert laws.jurisdiction("CA").answer is JurisdictionAnswer.NEEDS_BASIS
    assert (
        replace(laws, data_origin="KE", _known={}).jurisdiction("US").answer
        is JurisdictionAnswer.CANNOT_DECIDE
    )


def test_a_doubt_of_one_origin_is_not_spoken_for_because_another_has_no_rule():
    rules = pack(rule("undated", "allowed", origins=["JP"], places=["BR"], in_force_from=None))
    named = Envelope(**PERSONAL, allowed=frozenset({"BR"}))
    silent = Laws(named, rules, DAY, footing=Footing(frozenset({"AU"})))
    both = Laws(named, rules, DAY, footing=Footing(frozenset({"AU", "JP"})))
    assert silent.jurisdiction("BR").answer is JurisdictionAnswer.DECLARED
    assert both.jurisdiction("BR").answer is JurisdictionAnswer.CANNOT_DECIDE


def test_a_group_is_asked_by_one_country_for_each_set_of_rules():
    """France has a rule of its own in the small pack; Germany has none."""
    assert representatives({"DE", "FR"}, pack(), DAY) == ["DE", "FR"]
    assert representatives({"DE"}, pack(), DAY) == ["DE"]
