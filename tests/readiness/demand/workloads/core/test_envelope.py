"""What an envelope says of itself: its four parts, its countries, since when, and where it contradicts itself."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.demand.workloads import models
from readiness.demand.workloads.core import envelope as core
from readiness.demand.workloads.core.countries import COUNTRIES, GROUPS, countries_of, unknown_codes
from readiness.demand.workloads.core.envelope import (
    FIBRE_KM_PER_S,
    VACUUM_KM_PER_S,
    AcceleratorNeed,
    Envelope,
    EnvelopePart,
    UserDemand,
    contradictions,
    distance_km,
    shared_floor_ms,
)

LONDON, TOKYO = (51.5074, -0.1278), (35.6762, 139.6503)
H100 = AcceleratorNeed(count=8, type="h100", tdp_w=700)
AT_LONDON = UserDemand("uk", "UK", 20.0, LONDON)
AT_TOKYO = UserDemand("japan", "Japan", 30.0, TOKYO)
WHOLE = Envelope(
    slug="chat",
    kind=core.WorkloadKind.INTERACTIVE,
    accelerators=(H100,),
    it_kw=10.2,
    users=(AT_LONDON,),
    latency_limit_ms=50,
    cost_ceiling=2.5,
    cost_currency="EUR",
    cost_unit=core.CostUnit.ACCELERATOR_HOUR,
    allowed=frozenset({"EEA", "GB"}),
    carbon_g_per_kwh=300,
    declared_on=date(2026, 3, 1),
)


def test_an_envelope_that_is_whole_misses_and_contradicts_nothing():
    assert (WHOLE.missing, contradictions(WHOLE)) == ((), [])


@pytest.mark.parametrize(
    ("taken", "missing"),
    [
        ({"latency_limit_ms": None}, (EnvelopePart.LATENCY,)),
        ({"cost_ceiling": None}, (EnvelopePart.COST,)),
        ({"allowed": frozenset()}, (EnvelopePart.JURISDICTION,)),
        ({"carbon_g_per_kwh": None}, (EnvelopePart.CARBON,)),
        ({"carbon_g_per_kwh": None, "carbon_kg_per_month": 0.0}, ()),
    ],
    ids=["latency", "cost", "jurisdiction", "carbon", "carbon a month will do"],
)
def test_what_nobody_declared_is_missing(taken, missing):
    assert replace(WHOLE, **taken).missing == missing


@pytest.mark.parametrize(
    ("changed", "field", "is_hard"),
    [
        ({"forbidden": {"GB"}}, "forbidden_jurisdictions", True),
        ({"allowed": {"EU"}, "forbidden": {"EEA"}}, "forbidden_jurisdictions", True),
        ({"residency": "US"}, "residency", True),
        ({"allowed": {"WORLD"}, "data_categories": {"export-controlled"}}, "allowed_jurisdictions", False),
        ({"data_categories": {"public", "health"}}, "data_categories", False),
        ({"it_kw": 0.0}, "it_kw", True),
        ({"it_kw": 5.5}, "it_kw", False),
        ({"accelerators": ()}, "cost_unit", False),
        ({"deferrable_h": 4.0}, "deferrable_h", True),
        ({"deferrable_h": 4.0, "latency_limit_ms": None}, "deferrable_h", False),
        ({"latency_limit_ms": None}, "latency_limit_ms", False),
        ({"users": ()}, "users", False),
        ({"users": (AT_LONDON, AT_TOKYO), "latency_limit_ms": 30.0}, "latency_limit_ms", True),
        ({"users": (AT_LONDON, AT_TOKYO), "latency_limit_ms": 40.0}, "latency_limit_ms", False),
    ],
    ids=[
        "allowed and forbidden", "no country left", "data stays elsewhere", "anywhere, export-controlled",
        "public and health", "accelerators without power", "less than their TDP", "a price for what is not needed",
        "waits while people wait", "may wait, no limit", "people wait, no limit", "a limit to nobody",
        "faster than light", "faster than light in fibre",
    ],
)  # fmt: skip
def test_what_cannot_be_meant_together_is_told_by_field(changed, field, is_hard):
    sets = {key: frozenset(value) if isinstance(value, set) else value for key, value in changed.items()}
    found = contradictions(replace(WHOLE, **sets))
    assert (field, is_hard) in [(one.field, one.is_hard) for one in found]
    assert [one.is_hard for one in found] == sorted((one.is_hard for one in found), reverse=True)


@pytest.mark.parametrize(
    ("changed", "countries"),
    [
        ({"allowed": {"GB", "FR"}}, {"GB", "FR"}),
        ({"allowed": {"EEA"}, "forbidden": {"EU"}}, {"IS", "LI", "NO"}),
        ({"allowed": {"EEA", "GB"}, "residency": "GB"}, {"GB"}),
        ({"allowed": set()}, None),
    ],
    ids=["named", "forbidden goes before", "data stays", "nothing declared is not nowhere"],
)
def test_where_it_may_run(changed, countries):
    sets = {key: frozenset(value) if isinstance(value, set) else value for key, value in changed.items()}
    assert replace(WHOLE, **sets).countries == countries


@pytest.mark.parametrize(
    ("day", "vouched"),
    [
        (date(2026, 2, 28), None),
        (date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 7, 1), date(2026, 6, 1)),
        (date(2026, 12, 1), date(2026, 9, 1)),
    ],
    ids=["before it was declared", "declared", "confirmed", "confirmed again"],
)
def test_it_counts_from_the_last_day_on_which_somebody_stood_by_it(day, vouched):
    confirmed = replace(WHOLE, confirmed_on=(date(2026, 2, 1), date(2026, 6, 1), date(2026, 9, 1)))
    assert confirmed.vouched_on(day) == vouched


def test_a_figure_that_is_not_known_for_all_is_not_known():
    assert (WHOLE.accelerator_count, WHOLE.accelerators_kw, WHOLE.requests_per_s) == (8, 5.6, 20)
    vague = replace(WHOLE, accelerators=(H100, AcceleratorNeed(2)), users=(AT_LONDON, UserDemand("x")))
    assert (vague.accelerator_count, vague.accelerators_kw, vague.requests_per_s) == (10, None, None)


def test_half_the_way_of_light_from_london_to_tokyo():
    """9,559 km by great circle, as published distance calculators have it to a few km."""
    apart = distance_km(LONDON, TOKYO)
    assert apart == pytest.approx(9559, abs=5)
    assert shared_floor_ms(apart, VACUUM_KM_PER_S) == pytest.approx(31.9, abs=0.1)
    assert shared_floor_ms(apart, FIBRE_KM_PER_S) == pytest.approx(46.8, abs=0.1)


def test_groups_hold_what_they_are_defined_to_hold():
    assert (len(GROUPS["EU"]), len(GROUPS["EEA"]), len(COUNTRIES)) == (27, 30, 249)
    assert all(group <= COUNTRIES.keys() for group in GROUPS.values())
    assert unknown_codes(["GB", "UK", "EEA", "eu"]) == ("UK", "eu")
    assert countries_of(["UK"]) == frozenset()


@settings(max_examples=40, deadline=None)
@given(
    allowed=st.sets(st.sampled_from(["EU", "EEA", "GB", "US", "WORLD"]), min_size=1),
    forbidden=st.sets(st.sampled_from(["EU", "NO", "US", "DE"])),
    code=st.sampled_from(sorted(COUNTRIES)),
)
def test_forbidding_more_never_lets_it_run_in_more_places(allowed, forbidden, code):
    before = replace(WHOLE, allowed=frozenset(allowed), forbidden=frozenset(forbidden))
    assert replace(before, forbidden=before.forbidden | {code}).countries <= before.countries


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (core.WorkloadKind, models.KINDS),
        (core.Criticality, models.CRITICALITIES),
        (core.CostUnit, models.COST_UNITS),
        (core.DataCategory, models.DATA_CATEGORIES),
    ],
)
def test_every_word_of_the_core_has_a_label(words, labels):
    assert list(words) == list(labels)
    assert all(labels.values())
