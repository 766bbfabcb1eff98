"""Random rotations: nobody has two levels at a time, and cover is what each instant of 60 days says by itself, also
where the clocks change. Days and nights, rest and hours."""

# Times of day are local.

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.organisation.people.core.cover import (
    Ability,
    CoverSpan,
    ShiftRequirement,
    cover_parts,
    half_days,
    holds_until,
    rest_around,
    week_hours,
)
from readiness.organisation.people.core.on_call import Lack
from readiness.organisation.people.core.rotations import (
    Absence,
    HeldShift,
    PlannedShift,
    RotationPlan,
    TakenShift,
    TimeSpan,
    TurnLayer,
    cut_doubles,
    shifts_of,
)
from tests.readiness.organisation.people.by_instant import DailyLayer, Entries, cover_at, joined

ZONES = ["Europe/Berlin", "America/New_York", "UTC"]
# 60 days hold the change of the clock in March, or the one in October and November.
STARTS = [datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 9, 20, tzinfo=UTC)]
HOUR, DAY, SIXTY = timedelta(hours=1), timedelta(days=1), timedelta(days=60)
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
PEOPLE = st.integers(1, 5)


@st.composite
def spans(draw, start):
    begins = start + draw(st.integers(-5 * 24, 60 * 24)) * HOUR
    return begins, begins + draw(st.integers(1, 15 * 24)) * HOUR


@st.composite
def entries(draw, start):
    layers = [
        DailyLayer(
            level=draw(st.sampled_from([1, 1, 2, 2, 3])),
            first=start.replace(tzinfo=None) + draw(st.integers(-12 * 24, 72)) * HOUR,
            hours=draw(st.integers(6, 72)),
            every=draw(st.integers(1, 3)),
            turn=draw(st.integers(1, 3)),
            people=tuple(draw(st.lists(PEOPLE, min_size=1, max_size=4, unique=True))),
            zone=draw(st.sampled_from(ZONES)),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    # A rotation has one zone.
    layers = [DailyLayer(**vars(each) | {"zone": layers[0].zone}) for each in layers]
    levels = st.integers(1, 3)
    overrides = [
        (draw(levels), *draw(spans(start)), draw(st.none() | PEOPLE)) for _ in range(draw(st.integers(0, 3)))
    ]
    swaps = [
        (draw(levels), *draw(spans(start)), draw(PEOPLE), draw(PEOPLE))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return Entries(layers, overrides, [swap for swap in swaps if swap[3] != swap[4]])


@st.composite
def away_times(draw, start):
    return [(draw(PEOPLE), *draw(spans(start))) for _ in range(draw(st.integers(0, 3)))]


@st.composite
def held_abilities(draw, start):
    return [
        (
            draw(PEOPLE),
            draw(st.integers(1, 2)),
            draw(st.sampled_from([None, 1, 2, 2])),
            *draw(spans(start - 20 * DAY)),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]


def plan_of(written, away):
    return RotationPlan(
        time_zone=written.layers[0].zone,
        layers=[
            TurnLayer(
                level=each.level,
                starts_at=each.first.replace(tzinfo=ZoneInfo(each.zone)).astimezone(UTC),
                ends_at=NEVER,
                rule=f"FREQ=DAILY;INTERVAL={each.every}",
                duration=each.hours * HOUR,
                turn_shifts=each.turn,
                people=each.people,
            )
            for each in written.layers
        ],
        overrides=[
            HeldShift(level=level, starts_at=starts_at, ends_at=ends_at, person=person)
            for level, starts_at, ends_at, person in written.overrides
        ],
        swaps=[
            TakenShift(level=level, starts_at=starts_at, ends_at=ends_at, person=person, taker=taker)
            for level, starts_at, ends_at, person, taker in written.swaps
        ],
        absences=[
            Absence(person=person, starts_at=starts_at, ends_at=ends_at)
            for person, starts_at, ends_at in away
        ],
    )


def instants(start, *edges):
    """Hours of 60 days, and both sides of each edge."""
    near = {at + side for at in edges for side in (timedelta(0), -timedelta(minutes=1))}
    hours = {start + number * 7 * HOUR for number in range(60 * 24 // 7)}
    return sorted(at for at in near | hours if start <= at < start + SIXTY)


def levels_at(shifts, at):
    levels = {}
    for shift in shifts:
        if shift.starts_at <= at < shift.ends_at:
            levels.setdefault(shift.level, []).append(shift.person)
    return {level: sorted(people, key=str) for level, people in levels.items()}


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(STARTS))
def test_nobody_has_two_levels_at_a_time(data, start):
    written, away = data.draw(entries(start)), data.draw(away_times(start))
    shifts = shifts_of(plan_of(written, away), start, start + SIXTY)
    assert all(shift.double is None or shift.person is None for shift in shifts)
    for at in instants(start, *(edge for shift in shifts for edge in (shift.starts_at, shift.ends_at))):
        expected = {level: sorted(people, key=str) for level, people in written.levels(at, away).items()}
        assert levels_at(shifts, at) == expected
        present = [person for people in expected.values() for person in set(people) - {None}]
        assert len(present) == len(set(present))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(STARTS), st.integers(1, 3))
def test_cover_is_what_each_instant_says(data, start, per_shift):
    """One or two rotations serve the site; a skill may be asked for twice, at two levels."""
    several = [data.draw(entries(start)) for _ in range(data.draw(st.integers(1, 2)))]
    away, held = data.draw(away_times(start)), data.draw(held_abilities(start))
    asked = data.draw(
        st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2), st.just(per_shift)), max_size=2)
    )
    end = start + SIXTY
    shifts = [
        HeldShift(
            level=each.level,
            person=each.person,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            rotation=place,
        )
        for place, written in enumerate(several)
        for each in shifts_of(plan_of(written, away), start, end)
    ]
    parts = cover_parts(
        "network",
        shifts,
        [ShiftRequirement(skill, level, "", number, f"Skill {skill}") for skill, level, number in asked],
        [
            Ability(
                person=person,
                skill_id=skill,
                level=level or 0,
                is_exempt=level is None,
                starts_at=begins,
                ends_at=ends,
            )
            for person, skill, level, begins, ends in held
        ],
        start=start,
        end=end,
    )
    assert (parts[0].starts_at, parts[-1].ends_at) == (start, end)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(parts))
    edges = [at for part in parts for at in (part.starts_at, part.ends_at)]
    edges += [at for *_, begins, ends in held for at in (begins, ends)]
    for at in instants(start, *edges):
        [part] = [each for each in parts if each.starts_at <= at < each.ends_at]
        levels = joined(written.levels(at, away) for written in several)
        expected = cover_at(levels, asked, held, at)
        assert (part.standing, set(part.people), len(part.qualified), part.needed) == (
            *(expected[0], expected[1], len(expected[2]), expected[3]),
        )


