"""The best trainings, held against trying every set of them."""

from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.scoring.core.gap import CapacityFigures, CapacityMeasure
from readiness.boards.capability.core.schedule import add_working_days
from readiness.boards.capability.core.solver import best_plan
from readiness.boards.capability.core.trainings import (
    Learner,
    Learners,
    PlannedTraining,
    Shortfall,
    ShortSite,
)

KW = CapacityMeasure.POWER
MOST_TRIED = 9
SKILLS = ("cooling", "fabric", "switching")


@st.composite
def crews(draw):
    """Up to eight people, and which skill needs which first; one may need another that needs a third."""
    prerequisites = draw(
        st.lists(
            st.tuples(st.sampled_from(SKILLS), st.sampled_from(SKILLS), st.integers(1, 2)),
            max_size=3,
            unique_by=lambda each: each[:2],
        )
    )
    held = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 2), max_size=2)
    people = tuple(
        Learner(
            person_id,
            tuple(sorted(draw(held).items())),
            draw(st.sampled_from([0, 0, 1])),
            near=tuple((skill, draw(st.integers(0, 1))) for skill in draw(st.sets(st.sampled_from(SKILLS)))),
        )
        for person_id in range(1, draw(st.integers(1, 8)) + 1)
    )
    return Learners(people, tuple(each for each in prerequisites if each[0] != each[1]))


@st.composite
def fleets(draw):
    """Up to five sites that a crew staffs, with two skills of two vendors or none. Of two levels of a skill a site asks
    for one."""
    learners = draw(crews())
    people = [each.person_id for each in learners.people]
    sites = []
    for number in range(draw(st.integers(1, 5))):
        shortfalls = []
        for skill in draw(st.lists(st.sampled_from(SKILLS[:2]), min_size=1, max_size=2, unique=True)):
            vendors = st.lists(st.sampled_from(["", "acme", "bolt"]), min_size=1, max_size=2, unique=True)
            for vendor in draw(vendors):
                level, short = draw(st.integers(1, 2)), draw(st.integers(1, 2))
                able = learners.able(skill, draw(st.sets(st.sampled_from(people), max_size=3)))
                shortfalls.append(Shortfall(skill, vendor, short, able, level))
        kw = draw(st.sampled_from([0.0, 10.0, 10.0, 25.5, 100.0]))
        sites.append(ShortSite(f"site-{number}", CapacityFigures(kw, 1), tuple(shortfalls)))
    return sites, learners


def possible(sites, learners):
    """Every training that anything asks for, and those that these need first, at the highest level of each."""
    asked = {
        (person_id, shortfall.skill, shortfall.manufacturer)
        for site in sites if site.is_trainable
        for shortfall in site.shortfalls
        for person_id in shortfall.candidates
    }  # fmt: skip
    first = {
        (person_id, skill, "")
        for person_id, asked_skill, _ in asked
        for skill in learners.first(person_id, asked_skill)
    }
    return [PlannedTraining(*each, 2) for each in sorted(asked | first)]


def is_in_order(trainings, learners):
    """Nobody is trained in what needs something else first that they neither hold nor are trained in."""
    trained = {}
    for person_id, skill, _, level in trainings:
        trained[person_id, skill] = max(level, trained.get((person_id, skill), 0))
    return all(
        trained.get((person_id, needed), 0) >= level
        for person_id, skill in trained
        for needed, level in learners.missing(person_id, skill).items()
    )


def covers(site, trainings):
    return all(
        len({training.person_id for training in trainings if shortfall.met_by(training)}) >= shortfall.short
        for shortfall in site.shortfalls
    )


def cost(trainings, learners):
    return sum(learners.cost(person_id, [skill]) for person_id, skill in {each[:2] for each in trainings})


def tried(sites, learners, most):
    """The most capacity that up to `most` trainings free, the fewest that do so, and the least that these cost."""
    best = (0.0, 0, 0)
    trainings = possible(sites, learners)
    for size in range(min(most, len(trainings)) + 1):
        for chosen in combinations(trainings, size):
            if is_in_order(chosen, learners):
                freed = sum(site.capacity.it_kw for site in sites if covers(site, chosen))
                best = max(best, (freed, -size, -cost(chosen, learners)))
    return best[0], -best[1], -best[2]


@settings(max_examples=150, deadline=None)
@given(fleets(), st.integers(0, 4))
def test_the_plan_is_the_best_of_every_set_of_trainings(fleet, most):
    sites, learners = fleet
    freed, fewest, least = tried(sites, learners, most)
    plan = best_plan(sites, most, KW, learners)
    assert plan.is_exact
    assert (plan.freed.it_kw, len(plan.trainings)) == (pytest.approx(freed), fewest)
    assert all(covers(site, plan.trainings) for site in plan.covered)
    assert is_in_order(plan.trainings, learners)
    assert cost(plan.trainings, learners) == least


@settings(max_examples=60, deadline=None)
@given(fleets())
def test_without_a_limit_every_site_that_trainings_can_cover_is_covered(fleet):
    sites, learners = fleet
    plan = best_plan(sites, None, KW, learners)
    trainable = {site.site for site in sites if site.is_trainable and site.capacity.it_kw}
    assert {site.site for site in plan.covered} == trainable
    assert is_in_order(plan.trainings, learners)
    if len(possible(sites, learners)) <= MOST_TRIED:
        assert len(plan.trainings) == tried(sites, learners, MOST_TRIED)[1]


@settings(max_examples=100, deadline=None)
@given(fleets(), st.integers(0, 4) | st.none())
def test_a_large_fleet_gets_a_plan_that_holds_and_a_bound_above_the_best(fleet, most):
    sites, learners = fleet
    best, plan = best_plan(sites, most, KW, learners), best_plan(sites, most, KW, learners, exact_up_to=0)
    assert most is None or len(plan.trainings) <= most
    assert all(covers(site, plan.trainings) for site in plan.covered)
    assert is_in_order(plan.trainings, learners)
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


def test_among_equals_managers_and_the_overloaded_come_last():
    """Then those who know the domain, and then whoever has least to do; the lowest number decides at the very end."""
    people = (
        Learner(1, weight=2),
        Learner(2, weight=1),
        Learner(3, load=5.0, near=(("cooling", 1),)),
        Learner(4, load=2.0, near=(("cooling", 1),)),
        Learner(5),
    )
    everybody = frozenset(range(1, 6))
    orders = []
    for short in range(1, 6):
        site = ShortSite("ash", CapacityFigures(800.0, 8), (Shortfall("cooling", "", short, everybody),))
        trained = {each.person_id for each in best_plan([site], None, KW, Learners(people)).trainings}
        orders.append(trained.difference(*orders))
    assert orders == [{4}, {3}, {5}, {2}, {1}]


def test_independent_trainings_go_to_different_people():
    both = frozenset({1, 2})
    shortfalls = (Shortfall("cooling", "", 1, both), Shortfall("fabric", "", 1, both))
    site = ShortSite("ash", CapacityFigures(800.0, 8), shortfalls)
    trainings = best_plan([site], None, KW).trainings
    assert {each.person_id for each in trainings} == both
