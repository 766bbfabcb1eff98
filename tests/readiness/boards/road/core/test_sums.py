"""The road against the closing plan and against sums made another way, over random fleets."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.scoring.core.closing import HeldSite, check_effects, ranked_plan
from readiness.assessment.scoring.core.gap import CapacityFigures, CapacityMeasure
from readiness.boards.road.core.sums import Road
from readiness.boards.road.core.threads import (
    RoadSite,
    RoadState,
    counted_day,
    month_end,
    road_blocker,
)
from tests.cases import cases

TODAY = date(2026, 12, 1)
BY = date(2026, 12, 31)
CHECKS = ("p1-soak-24h", "p2-backup-power", "p3-role-coverage", "p4-orchestration-owner", "p5-goodput")
OWNERS = ("emea", "apac", "none")
DAYS = st.none() | st.integers(0, 90).map(lambda days: TODAY + timedelta(days=days))
MEASURES = st.sampled_from(list(CapacityMeasure))


def site(slug, kw, *blockers, ready=False, accelerators=0):
    open_checks = tuple(road_blocker(*each, by=BY) for each in blockers)
    return RoadSite(slug, CapacityFigures(float(kw), accelerators), ready, open_checks)


def road(*sites, ticks=(), measure=CapacityMeasure.POWER):
    return Road(tuple(sites), measure, TODAY, BY, frozenset(ticks))


@st.composite
def fleets(draw, *, dated=True):
    """Up to 12 sites with up to 5 open checks each; power in tenths of a kW."""
    sites = []
    for number in range(draw(st.integers(0, 12))):
        checks = sorted(draw(st.sets(st.sampled_from(CHECKS), max_size=5)))
        blockers = [(check, draw(st.sampled_from(OWNERS)), draw(DAYS) if dated else None) for check in checks]
        kw = draw(st.integers(0, 60).map(lambda tenths: tenths / 10) | st.sampled_from([100.0, 0.3]))
        ready = not checks and draw(st.booleans())
        accelerators = draw(st.integers(0, 9))
        sites.append(site(f"site-{number:02}", kw, *blockers, ready=ready, accelerators=accelerators))
    return tuple(sites)


def whole(sites, measure):
    return measure.amount_from_whole(sum(measure.whole(each.capacity) for each in sites))


def day_by_hand(each, ticks):
    days = [
        BY if blocker.fix and blocker.fix in ticks else blocker.due_on or date.max
        for blocker in each.blockers
    ]
    return max(days, default=date.max)


@settings(max_examples=60, deadline=None)
@given(sites=fleets(), measure=MEASURES, data=st.data())
def test_every_stage_sums_to_what_is_deployed(sites, measure, data):
    keys = sorted({blocker.fix for each in sites for blocker in each.blockers if blocker.fix})
    ticks = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    way = road(*sites, ticks=ticks, measure=measure)
    for sums in (way.planned, way.fixed):
        places = [sums.places[state] for state in RoadState]
        assert sorted(each.slug for some in places for each in some) == sorted(each.slug for each in sites)
        assert sum(measure.whole(each.capacity) for some in places for each in some) == sum(
            measure.whole(each.capacity) for each in sites
        )
        assert sums.amount_in(*RoadState) == sums.deployed == whole(sites, measure)
    not_ready = [each for each in sites if not each.is_ready]
    dated = [each for each in not_ready if day_by_hand(each, ticks) < date.max]
    assert way.fixed.amount_in(RoadState.DATED) == whole(dated, measure)
    for each in dated:
        assert way.fixed.days[each.slug] == day_by_hand(each, ticks)
    by_hand = [each for each in not_ready if day_by_hand(each, ()) != day_by_hand(each, ticks)]
    assert way.gained == whole(by_hand, measure)


@settings(max_examples=60, deadline=None)
@given(sites=fleets(), measure=MEASURES)
def test_a_tick_never_makes_a_site_later(sites, measure):
    way = road(*sites, measure=measure)
    for fix in way.fixes:
        after = way.sums_for(frozenset({fix.key}))
        moved = {slug for slug, day in after.days.items() if day != way.planned.days[slug]}
        assert moved == set(fix.frees)
        for slug in moved:
            assert after.days[slug] < (way.planned.days[slug] or date.max)
        assert fix.freed == whole([each for each in sites if each.slug in moved], measure)


@settings(max_examples=60, deadline=None)
@given(sites=fleets(dated=False), measure=MEASURES)
def test_it_frees_what_the_closing_plan_frees(sites, measure):
    """Without any date, ticking a check everywhere frees what the plan says of it, and ticking what the first sites of
    the plan lack frees what it adds up to."""
    held = [
        HeldSite(each.slug, each.capacity, tuple(blocker.check for blocker in each.blockers))
        for each in sites
        if not each.is_ready
    ]
    way = road(*sites, measure=measure)
    for effect in check_effects(held, measure):
        ticks = {fix.key for fix in way.fixes if fix.check == effect.check_id}
        dated = way.sums_for(frozenset(ticks)).places[RoadState.DATED]
        assert sorted(each.slug for each in dated) == list(effect.frees)
        assert whole(dated, measure) == measure.amount_from_whole(measure.whole(effect.freed))
    ticks = set()
    by_slug = {each.slug: each for each in sites}
    for step in ranked_plan(held, measure):
        blockers = by_slug[step.site.site].blockers
        assert len(blockers) == len(step.site.checks)
        ticks |= {blocker.fix for blocker in blockers}
        freed = way.sums_for(frozenset(ticks)).amount_in(RoadState.DATED)
        # Fixes are shared by sites of one owner, so that later sites of the plan may be free already.
        assert measure.whole(CapacityFigures(freed, int(freed))) >= measure.whole(step.freed_so_far)
    everything = way.sums_for(frozenset(way.fixes_by_key))
    assert everything.amount_in(RoadState.UNDATED) == whole(
        [each for each in sites if not each.is_ready and not each.blockers], measure
    )


def test_a_site_that_two_ticks_free_counts_once():
    two = site("a", 100, ("p1-soak-24h", "emea", None), ("p5-goodput", "apac", None))
    ticks = [blocker.fix for blocker in two.blockers]
    assert road(two, ticks=ticks[:1]).gained == 0
    assert road(two, ticks=ticks).gained == 100
    assert road(two, ticks=ticks).fixed.days == {"a": BY}


def test_the_steps_of_the_curve_add_up():
    late = TODAY + timedelta(days=60)
    sites = [
        site("ready", 10, ready=True),
        site("dated", 20, ("p1-soak-24h", "emea", TODAY)),
        site("later", 30, ("p1-soak-24h", "emea", late)),
        site("undated", 40, ("p5-goodput", "none", None)),
    ]
    sums = road(*sites).planned
    assert sums.steps == ((TODAY, 30), (late, 60))
    assert sums.last_on == late
    assert [sums.ready_by(on) for on in (TODAY - timedelta(days=1), TODAY, late)] == [10, 30, 60]


def test_what_frees_most_comes_first():
    way = road(
        site("small", 10, ("p1-soak-24h", "emea", None)),
        site("large", 90, ("p5-goodput", "emea", None)),
        site("stuck", 500, ("p2-backup-power", "emea", None), ("p3-role-coverage", "emea", None)),
    )
    assert [fix.check for fix in way.fixes[:2]] == ["p5-goodput", "p1-soak-24h"]
    stuck = way.fixes_by_key["p2-backup-power.emea"]
    assert (stuck.freed, stuck.touched, dict(stuck.frees)) == (0, 500, {})


def test_a_step_planned_sooner_has_no_fix():
    sooner = site("a", 10, ("p1-soak-24h", "emea", BY))
    assert road(sooner).fixes == ()


@cases(
    ("due_on", "is_owned", "day"),
    {
        "a day ahead counts": (TODAY + timedelta(days=1), True, TODAY + timedelta(days=1)),
        "today counts": (TODAY, True, TODAY),
        "a day that has passed is none": (TODAY - timedelta(days=1), True, None),
        "nobody does it": (TODAY, False, None),
        "no day": (None, True, None),
    },
)
def test_the_day_that_counts(due_on, is_owned, day):
    assert counted_day(due_on, today=TODAY, is_owned=is_owned) == day


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 2, 3), date(2028, 2, 29)),
    ],
)
def test_the_end_of_a_month(day, end):
    assert month_end(day) == end
