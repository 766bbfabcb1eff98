"""The best trainings, held against trying every set of them."""

from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.scoring.core.gap import CapacityFigures, CapacityMeasure
from readiness.boards.capability.core import (
    PlannedTraining,
    Shortfall,
    ShortSite,
    add_working_days,
    best_plan,
)

KW = CapacityMeasure.POWER
MOST_TRIED = 9


@st.composite
def fleets(draw):
    """Up to six sites that up to ten people staff, with two skills of two vendors or none."""
    people = draw(st.integers(1, 10))
    sites = []
    for number in range(draw(st.integers(1, 6))):
        shortfalls = []
        for skill in draw(
            st.lists(st.sampled_from(["cooling", "fabric"]), min_size=1, max_size=2, unique=True)
        ):
            for vendor in draw(
                st.lists(st.sampled_from(["", "acme", "bolt"]), min_size=1, max_size=2, unique=True)
            ):
                candidates = frozenset(draw(st.sets(st.integers(1, people), max_size=3)))
                shortfalls.append(Shortfall(skill, vendor, draw(st.integers(1, 2)), candidates))
        kw = draw(st.sampled_from([0.0, 10.0, 10.0, 25.5, 100.0]))
        sites.append(ShortSite(f"site-{number}", CapacityFigures(kw, 1), tuple(shortfalls)))
    return sites


def possible(sites):
    """Every training that anything asks for."""
    return sorted({
        PlannedTraining(person_id, shortfall.skill, shortfall.manufacturer)
        for site in sites if site.is_trainable
        for shortfall in site.shortfalls
        for person_id in shortfall.candidates
    })  # fmt: skip


def covers(site, trainings):
    return all(
        len({training.person_id for training in trainings if shortfall.met_by(training)}) >= shortfall.short
        for shortfall in site.shortfalls
    )


def tried(sites, most):
    """The most capacity that up to `most` trainings free, and the fewest that do so."""
    best = (0.0, 0)
    for size in range(most + 1):
        for chosen in combinations(possible(sites), size):
            freed = sum(site.capacity.it_kw for site in sites if covers(site, chosen))
            best = max(best, (freed, -size))
    return best[0], -best[1]


@settings(max_examples=150, deadline=None)
@given(fleets(), st.integers(0, 4))
def test_the_plan_is_the_best_of_every_set_of_trainings(sites, most):
    freed, fewest = tried(sites, most)
    plan = best_plan(sites, most, KW)
    assert plan.is_exact
    assert (plan.freed.it_kw, len(plan.trainings)) == (pytest.approx(freed), fewest)
    assert all(covers(site, plan.trainings) for site in plan.covered)


@settings(max_examples=60, deadline=None)
@given(fleets())
def test_without_a_limit_every_site_that_trainings_can_cover_is_covered(sites):
    plan = best_plan(sites, None, KW)
    trainable = {site.site for site in sites if site.is_trainable and site.capacity.it_kw}
    assert {site.site for site in plan.covered} == trainable
    if len(possible(sites)) <= MOST_TRIED:
        assert len(plan.trainings) == tried(sites, len(possible(sites)))[1]


@settings(max_examples=100, deadline=None)
@given(fleets(), st.integers(0, 4) | st.none())
def test_a_large_fleet_gets_a_plan_that_holds_and_a_bound_above_the_best(sites, most):
    best, plan = best_plan(sites, most, KW), best_plan(sites, most, KW, exact_up_to=0)
    assert most is None or len(plan.trainings) <= most
    assert all(covers(site, plan.trainings) for site in plan.covered)
    assert plan.freed.it_kw <= best.freed.it_kw + 1e-6 <= plan.bound + 2e-6


def test_a_person_trained_once_counts_at_every_site_of_their_teams():
    both, alone = frozenset({1, 2}), frozenset({2, 3})
    sites = [
        ShortSite("ash", CapacityFigures(800.0, 8), (Shortfall("cooling", "", 1, both),)),
        ShortSite("fra", CapacityFigures(400.0, 8), (Shortfall("cooling", "", 1, alone),)),
    ]
    plan = best_plan(sites, 1, KW)
    assert plan.trainings == (PlannedTraining(2, "cooling"),)
    assert plan.freed == CapacityFigures(1200.0, 16)


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        pytest.param(date(2026, 11, 20), 1, date(2026, 11, 23), id="a Friday goes on with Monday"),
        pytest.param(date(2026, 11, 21), 0.5, date(2026, 11, 23), id="part of a day takes the whole"),
        pytest.param(date(2026, 11, 23), 6, date(2026, 12, 1), id="over a weekend"),
    ],
)
def test_courses_take_working_days(start, days, last):
    assert add_working_days(start, days) == last