def at(day, hour=0):
    return datetime(2026, 12, day, hour, tzinfo=UTC)


def held(person, level, first=1, last=2, **given):
    return HeldShift(person=person, level=level, starts_at=at(first), ends_at=at(last), **given)


EOS = ShiftRequirement(7, 2, "arista", 1, "Arista EOS, level 2")


def able(person, **given):
    usual = {"skill_id": 7, "level": 2, "vendor": "arista", "starts_at": at(1), "ends_at": NEVER}
    return Ability(person=person, **usual | given)


def parts(shifts, abilities=(), requirements=(EOS,)):
    return cover_parts("network", shifts, requirements, abilities, start=at(1), end=at(2))


def lack(level, skill="Arista EOS, level 2"):
    return Lack(domain="network", level=level, skill=skill)


@pytest.mark.parametrize(
    ("shifts", "abilities", "standing", "qualified", "lacks"),
    [
        ([held(1, 1), held(2, 2)], [able(1), able(2)], "as-needed", 2, ()),
        ([held(1, 1), held(2, 2), held(3, 1)], [able(1), able(2), able(3)], "more", 3, ()),
        ([held(1, 1), held(2, 2)], [able(1)], "short", 1, (lack(2),)),
        ([held(1, 1), held(2, 2)], [able(1), able(2, level=1)], "short", 1, (lack(2),)),
        ([held(1, 1), held(2, 2)], [able(1), able(2, vendor="other")], "short", 1, (lack(2),)),
        ([held(1, 1), held(2, 2)], [able(1), able(2, level=0, vendor="", is_exempt=True)], "as-needed", 2, ()),
        ([held(1, 1), held(1, 2)], [able(1)], "short", 1, (lack(2, "nobody"),)),
        ([held(1, 1), held(1, 2), held(2, 2)], [able(1), able(2)], "as-needed", 2, ()),
        ([held(1, 1, rotation=1), held(1, 2, rotation=2)], [able(1)], "short", 1, (lack(2, "nobody"),)),
        ([held(1, 1), held(None, 2)], [able(1)], "short", 1, (lack(2, "nobody"),)),
        ([held(None, 1)], [], "short", 0, (lack(1, "nobody"), lack(2, "nobody"))),
        ([], [able(1)], "not-planned", 0, ()),
        ([held(1, 3)], [able(1)], "not-planned", 0, ()),
    ],
    ids=[
        "both know it", "three do", "one does not", "at a lower level", "on other equipment", "exempt",
        "one person twice", "another beside one person twice", "one person in two rotations", "secondary is nobody",
        "nobody", "no shift", "only a third level",
    ],
)  # fmt: skip
def test_what_is_enough(shifts, abilities, standing, qualified, lacks):
    [part] = parts(shifts, abilities)
    assert (part.standing, len(part.qualified), part.lacks) == (standing, qualified, lacks)


