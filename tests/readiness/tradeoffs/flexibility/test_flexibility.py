"""Alternatives, fallbacks and concentration, and the sentence that sets them against conformance."""

from datetime import date, timedelta

import pytest

from readiness.assessment.scoring.core.states import Provenance
from readiness.tradeoffs.flexibility.core import FallbackState, FlexibilityLevel, concentration, freedom
from readiness.tradeoffs.flexibility.queries import CriticalRow, FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.flexibility.tables import balance
from readiness.tradeoffs.moves.options import BandedFigure
from tests.cases import cases

TODAY = date(2026, 11, 1)
HALF_A_YEAR = timedelta(days=182)


def free(
    has_fallback=False, tested_on=None, feasible=("helsinki", "oslo"), undecided=(), runs_at=("helsinki",)
):
    return freedom(
        runs_at, feasible, undecided, has_fallback=has_fallback, tested_on=tested_on, on=TODAY,
        tested_within=HALF_A_YEAR,
    )  # fmt: skip


@cases(
    ("tested_on", "state"),
    {
        "tested lately": (date(2026, 9, 1), FallbackState.TESTED),
        "tested on the last day that counts": (TODAY - HALF_A_YEAR, FallbackState.TESTED),
        "the test is too old": (date(2026, 1, 1), FallbackState.TEST_OLD),
        "never tested": (None, FallbackState.UNTESTED),
        "a test that is yet to come": (date(2026, 12, 1), FallbackState.UNTESTED),
    },
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


@cases(
    ("vendors", "hhi", "level"),
    {
        "one vendor": ({"NVIDIA": 100}, 10_000, FlexibilityLevel.HIGH),
        "two halves": ({"NVIDIA": 50, "AMD": 50}, 5_000, FlexibilityLevel.HIGH),
        "six alike": (dict.fromkeys("abcdef", 10), 10_000 / 6, FlexibilityLevel.MODERATE),
        "twelve": (dict.fromkeys("abcdefghijkl", 10), 10_000 / 12, FlexibilityLevel.LOW),
        "nothing counted": ({"a": 0}, None, FlexibilityLevel.UNKNOWN),
    },
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


@cases(
    ("conformance", "vendors", "words"),
    {
        "attested": (
            BandedFigure(92.0, "%", Provenance.DECLARED),
            {"NVIDIA": 80, "AMD": 20},
            "conformance 92 %, declared; 1 of 1 critical workloads could run elsewhere, 0 with a tested fallback; "
            "vendor concentration 6,800 of 10,000 (high)",
        ),
        "nothing known": (
            BandedFigure(None, "%"),
            {"NVIDIA": 0},
            "conformance unknown; 1 of 1 critical workloads could run elsewhere, 0 with a tested fallback; "
            "vendors unknown",
        ),
    },
)
def test_against_conformance(conformance, vendors, words):
    assert balance(fleet_of(conformance, concentration(vendors))) == words
