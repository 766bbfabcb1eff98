"""What would close the gap, held against trying every set of sites."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.scoring.core.closing import (
    HeldSite,
    best_curve,
    best_with,
    beyond_checks,
    check_effects,
    least_checks,
    ranked_plan,
)
from readiness.assessment.scoring.core.gap import NOTHING, CapacityFigures, CapacityMeasure

CHECKS = ("p1-soak-24h", "p2-backup-power", "p3-role-coverage", "p4-orchestration-owner", "p5-goodput")


def held(site, kw, *checks, accelerators=0):
    return HeldSite(site, CapacityFigures(float(kw), accelerators), checks)


@st.composite
def fleets(draw):
    """Up to 12 sites with up to 5 checks each, many alike, so that ties happen; power in tenths of a kW."""
    powers = st.integers(0, 60).map(lambda tenths: tenths / 10) | st.sampled_from([100.0, 0.3])
    return [
        HeldSite(
            f"site-{number:02}",
            CapacityFigures(draw(powers), draw(st.integers(0, 9))),
            tuple(sorted(draw(st.sets(st.sampled_from(CHECKS), max_size=5)))),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


def tried(sites, measure):
    """Map a number of checks to the most capacity that so many can free; every set of sites is tried."""
    closable = [site for site in sites if site.checks]
    total = sum(len(site.checks) for site in closable)
    most = [0] * (total + 1)
    for size in range(len(closable) + 1):
        for chosen in combinations(closable, size):
            needed = sum(len(site.checks) for site in chosen)
            most[needed] = max(most[needed], sum(measure.whole(site.capacity) for site in chosen))
    for place in range(1, total + 1):
        most[place] = max(most[place], most[place - 1])
    return most


def at_each_number(curve, total, measure):
    """The curve as a value for each number of checks."""
    known = {
        point.checks: round(point.freed * (1_000_000 if measure is CapacityMeasure.POWER else 1))
        for point in curve
    }
    values, last = [], 0
    for place in range(total + 1):
        last = known.get(place, last)
        values.append(last)
    return values


measures = st.sampled_from(CapacityMeasure)


@settings(max_examples=60)
@given(fleets(), measures)
def test_the_curve_is_the_best_of_every_set_of_sites(sites, measure):
    wanted = tried(sites, measure)
    assert at_each_number(best_curve(sites, measure), len(wanted) - 1, measure) == wanted


@settings(max_examples=60)
@given(fleets(), measures, st.integers(0, 70))
def test_the_best_set_is_affordable_and_as_good_as_the_curve(sites, measure, checks):
    chosen = best_with(sites, checks, measure)
    assert sum(len(site.checks) for site in chosen) <= checks
    assert len({site.site for site in chosen}) == len(chosen)
    most = tried(sites, measure)
    assert sum(measure.whole(site.capacity) for site in chosen) == most[min(checks, len(most) - 1)]


@settings(max_examples=60)
@given(fleets(), measures)
def test_after_each_step_of_the_ranked_plan_nothing_frees_more(sites, measure):
    most = tried(sites, measure)
    for step in ranked_plan(sites, measure):
        assert measure.whole(step.freed_so_far) == most[step.checks_so_far]


@settings(max_examples=60)
@given(fleets(), measures)
def test_the_first_check_frees_most_of_all_single_ones(sites, measure):
    """Resolve one check everywhere and count who is left without any."""
    freed = {
        check: sum(
            measure.whole(one.capacity) for one in sites if one.checks and not set(one.checks) - {check}
        )
        for check in CHECKS
    }
    effects = check_effects(sites, measure)
    assert {one.check_id: measure.whole(one.freed) for one in effects} == {
        check: value for check, value in freed.items() if any(check in one.checks for one in sites)
    }
    assert not effects or measure.whole(effects[0].freed) == max(freed.values())


def test_a_ratio_says_who_comes_first_and_the_curve_what_lies_between():
    """Three checks free no more than two do; with four the large site and one small one are best, which no step is."""
    fleet = [held("big", 90, "a", "b", "c"), held("small", 60, "a"), held("other", 60, "b")]
    plan = ranked_plan(fleet, CapacityMeasure.POWER)
    assert [(step.site.site, step.checks_so_far, step.freed_so_far.it_kw) for step in plan] == [
        ("other", 1, 60),
        ("small", 2, 120),
        ("big", 5, 210),
    ]
    curve = best_curve(fleet, CapacityMeasure.POWER)
    assert [(point.checks, point.freed) for point in curve] == [(0, 0), (1, 60), (2, 120), (4, 150), (5, 210)]
    assert sum(site.capacity.it_kw for site in best_with(fleet, 4, CapacityMeasure.POWER)) == 150


def test_power_and_accelerators_may_rank_differently():
    fleet = [held("hot", 100, "a", accelerators=1), held("dense", 10, "b", accelerators=64)]
    assert [step.site.site for step in ranked_plan(fleet, CapacityMeasure.POWER)] == ["hot", "dense"]
    assert [step.site.site for step in ranked_plan(fleet, CapacityMeasure.ACCELERATORS)] == ["dense", "hot"]


def test_a_check_frees_only_those_that_nothing_else_holds():
    fleet = [held("one", 10, "a"), held("two", 500, "a", "b"), held("three", 40, "b", "c")]
    found = {effect.check_id: effect for effect in check_effects(fleet, CapacityMeasure.POWER)}
    assert (found["a"].freed.it_kw, found["a"].frees, found["a"].touched.it_kw) == (10, ("one",), 510)
    assert (found["b"].freed, found["b"].touched.it_kw) == (NOTHING, 540)
    assert list(found) == ["a", "b", "c"]


def test_a_site_without_a_check_is_in_no_plan_and_is_told():
    fleet = [held("unseen", 900), held("one", 10, "a")]
    assert [site.site for site in beyond_checks(fleet)] == ["unseen"]
    assert [step.site.site for step in ranked_plan(fleet, CapacityMeasure.POWER)] == ["one"]
    assert best_curve(fleet, CapacityMeasure.POWER)[-1].freed == 10


@pytest.mark.parametrize(
    ("fleet", "least"),
    [
        pytest.param([], 0, id="nothing held"),
        pytest.param([held("one", 10, "a", "b"), held("two", 10, "a")], 1, id="the fewest"),
        pytest.param([held("empty", 0, "a"), held("one", 10, "a", "b")], 2, id="capacity counts"),
    ],
)
def test_how_many_checks_hold_the_nearest_site(fleet, least):
    assert least_checks(fleet) == least


def test_a_thousand_sites_are_planned_exactly():
    """48 checks each would be 48,000 steps; power in thirds, which no float holds."""
    fleet = [
        HeldSite(
            f"site-{n}",
            CapacityFigures((n % 97 + 1) / 3, n % 13),
            tuple(f"c{i}" for i in range(1 + n * 7 % 24)),
        )
        for n in range(1000)
    ]
    curve = best_curve(fleet, CapacityMeasure.POWER)
    plan = ranked_plan(fleet, CapacityMeasure.POWER)
    freed = {point.checks: point.freed for point in curve}
    assert curve[-1].freed == pytest.approx(plan[-1].freed_so_far.it_kw, abs=1e-3)
    assert all(
        freed[step.checks_so_far] == pytest.approx(step.freed_so_far.it_kw, abs=1e-3)
        for step in plan[:: len(plan) // 20]
    )