def test_a_span_ends_with_a_qualification_and_not_with_one_that_changes_nothing():
    shifts = [held(1, 1), held(2, 2)]
    ends = able(2, ends_at=at(1, 9))
    assert [(part.ends_at, part.standing) for part in parts(shifts, [able(1), ends])] == [
        (at(1, 9), "as-needed"),
        (at(2), "short"),
    ]
    assert len(parts(shifts, [able(1), ends, able(2)])) == 1
    assert len(parts(shifts, [able(1), able(2), able(3, ends_at=at(1, 9))])) == 1


def test_who_is_double_is_named():
    [part] = parts([held(1, 1), held(1, 2)], [able(1)])
    assert part.doubles == {1}
    first, second = cut_doubles(
        PlannedShift(level=level, person=1, starts_at=at(1), ends_at=at(2), origin="layer")
        for level in (1, 2)
    )
    assert (first.person, second.person, second.double, second.is_on_leave) == (1, None, 1, False)


def span(begins, ends, number):
    people = frozenset(range(number))
    return CoverSpan(
        site=1, domain="network", starts_at=begins, ends_at=ends, people=people, qualified=people, needed=2
    )


def test_the_worst_span_decides_a_day_or_a_night():
    """In Lisbon, which is at UTC in December."""
    spans = [span(at(1, 4), at(1, 17), 2), span(at(1, 17), at(2, 3), 1), span(at(2, 3), at(2, 7), 3)]
    halves = [
        (each.day, each.is_night, each.standing, each.qualified) for each in half_days(spans, "Europe/Lisbon")
    ]
    assert halves == [
        (date(2026, 11, 30), True, "as-needed", 2),
        (date(2026, 12, 1), False, "short", 1),
        (date(2026, 12, 1), True, "short", 1),
        (date(2026, 12, 2), False, "more", 3),
    ]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 11), (date(2026, 10, 24), 13), (date(2026, 6, 1), 12)]
)
def test_a_night_is_as_long_as_the_clock_makes_it(day, hours):
    begins = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    night = next(
        each for each in half_days([span(begins, begins + DAY, 2)], "Europe/Berlin") if each.is_night
    )
    assert (night.day, (night.ends_at - night.starts_at) / HOUR) == (day, hours)


def hours_of_december(first, last):
    return TimeSpan(starts_at=at(10) + first * HOUR, ends_at=at(10) + last * HOUR)


def test_rest_and_hours_around_a_shift():
    shift = hours_of_december(0, 12)
    assert rest_around([], shift) == (None, None)
    others = [hours_of_december(-20, -9), hours_of_december(30, 40), hours_of_december(-50, -40)]
    assert rest_around(others, shift) == (9 * HOUR, 18 * HOUR)
    assert rest_around([hours_of_december(6, 20)], shift) == (timedelta(0), timedelta(0))
    assert week_hours(others, shift) == 12 + 11 + 10
    assert week_hours([hours_of_december(6, 20)], shift) == 20


def test_how_long_a_skill_lasts_without_a_break():
    chain = [able(1, ends_at=at(5)), able(1, starts_at=at(4), ends_at=at(9)), able(1, starts_at=at(10))]
    assert holds_until(EOS, chain, at(2)) == at(9)
    assert holds_until(EOS, chain, at(9)) is None
    assert holds_until(EOS, [], at(2)) is None
