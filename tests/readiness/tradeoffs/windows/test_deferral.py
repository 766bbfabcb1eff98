"""Plans by price and carbon, their trade-off, days on which clocks change, and the rule that looks at nothing ahead."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.factors.core.series import FactorSeries as Values
from readiness.tradeoffs.windows.core import (
    CHEAPEST,
    CLEANEST,
    DeferrableRun,
    aligned_hours,
    asked_on,
    best,
    flat,
    known_until,
    next_slot,
    plan_at_once,
    trade_off,
    tried,
    weights_at,
)
from tests.cases import cases

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def values(*given, start=MIDNIGHT, step_s=3600):
    return Values.build(
        step_s, [(start + place * timedelta(seconds=step_s), one) for place, one in enumerate(given)]
    )


def hours(price=None, carbon=None):
    return aligned_hours(price and values(*price), carbon and values(*carbon))


def work(long, until, start=0, contiguous=True):
    return DeferrableRun(long, MIDNIGHT + start * HOUR, MIDNIGHT + until * HOUR, contiguous)


def starts(plan):
    return [(one.start_at - MIDNIGHT) / HOUR for one in plan.pieces]


def test_cheapest_cleanest_and_what_each_costs_of_the_other():
    known = hours((5, 1, 3, 3), (10, 90, 20, 30))
    once, cheap, clean = (
        plan_at_once(known, work(1, 4)),
        best(known, work(1, 4), CHEAPEST),
        best(known, work(1, 4), CLEANEST),
    )
    assert [(starts(one), one.money, one.grams) for one in (once, cheap, clean)] == [
        ([0], 5, 10),
        ([1], 1, 90),
        ([0], 5, 10),
    ]
    # 2 more for 70 g less: from 28,571 a tonne on the third hour is worth it.
    assert starts(best(known, work(1, 4), weights_at(28_000))) == [1]
    assert starts(best(known, work(1, 4), weights_at(29_000))) == [2]


def test_of_hours_that_cost_the_same_the_cleanest_is_taken():
    known = hours((2, 2, 2, 9), (50, None, 10, 5))
    assert starts(best(known, work(1, 4), CHEAPEST)) == [2]


def test_a_plan_by_price_alone_does_not_know_its_carbon():
    found = best(hours((3, 1)), work(1, 2), CHEAPEST)
    assert (found.money, found.grams) == (1, None)
    assert best(hours((3, 1)), work(1, 2), CLEANEST) is None
    assert best(hours((3, 1)), work(1, 2), weights_at(1)) is None
    assert trade_off(hours((3, 1)), work(1, 2)) == ()
    assert best(hours(), work(1, 2), CHEAPEST) is None


def test_flat_is_the_mean_of_what_is_known():
    known = hours((4, None, 2, 100))
    assert flat(known.price, work(2, 3)) == 6
    assert flat(known.carbon, work(2, 3)) is None
    assert flat(known.price, work(1, 9, start=7)) is None


def test_steps_of_two_series_meet_on_the_finer_one():
    price = values(1, 2, start=MIDNIGHT, step_s=3600)
    carbon = values(10, 20, 30, start=MIDNIGHT + HOUR / 2, step_s=1800)
    found = aligned_hours(price, carbon)
    assert found.step == HOUR / 2
    assert found.price.values.tolist() == [1, 1, 2, 2]
    assert found.carbon.values.tolist() == pytest.approx([np.nan, 10, 20, 30], nan_ok=True)
    assert known_until(found.carbon) == MIDNIGHT + 2 * HOUR
    assert known_until(hours((None,)).price) is None
    assert next_slot(MIDNIGHT + HOUR / 4, HOUR / 2) == MIDNIGHT + HOUR / 2
    assert next_slot(MIDNIGHT, HOUR / 2) == MIDNIGHT


some = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=7)


@settings(max_examples=60, deadline=None)
@given(some, st.integers(1, 2), st.booleans())
def test_corners_are_the_lower_hull_of_all_choices(pairs, long, contiguous):
    """Against every choice of slots: none is below a line between two corners, and each corner is a choice."""
    known = hours([price for price, _ in pairs], [carbon for _, carbon in pairs])
    found = trade_off(known, work(long, len(pairs), contiguous=contiguous))
    choices = {
        (sum(pairs[place][0] for place in chosen), sum(pairs[place][1] for place in chosen))
        for chosen in combinations(range(len(pairs)), long)
        if not contiguous or chosen[-1] - chosen[0] == long - 1
    }
    corners = [(one.money, one.grams) for one in found]
    assert set(corners) <= choices
    assert corners[0][0] == min(money for money, _ in choices)
    assert corners[-1][1] == min(grams for _, grams in choices)
    assert corners == sorted(corners)
    for (money, grams), (more, less) in pairwise(corners):
        rate = (more - money) / (grams - less)
        assert min(one + rate * other for one, other in choices) >= money + rate * grams - 1e-6


@cases(
    ("day", "wall", "expected"),
    {
        "winter": (date(2026, 3, 28), time(14), "2026-03-28T13:00"),
        "the day has 23 hours": (date(2026, 3, 29), time(14), "2026-03-29T12:00"),
        "an hour that clocks jump over": (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),
        "an hour that comes twice": (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),
    },
)
def test_the_same_time_at_the_site_on_each_day(day, wall, expected):
    assert asked_on([day], wall, BERLIN) == [datetime.fromisoformat(f"{expected}+00:00")]


def weeks(days, of_hour, start):
    return values(*(of_hour(start + place * HOUR) for place in range(24 * days)), start=start)


def test_the_rule_learns_local_hours_over_a_change_of_clocks():
    """Cheap at 3:00 local time, also after clocks went forward on 29 March, where UTC differs."""
    start = datetime(2026, 3, 20, tzinfo=UTC)
    price = weeks(12, lambda at: 1.0 if at.astimezone(BERLIN).hour == 3 else 9.0, start)
    asks = [
        DeferrableRun(1, at, at + 9 * HOUR, True)
        for at in asked_on([date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)], time(0), BERLIN)
    ]
    found = tried(aligned_hours(price, None), asks, CHEAPEST, BERLIN)
    assert [one.by_rule.start_at.astimezone(BERLIN).hour for one in found.days] == [3, 3, 3]
    assert [one.by_rule.start_at.hour for one in found.days] == [2, 1, 1]
    assert [(one.at_once.money, one.by_rule.money, one.best.money) for one in found.days] == [(9, 1, 1)] * 3


def test_the_rule_looks_at_nothing_that_lies_ahead():
    start = datetime(2026, 11, 1, tzinfo=UTC)
    rng = np.random.default_rng(7)
    given_values = rng.uniform(1, 9, 24 * 10).tolist()
    asked_at = start + timedelta(days=9)
    work_of_day = DeferrableRun(2, asked_at, asked_at + 10 * HOUR, True)
    other = given_values[: 9 * 24] + [10 - value for value in given_values[9 * 24 :]]
    one, two = (
        tried(aligned_hours(values(*each, start=start), None), [work_of_day], CHEAPEST, BERLIN).days[0]
        for each in (given_values, other)
    )
    assert one.by_rule.pieces == two.by_rule.pieces
    assert one.best.pieces != two.best.pieces
    assert one.best.money <= min(one.by_rule.money, one.at_once.money)


def test_days_that_cannot_be_judged_are_counted():
    start = datetime(2026, 11, 1, tzinfo=UTC)
    price = weeks(3, lambda at: None if at.day == 3 and at.hour == 0 else 1.0, start)
    asks = [
        DeferrableRun(1, at, at + 2 * HOUR, True)
        for at in asked_on([date(2026, 11, day) for day in (1, 2, 3)], time(0), ZoneInfo("UTC"))
    ]
    found = tried(aligned_hours(price, None), asks, CHEAPEST, ZoneInfo("UTC"))
    # On the first there is no day before, on the third running at once is unknown.
    assert ([one.asked_at.day for one in found.days], found.unknown) == ([2], 2)
    assert tried(hours((1,)), asks, CLEANEST, BERLIN) == tried(hours(), asks, CLEANEST, BERLIN)
