"""Alternatives, fallbacks and concentration, and the sentence that sets them against conformance."""

from datetime import date, timedelta

import pytest

from readiness.scoring.core.states import Provenance
from readiness.tradeoffs.core.flexibility import (
    FallbackState,
    FlexibilityLevel,
    concentration,
    freedom,
)
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.flexibility.queries import CriticalRow, FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.flexibility.tables import balance

TODAY = date(2026, 11, 1)
HALF_A_YEAR = timedelta(days=182)


def free(
    has_fallback=False, tested_on=None, feasible=("helsinki", "oslo"), undecided=(), runs_at=("helsinki",)
):
    return freedom(
        runs_at, feasible, undecided, has_fallback=has_fallback, tested_on=tested_on, on=TODAY,
        tested_within=HALF_A_YEAR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tested_on", "state"),
    [
        pytest.param(date(2026, 9, 1), FallbackState.TESTED, id="tested lately"),
        pytest.param(TODAY - HALF_A_YEAR, FallbackState.TESTED, id="tested on the last day that counts"),
        pytest.param(date(2026, 1, 1), FallbackState.TEST_OLD, id="the test is too old"),
        pytest.param(None, FallbackState.UNTESTED, id="never tested"),
        pytest.param(date(2026, 12, 1), FallbackState.UNTESTED, id="a test that is yet to come"),
    ],
)
def test_fallback(tested_on, state):
    assert free(has_fallback=True, tested_on=tested_on).fallback is state


def test_without_a_record_or_another_site_there_is_no_fallback():
    assert free().fallback is FallbackState.NONE
    only_here = free(has_fallback=True, tested_on=date(2026, 9, 1), feasible=("helsinki",))
    assert only_here.fallback is FallbackState.NOT_FEASIBLE


def test_alternatives_are_other_sites_and_undecided_ones_stand_apart():
    found = [free(undecided=("boston",)), free(feasible=("helsinki",))]
    assert [(one.alternatives, one.undecided) for one in found] == [
        (("oslo",), ("boston",)),
        ((), ()),
    ]


def test_what_remains_when_a_site_is_lost():
    two = free(True, TODAY, ("helsinki",), runs_at=("helsinki", "turku"))
    nowhere = free(feasible=(), runs_at=())
    assert [each.remaining for each in (free(), two, nowhere)] == [1, 1, 0]
    assert two.fallback is FallbackState.NOT_FEASIBLE


@pytest.mark.parametrize(
    ("vendors", "hhi", "level"),
    [
        pytest.param({"NVIDIA": 100}, 10_000, FlexibilityLevel.HIGH, id="one vendor"),
        pytest.param({"NVIDIA": 50, "AMD": 50}, 5_000, FlexibilityLevel.HIGH, id="two halves"),
        pytest.param(dict.fromkeys("abcdef", 10), 10_000 / 6, FlexibilityLevel.MODERATE, id="six alike"),
        pytest.param(dict.fromkeys("abcdefghijkl", 10), 10_000 / 12, FlexibilityLevel.LOW, id="twelve"),
        pytest.param({"a": 0}, None, FlexibilityLevel.UNKNOWN, id="nothing counted"),
    ],
)
def test_concentration(vendors, hhi, level):
    found = concentration(vendors)
    assert found.hhi == (None if hhi is None else pytest.approx(hhi))
    assert found.level is level


def fleet_of(conformance, vendors):
    """One critical workload with an alternative, and one site that is attested."""
    row = CriticalRow("checkout", "Checkout", free(), None, None)
    site = SiteFlexibility("helsinki", "Helsinki", conformance, None, (), vendors)
    return FleetFlexibility(None, (row,), (site,), vendors, {})


@pytest.mark.parametrize(
    ("conformance", "vendors", "words"),
    [
        pytest.param(
            BandedFigure(92.0, "%", Provenance.DECLARED),
            {"NVIDIA": 80, "AMD": 20},
            "conformance 92 %, declared; 1 of 1 critical workloads could run elsewhere, 0 with a tested fallback; "
            "vendor concentration 6\u202f800 of 10,000 (high)",
            id="attested",
        ),
        pytest.param(
            BandedFigure(None, "%"),
            {"NVIDIA": 0},
            "conformance unknown; 1 of 1 critical workloads could run elsewhere, 0 with a tested fallback; "
            "vendors unknown",
            id="nothing known",
        ),
    ],
)
def test_against_conformance(conformance, vendors, words):
    assert balance(fleet_of(conformance, concentration(vendors))) == words
