"""When deferrable work should run: held against every choice of slots, and against an integration by the minute."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.core.windows import (
    DeferrableRun,
    SeriesError,
    Slot,
    SlotSeries,
    back_test,
    best_window,
    cost_from,
)

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour):
    return MIDNIGHT + hour * HOUR


def series(*values, step=HOUR, missing=()):
    slots = [
        Slot(MIDNIGHT + place * step, value) for place, value in enumerate(values) if place not in missing
    ]
    return SlotSeries(step, "EUR/kWh", tuple(slots))


def work(hours, until, start=0, contiguous=True):
    return DeferrableRun(hours, at(start), at(until), contiguous)


def pieces(window):
    return [((one.start_at - MIDNIGHT) / HOUR, (one.end_at - MIDNIGHT) / HOUR) for one in window.pieces]


@pytest.mark.parametrize(
    ("values", "asked", "expected", "total", "saving"),
    [
        pytest.param((5, 1, 2, 9), work(2, 4), [(1, 3)], 3.0, 3.0, id="cheapest run"),
        pytest.param((5, 1, 9, 1), work(2, 4, contiguous=False), [(1, 2), (3, 4)], 2.0, 4.0, id="split"),
        pytest.param((5, 1, 1, 9), work(2, 2), [(0, 2)], 6.0, 0.0, id="only what is before the deadline"),
        pytest.param((5, 1, 2, 9), work(2, 4, start=2), [(2, 4)], 11.0, 0.0, id="not before it may begin"),
        pytest.param((3, 3, 3), work(1, 3), [(0, 1)], 3.0, 0.0, id="a tie goes to the earliest"),
        pytest.param((2, -5, 4), work(1, 3), [(1, 2)], -5.0, 7.0, id="a negative price"),
        pytest.param((4, 1, None, 1, 1), work(2, 5), [(3, 5)], 2.0, 3.0, id="never into an unknown slot"),
        pytest.param((None, 1, 3), work(1, 3), [(1, 2)], 1.0, None, id="running at once unknown"),
        pytest.param((9, 2, 1), work(1.5, 3), [(1.5, 3)], 2.0, 8.0, id="half an hour spared at the dear end"),
        pytest.param(
            (9, 2, 9, 1),
            work(1.5, 4, contiguous=False),
            [(1, 1.5), (3, 4)],
            2.0,
            8.0,
            id="split, the dear one in part",
        ),
    ],
)
def test_best_window(values, asked, expected, total, saving):
    found = best_window(series(*values), asked)
    assert pieces(found) == expected
    assert found.total == pytest.approx(total)
    assert found.saving == (None if saving is None else pytest.approx(saving))


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        pytest.param(series(1, 1), work(3, 5), id="too little is known"),
        pytest.param(series(1, None, 1), work(2, 3), id="no run without a gap"),
        pytest.param(series(1, 1, 1, missing={1}), work(2, 3), id="a slot is missing"),
        pytest.param(series(1, 1, 1), work(2, 1), id="the deadline is too near"),
        pytest.param(series(), work(1, 3), id="nothing is known"),
    ],
)
def test_no_window(known, asked):
    assert best_window(known, asked) is None


def test_slots_without_a_value_are_counted():
    assert best_window(series(1, None, 2, 3, missing={3}), work(1, 6)).skipped == 4


def test_half_hourly_slots():
    found = best_window(series(4, 4, 1, 1, 9, 9, step=HOUR / 2), work(1, 3))
    assert (pieces(found), found.total, found.at_once) == ([(1, 2)], 1.0, 4.0)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        pytest.param(lambda: series(1, float("nan")), "is no number", id="not a number"),
        pytest.param(lambda: series(1, step=timedelta(0)), "longer than nothing", id="no step"),
        pytest.param(
            lambda: SlotSeries(HOUR, "", (Slot(MIDNIGHT.replace(tzinfo=None), 1.0),)),
            "not in UTC",
            id="no zone",
        ),
        pytest.param(
            lambda: SlotSeries(HOUR, "", (Slot(datetime(2026, 3, 29, tzinfo=timezone(HOUR)), 1.0),)),
            "not in UTC",
            id="local time, in which days have 23 and 25 hours",
        ),
        pytest.param(
            lambda: SlotSeries(HOUR, "", (Slot(at(0), 1.0), Slot(at(0.5), 1.0))),
            "less than a step",
            id="slots overlap",
        ),
        pytest.param(lambda: best_window(series(1), work(0, 3)), "no work", id="no hours"),
    ],
)
def test_what_makes_no_series_is_refused(made, words):
    with pytest.raises(SeriesError, match=words):
        made()


values = st.lists(st.integers(-3, 9) | st.none(), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(values, st.integers(1, 3), st.booleans())
def test_no_choice_of_slots_is_cheaper(given_values, hours, contiguous):
    until = len(given_values)
    found = best_window(series(*given_values), work(hours, until, contiguous=contiguous))
    totals = [
        sum(given_values[place] for place in chosen)
        for chosen in combinations(range(until), hours)
        if all(given_values[place] is not None for place in chosen)
        and (not contiguous or chosen[-1] - chosen[0] == hours - 1)
    ]
    assert (found.total if found else None) == (min(totals) if totals else None)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-3, 9), min_size=3, max_size=6), st.integers(1, 8), st.integers(0, 8))
def test_cost_is_an_integral_by_quarters_of_an_hour(given_values, quarters, start):
    """Against adding up each quarter of an hour by itself; no start between is cheaper than the best run."""
    by_quarter = [value / 4 for value in given_values for _ in range(4)]
    ran = by_quarter[start : start + quarters]
    found = cost_from(series(*given_values), MIDNIGHT + start * HOUR / 4, quarters / 4)
    assert found == (pytest.approx(sum(ran)) if len(ran) == quarters else None)
    best = best_window(series(*given_values), work(quarters / 4, len(given_values)))
    if found is not None:
        assert best.total <= found + 1e-9
    inside = sum((one.end_at - one.start_at) / HOUR for one in best.pieces)
    assert inside == pytest.approx(quarters / 4)


def test_a_back_test_counts_regret_and_what_cannot_be_judged():
    known = series(5, 1, 2, 9, None, 3)
    found = back_test(
        known,
        [(at(0), work(2, 4)), (at(1), work(2, 4)), (at(3), work(2, 6))],
    )
    assert [one.regret for one in found.judged] == [3.0, 0.0]
    assert (found.regret, found.unknown) == (3.0, 1)
