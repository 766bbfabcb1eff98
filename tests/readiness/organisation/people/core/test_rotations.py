"""Rotations to shifts: turns, both changes of the clock, overrides, swaps, leave; and which rules are refused."""

# Times of day are local: each test says in which zone.
# ruff: noqa: DTZ001

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.organisation.people.core.recurrence import RuleRefused, rule_words
from readiness.organisation.people.core.rotations import (
    Absence,
    HeldShift,
    RotationPlan,
    TakenShift,
    TurnLayer,
    refuse_rule,
    shifts_of,
)

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "UTC"]
# The fortnights hold the changes of the clock in Europe, America and Australia.
BEGINS = [datetime(2026, 3, 22), datetime(2026, 10, 20), datetime(2026, 3, 5), datetime(2026, 9, 28)]
FORTNIGHT, HOUR = timedelta(days=14), timedelta(hours=1)
NEVER = datetime(9000, 1, 1, tzinfo=UTC)


def instant(local, zone):
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def layer(zone="Europe/Berlin", first=datetime(2026, 10, 19, 9), **given):
    usual = {"level": 1, "rule": "FREQ=DAILY", "duration": 24 * HOUR, "turn_shifts": 1, "people": (1, 2, 3)}
    return TurnLayer(**usual | {"starts_at": instant(first, zone), "ends_at": NEVER} | given)


def plan(*layers, zone="Europe/Berlin", **given):
    return RotationPlan(time_zone=zone, layers=layers or (layer(zone),), **given)


def rows(shifts):
    return [(shift.starts_at, shift.ends_at, shift.level, shift.person) for shift in shifts]


@given(
    zone=st.sampled_from(ZONES),
    begins=st.sampled_from(BEGINS),
    hour=st.integers(0, 23),
    hours=st.integers(4, 24),
    every=st.integers(1, 3),
    people=st.integers(1, 5),
    turn=st.integers(1, 4),
)
def test_shifts_keep_the_time_of_day_and_the_turns(zone, begins, hour, hours, every, people, turn):
    first = begins - timedelta(days=9) + hour * HOUR
    made = layer(
        zone,
        first,
        rule=f"FREQ=DAILY;INTERVAL={every}",
        duration=hours * HOUR,
        people=tuple(range(people)),
        turn_shifts=turn,
    )
    start, end = instant(begins, zone), instant(begins + FORTNIGHT, zone)
    expected = []
    for place, day in enumerate(range(0, 30, every)):
        local = first + timedelta(days=day)
        starts_at, ends_at = instant(local, zone), instant(local + hours * HOUR, zone)
        if starts_at < end and ends_at > start and starts_at < ends_at:
            expected.append((starts_at, ends_at, 1, place // turn % people))
    assert rows(shifts_of(plan(made, zone=zone), start, end)) == sorted(expected)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 28), 23), (datetime(2026, 10, 24), 25)],
    ids=["an hour is left out", "an hour comes twice"],
)
def test_round_the_clock_leaves_no_gap_where_the_clocks_change(day, hours):
    start = instant(day, "Europe/Berlin")
    shifts = shifts_of(plan(layer(first=day - timedelta(days=3) + 9 * HOUR)), start, start + 72 * HOUR)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(shifts))
    changed = next(shift for shift in shifts if shift.starts_at == instant(day + 9 * HOUR, "Europe/Berlin"))
    assert changed.ends_at - changed.starts_at == hours * HOUR


DAY = instant(datetime(2026, 10, 20, 9), "Europe/Berlin")


def on(hour):
    return DAY + hour * HOUR


def spans(shifts):
    return [(int((shift.starts_at - DAY) / HOUR), shift.person, str(shift.origin)) for shift in shifts]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [(0, 2, "layer")]),
        (
            {"overrides": [HeldShift(level=1, person=9, starts_at=on(4), ends_at=on(6))]},
            [(0, 2, "layer"), (4, 9, "override"), (6, 2, "layer")],
        ),
        (
            {"overrides": [HeldShift(level=1, person=None, starts_at=on(0), ends_at=on(24))]},
            [(0, None, "override")],
        ),
        ({"overrides": [HeldShift(level=2, person=9, starts_at=on(40), ends_at=on(48))]}, [(0, 2, "layer")]),
        (
            {"swaps": [TakenShift(level=1, person=2, taker=3, starts_at=on(0), ends_at=on(24))]},
            [(0, 3, "swap")],
        ),
        (
            {"swaps": [TakenShift(level=1, person=1, taker=3, starts_at=on(0), ends_at=on(24))]},
            [(0, 2, "layer")],
        ),
        (
            {
                "overrides": [HeldShift(level=1, person=9, starts_at=on(0), ends_at=on(24))],
                "swaps": [TakenShift(level=1, person=2, taker=3, starts_at=on(0), ends_at=on(24))],
            },
            [(0, 9, "override")],
        ),
        (
            {"absences": [Absence(person=2, starts_at=on(20), ends_at=on(90))]},
            [(0, 2, "layer"), (20, None, "layer")],
        ),
        (
            {
                "swaps": [TakenShift(level=1, person=2, taker=3, starts_at=on(0), ends_at=on(24))],
                "absences": [Absence(person=2, starts_at=on(0), ends_at=on(24))],
            },
            [(0, 3, "swap")],
        ),
    ],
    ids=[
        "a layer alone",
        "an override cuts it",
        "an override of nobody",
        "an override later",
        "a swap",
        "a swap of another's shift",
        "an override wins over a swap",
        "leave makes it nobody's",
        "who took it is not away",
    ],
)
def test_what_changes_a_shift(given, expected):
    shifts = shifts_of(plan(**given), on(0), on(24))
    assert spans(shifts) == expected
    assert [shift.is_on_leave for shift in shifts] == [
        shift.person is None and str(shift.origin) == "layer" for shift in shifts
    ]


def test_a_layer_ends():
    made = replace(layer(), ends_at=on(6))
    assert spans(shifts_of(plan(made), on(0), on(48))) == [(0, 2, "layer")]


@pytest.mark.parametrize(
    "rule", ["FREQ=WEEKLY;BYDAY=MO", "FREQ=HOURLY;INTERVAL=8", "FREQ=DAILY;BYHOUR=6,14,22"]
)
def test_usual_rules_are_taken(rule):
    refuse_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every Monday",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY;BYMINUTE=0,5",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;COUNT=3",
        "FREQ=DAILY;UNTIL=20270101T000000",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=DAILY;BYSETPOS=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=99MO",
        "FREQ=MONTHLY;BYDAY=-6MO",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=53MO",
        "FREQ=WEEKLY;BYDAY=MO\nRRULE:FREQ=SECONDLY",
        "FREQ=HOURLY;BYEASTER=1",
    ],
)
def test_rules_beyond_bounds_are_refused(rule):
    with pytest.raises(RuleRefused):
        refuse_rule(rule)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY;BYHOUR=7,19;BYMINUTE=30;BYSECOND=0", "every day at 07:30, 19:30"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "every 2 weeks on Mon, Thu"),
        ("FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
    ],
)
def test_a_plain_rule_is_said_in_words(rule, words):
    assert rule_words(rule) == words
