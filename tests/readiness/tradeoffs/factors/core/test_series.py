"""Files land at the right instants or are refused by line; integrals agree with sums over every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.tradeoffs.factors.core.series import (
    FactorSeries,
    SeriesRefused,
    SeriesRow,
    integrated,
    placed,
    step_of,
)
from tests.cases import cases

BERLIN = ZoneInfo("Europe/Berlin")
ADELAIDE = ZoneInfo("Australia/Adelaide")
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)


def file_of(*times, first_line=2):
    return [
        SeriesRow(line, datetime.fromisoformat(at), float(line)) for line, at in enumerate(times, first_line)
    ]


def utc(points):
    return [at.strftime("%d %H:%M") for _line, at, _value in points]


def hourly(values, start=MIDNIGHT, step_s=3600):
    step = timedelta(seconds=step_s)
    return FactorSeries.build(step_s, [(start + index * step, value) for index, value in enumerate(values)])


def test_the_hour_that_clocks_skip_is_not_missed():
    points = placed(file_of("2026-03-29T01:00", "2026-03-29T03:00", "2026-03-29T04:00"), BERLIN)
    assert utc(points) == ["29 00:00", "29 01:00", "29 02:00"]
    assert step_of(points) == 3600


def test_a_row_in_the_hour_that_clocks_skip_is_refused_with_its_line():
    with pytest.raises(SeriesRefused, match="does not exist in Europe/Berlin") as refused:
        placed(file_of("2026-03-29T01:00", "2026-03-29T02:00"), BERLIN)
    assert refused.value.line == 3


def test_the_hour_that_clocks_repeat_is_two_hours():
    times = ("2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T02:00", "2026-10-25T03:00")
    points = placed(file_of(*times), BERLIN)
    assert utc(points) == ["24 23:00", "25 00:00", "25 01:00", "25 02:00"]
    assert [value for *_, value in points] == [2.0, 3.0, 4.0, 5.0]


def test_half_hours_of_a_repeated_hour_keep_their_order():
    halves = ("2026-10-25T02:00", "2026-10-25T02:30", "2026-10-25T02:00", "2026-10-25T02:30")
    points = placed(file_of(*halves), BERLIN)
    assert utc(points) == ["25 00:00", "25 00:30", "25 01:00", "25 01:30"]
    assert step_of(points) == 1800


def test_a_file_with_the_newest_row_first_is_turned_round():
    times = ("2026-10-25T03:00", "2026-10-25T02:00", "2026-10-25T02:00", "2026-10-25T01:00")
    points = placed(file_of(*times), BERLIN)
    assert utc(points) == ["24 23:00", "25 00:00", "25 01:00", "25 02:00"]
    assert [line for line, *_ in points] == [5, 4, 3, 2]


def test_a_repeated_hour_that_is_in_the_file_once_is_refused():
    with pytest.raises(SeriesRefused, match="occurs twice in Europe/Berlin, and is in the file once") as no:
        placed(file_of("2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00"), BERLIN)
    assert no.value.line == 3


def test_zones_with_half_hours_are_on_a_grid_of_their_own():
    points = placed(file_of("2026-06-01T00:00", "2026-06-01T01:00"), ADELAIDE)
    assert utc(points) == ["31 14:30", "31 15:30"]
    assert step_of(points) == 3600


def test_offsets_need_no_zone():
    points = placed(file_of("2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"), None)
    assert utc(points) == ["25 00:00", "25 01:00"]


@cases(
    ("times", "line", "said"),
    {
        "whose midnight": (["2026-01-05T00:00"], 2, "no offset"),
        "out of order": (
            ["2026-01-05T00:00Z", "2026-01-05T02:00Z", "2026-01-05T01:00Z", "2026-01-05T03:00Z"], 4,
            "out of order after line 3"),
        "twice": (["2026-01-05T00:00Z", "2026-01-05T01:00Z", "2026-01-05T01:00Z", "2026-01-05T02:00Z"], 4,
            "same time as line 3"),
        "too early": (["0001-01-01T00:00+10:00", "0001-01-01T01:00+10:00"], 2, "out of range"),
    },
)  # fmt: skip
def test_rows_without_an_instant_of_their_own_are_refused(times, line, said):
    with pytest.raises(SeriesRefused, match=said) as refused:
        placed(file_of(*times), None)
    assert (refused.value.line, refused.value.field) == (line, "at")


@cases(
    ("times", "stated_s", "said"),
    {
        "one row": (["2026-01-05T00:00Z"], None, "does not show how long"),
        "five minutes": (["2026-01-05T00:00Z", "2026-01-05T00:05Z"], None, "300 s apart"),
        "days": (["2026-01-05T00:00Z", "2026-01-06T00:00Z"], None, "86400 s apart"),
        "off": (["2026-01-05T00:00Z", "2026-01-05T01:00Z", "2026-01-05T02:40Z"], None, "not on the grid"),
        "stated minutes": (["2026-01-05T00:00Z"], 60, "60 s apart"),
    },
)
def test_a_step_is_a_quarter_half_or_whole_hour(times, stated_s, said):
    with pytest.raises(SeriesRefused, match=said):
        step_of(placed(file_of(*times), None), stated_s)


def test_no_rows_have_no_step():
    with pytest.raises(SeriesRefused, match="no row"):
        step_of([])


def test_a_gap_is_left_out_and_said():
    price = hourly([0.1, None, 0.3, 0.4])
    found = integrated(price, 100.0, MIDNIGHT, MIDNIGHT + timedelta(hours=5))
    assert found.total == pytest.approx(100 * (0.1 + 0.3 + 0.4))
    assert (found.covered_h, found.coverage) == (3.0, pytest.approx(0.6))
    assert not found.complete


def test_nothing_known_is_not_nothing():
    before = MIDNIGHT - timedelta(days=2)
    found = integrated(hourly([0.1]), 100.0, before, before + timedelta(hours=5))
    assert (found.total, found.coverage) == (None, 0.0)


def test_negative_prices_lower_the_sum():
    found = integrated(hourly([0.1, -0.3]), 10.0, MIDNIGHT, MIDNIGHT + timedelta(hours=2))
    assert found.total == pytest.approx(-2.0)
    assert found.complete


def test_a_period_has_to_last():
    with pytest.raises(ValueError, match="must end after it starts"):
        integrated(hourly([1.0]), 1.0, MIDNIGHT, MIDNIGHT)


def test_overlapping_intervals_are_no_series():
    with pytest.raises(ValueError, match="do not overlap"):
        FactorSeries.build(3600, [(MIDNIGHT, 1.0), (MIDNIGHT + timedelta(minutes=30), 1.0)])
    with pytest.raises(ValueError, match="as many instants"):
        FactorSeries(3600, np.array([0]), np.array([]))


PARTS = st.lists(st.one_of(st.none(), st.floats(-0.5, 4.0)), min_size=2, max_size=30)


def by_the_minute(factor, load, start, minutes):
    """The same sum, minute by minute in plain Python over dictionaries."""

    def at(series, second):
        pairs = zip(series.starts_s.tolist(), series.values.tolist(), strict=True)
        return next(
            (v for first, v in pairs if first <= second < first + series.step_s and v == v),
            None,
        )

    total, known = 0.0, 0
    for minute in range(minutes):
        second = start.timestamp() + 60 * minute
        price, draw = at(factor, second), at(load, second)
        if price is not None and draw is not None:
            total += price * draw / 60
            known += 1
    return total, known


@settings(max_examples=25, deadline=None)
@given(prices=PARTS, loads=PARTS, offset_min=st.integers(0, 90), length_min=st.integers(1, 600))
def test_integrals_agree_with_a_sum_over_every_minute(prices, loads, offset_min, length_min):
    price, load = hourly(prices), hourly(loads, step_s=1800)
    start = MIDNIGHT + timedelta(minutes=offset_min)
    found = integrated(price, load, start, start + timedelta(minutes=length_min))
    total, known = by_the_minute(price, load, start, length_min)
    assert found.covered_h * 60 == pytest.approx(known)
    assert (found.total is None) == (known == 0)
    assert (found.total or 0.0) == pytest.approx(total, rel=1e-3, abs=1e-9)


def test_a_year_of_hours_agrees_with_its_own_sum():
    hours = np.arange(8760)
    price = hourly((0.08 + 0.05 * np.sin(hours / 24 * 2 * np.pi)).tolist())
    load = hourly((800 + 150 * np.cos(hours / 24 * 2 * np.pi)).tolist())
    pue = hourly((1.2 + 0.05 * np.sin(hours / 8760 * 2 * np.pi)).tolist())
    at_the_meter = FactorSeries(load.step_s, load.starts_s, load.values * pue.values)
    found = integrated(price, at_the_meter, MIDNIGHT, MIDNIGHT + timedelta(hours=8760))
    expected = sum(
        p * q * r
        for p, q, r in zip(price.values.tolist(), load.values.tolist(), pue.values.tolist(), strict=True)
    )
    assert found.total == pytest.approx(expected, rel=1e-9)
    assert found.complete
