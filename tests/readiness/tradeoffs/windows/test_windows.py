"""When deferrable work should run: held against every choice of slots, and against an integration by the minute."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.factors.core.series import FactorSeries
from readiness.tradeoffs.windows.core import DeferrableRun, Piece, best_window, cost_of
from tests.cases import cases

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour):
    return MIDNIGHT + hour * HOUR


def series(*values, step=HOUR, missing=()):
    slots = [(MIDNIGHT + place * step, value) for place, value in enumerate(values) if place not in missing]
    return FactorSeries.build(int(step.total_seconds()), slots)


def work(hours, until, start=0, contiguous=True):
    return DeferrableRun(hours, at(start), at(until), contiguous)


def pieces(window):
    return [((one.start_at - MIDNIGHT) / HOUR, (one.end_at - MIDNIGHT) / HOUR) for one in window]


@cases(
    ("values", "asked", "expected", "total", "saving"),
    {
        "cheapest run": ((5, 1, 2, 9), work(2, 4), [(1, 3)], 3.0, 3.0),
        "split": ((5, 1, 9, 1), work(2, 4, contiguous=False), [(1, 2), (3, 4)], 2.0, 4.0),
        "only what is before the deadline": ((5, 1, 1, 9), work(2, 2), [(0, 2)], 6.0, 0.0),
        "not before it may begin": ((5, 1, 2, 9), work(2, 4, start=2), [(2, 4)], 11.0, 0.0),
        "a tie goes to the earliest": ((3, 3, 3), work(1, 3), [(0, 1)], 3.0, 0.0),
        "a negative price": ((2, -5, 4), work(1, 3), [(1, 2)], -5.0, 7.0),
        "never into an unknown slot": ((4, 1, None, 1, 1), work(2, 5), [(3, 5)], 2.0, 3.0),
        "running at once unknown": ((None, 1, 3), work(1, 3), [(1, 2)], 1.0, None),
        "half an hour spared at the dear end": ((9, 2, 1), work(1.5, 3), [(1.5, 3)], 2.0, 8.0),
        "split, the dear one in part": ((9, 2, 9, 1), work(1.5, 4, contiguous=False), [(1, 1.5), (3, 4)], 2.0,
            8.0),
    },
)  # fmt: skip
def test_best_window(values, asked, expected, total, saving):
    known = series(*values)
    window = best_window(known, asked)
    assert pieces(window) == expected
    assert cost_of(known, window) == pytest.approx(total)
    at_once = cost_of(known, [Piece(asked.earliest_at, asked.earliest_at + asked.hours * HOUR)])
    assert at_once == (None if saving is None else pytest.approx(total + saving))


@cases(
    ("known", "asked"),
    {
        "too little is known": (series(1, 1), work(3, 5)),
        "no run without a gap": (series(1, None, 1), work(2, 3)),
        "a slot is missing": (series(1, 1, 1, missing={1}), work(2, 3)),
        "the deadline is too near": (series(1, 1, 1), work(2, 1)),
        "nothing is known": (series(), work(1, 3)),
    },
)
def test_no_window(known, asked):
    assert best_window(known, asked) is None


def test_half_hourly_slots():
    known = series(4, 4, 1, 1, 9, 9, step=HOUR / 2)
    window = best_window(known, work(1, 3))
    assert (pieces(window), cost_of(known, window)) == ([(1, 2)], 1.0)


def test_no_hours_are_no_work():
    with pytest.raises(ValueError, match="no work"):
        work(0, 3)


values = st.lists(st.integers(-3, 9) | st.none(), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(values, st.integers(1, 3), st.booleans())
def test_no_choice_of_slots_is_cheaper(given_values, hours, contiguous):
    until = len(given_values)
    known = series(*given_values)
    window = best_window(known, work(hours, until, contiguous=contiguous))
    totals = [
        sum(given_values[place] for place in chosen)
        for chosen in combinations(range(until), hours)
        if all(given_values[place] is not None for place in chosen)
        and (not contiguous or chosen[-1] - chosen[0] == hours - 1)
    ]
    assert (cost_of(known, window) if window else None) == (min(totals) if totals else None)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-3, 9), min_size=3, max_size=6), st.integers(1, 8), st.integers(0, 8))
def test_cost_is_an_integral_by_quarters_of_an_hour(given_values, quarters, start):
    """Against adding up each quarter of an hour by itself; no start between is cheaper than the best run."""
    by_quarter = [value / 4 for value in given_values for _ in range(4)]
    ran = by_quarter[start : start + quarters]
    known = series(*given_values)
    found = cost_of(known, [Piece(MIDNIGHT + start * HOUR / 4, MIDNIGHT + (start + quarters) * HOUR / 4)])
    assert found == (pytest.approx(sum(ran)) if len(ran) == quarters else None)
    best = best_window(known, work(quarters / 4, len(given_values)))
    if found is not None:
        assert cost_of(known, best) <= found + 1e-9
    inside = sum((one.end_at - one.start_at) / HOUR for one in best)
    assert inside == pytest.approx(quarters / 4)
