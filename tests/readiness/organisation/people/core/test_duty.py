"""Rest, hours a week and overtime equal a calculation by quarters of an hour, also where the clocks change."""

# Times of day are local: each test says in which zone.
# ruff: noqa: DTZ001

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.organisation.people.core import duty
from readiness.organisation.people.core.duty import DutyLimits, OvertimePrice
from readiness.organisation.people.core.rotations import Absence, HeldShift

QUARTER, HOUR, DAY, WEEK = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
# Europe, America and Australia change their clocks within the weeks after these.
BEGINS = [datetime(2026, 3, 2), datetime(2026, 10, 5), datetime(2026, 9, 21)]
WEEKS = 7


def instant(local, zone):
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def on(person, starts_at, ends_at, *, level=1, rotation=0):
    return HeldShift(person=person, level=level, rotation=rotation, starts_at=starts_at, ends_at=ends_at)


@st.composite
def rosters(draw):
    """Shifts of one person, by local time of a zone: a few patterns day after day, or single ones anywhere."""
    zone, begins = draw(st.sampled_from(ZONES)), draw(st.sampled_from(BEGINS))
    shifts = []
    for _ in range(draw(st.integers(1, 3))):
        first, every = draw(st.integers(0, 20)), draw(st.integers(1, 9))
        begin, lasts = draw(st.integers(0, 95)), draw(st.sampled_from([1, 16, 32, 48, 53, 96, 672]))
        level, rotation = draw(st.integers(1, 3)), draw(st.integers(0, 1))
        for day in range(first, WEEKS * 7, every):
            local = begins + day * DAY + begin * QUARTER
            starts_at, ends_at = instant(local, zone), instant(local + lasts * QUARTER, zone)
            if starts_at < ends_at:
                shifts.append(on(1, starts_at, ends_at, level=level, rotation=rotation))
    return zone, instant(begins, zone), shifts


limits = st.builds(
    DutyLimits,
    rest_h=st.sampled_from([None, 8.0, 11.0, 12.0]),
    week_h=st.sampled_from([None, 20.0, 38.5, 48.0]),
    weeks=st.integers(1, 6),
    primary_share=st.sampled_from([1.0, 1.0, 0.5]),
    standby_share=st.sampled_from([1.0, 0.25, 0.0]),
)


class Slots:
    """Quarters of an hour from a week before the roster to a week after it."""

    def __init__(self, begins, shifts, limits):
        self.zero = begins - WEEK
        self.number = (WEEKS + 2 + 3) * 7 * 96
        self.share = [0.0] * self.number
        for shift in shifts:
            for slot in self.of(shift):
                self.share[slot] = max(self.share[slot], limits.share(shift.level))

    def of(self, span):
        return range(int((span.starts_at - self.zero) / QUARTER), int((span.ends_at - self.zero) / QUARTER))

    def at(self, slot):
        return self.zero + slot * QUARTER


def rests_by_slots(slots, limits):
    """Every run of quarters on and off duty that leaves too little rest."""
    runs, begun = [], 0
    is_work = [share >= 1.0 for share in slots.share]
    for slot in range(1, slots.number + 1):
        if slot == slots.number or is_work[slot] != is_work[begun]:
            runs.append((begun, slot, is_work[begun]))
            begun = slot
    short = set()
    for place, (first, last, works) in enumerate(runs):
        hours = (last - first) / 4
        rest = max(24 - hours, 0) if works else hours
        if rest < limits.rest_h and (works or 0 < place < len(runs) - 1):
            short.add((slots.at(first), slots.at(last), rest))
    return short


@given(roster=rosters(), limits=limits)
def test_too_little_rest_is_found_where_quarters_of_an_hour_say_so(roster, limits):
    _, begins, shifts = roster
    end = begins + (WEEKS + 1) * WEEK
    seen = {
        (breach.starts_at, breach.ends_at, breach.hours)
        for breach in duty.breaches(shifts, limits, begins - WEEK, end)
        if breach.kind == "rest"
    }
    slots = Slots(begins, shifts, limits)
    assert seen == (rests_by_slots(slots, limits) if limits.rest_h is not None else set())


@given(
    roster=rosters(),
    limits=limits,
    leave=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), max_size=2),
    earlier=st.sampled_from([None, 3, 30]),
)
def test_the_average_week_is_above_its_limit_where_quarters_of_an_hour_say_so(roster, limits, leave, earlier):
    _, begins, shifts = roster
    absences = [
        Absence(person=1, starts_at=begins + first * DAY, ends_at=begins + (first + days) * DAY)
        for first, days in leave
    ]
    begun = begins - earlier * DAY if earlier else None
    start, end = begins, begins + WEEKS * WEEK
    spans = [
        breach
        for breach in duty.breaches(
            shifts, limits, start, end, absences=absences, begun={1: begun} if begun else {}
        )
        if breach.kind == "week"
    ]
    slots = Slots(begins, shifts, limits)
    counting = [shift.starts_at for shift in shifts if limits.share(shift.level) > 0]
    if limits.week_h is None or not counting:
        assert spans == []
        return
    away = [False] * slots.number
    for absence in absences:
        for slot in slots.of(absence):
            away[slot] = True
    first = min([*counting, *([begun] if begun else [])])
    least, most = min(4, limits.weeks) * WEEK, limits.weeks * WEEK
    for slot in range(0, slots.number, 4):
        at = slots.at(slot)
        if not start < at < end:
            continue
        since = max(at - most, min(first, at - least))
        begin = int((since - slots.zero) / QUARTER)
        inside = range(max(begin, 0), slot)
        counted = sum(slots.share[each] for each in inside) / 4
        over = (slot - begin - sum(away[each] for each in inside)) / 4
        excess = counted - limits.week_h / 168 * over
        if abs(excess) > 1e-5:
            assert any(span.starts_at <= at <= span.ends_at for span in spans) == (excess > 0), at
        if excess > 1e-5 and over > 1:
            assert any(span.hours >= 168 * counted / over - 1e-6 for span in spans)


@given(roster=rosters(), costs=st.tuples(st.sampled_from([None, 40.0]), st.sampled_from([52.5])))
def test_overtime_and_its_cost_are_those_of_quarters_of_an_hour(roster, costs):
    zone, begins, shifts = roster
    start, end = begins + 3 * DAY, begins + 30 * DAY
    prices = {
        0: OvertimePrice(zone=zone, cost=costs[0], currency="EUR" if costs[0] else ""),
        1: OvertimePrice(zone="Asia/Tokyo", cost=costs[1], currency="USD", standby_share=0.5),
    }
    order = sorted(shifts, key=lambda each: (each.starts_at, each.level, each.rotation))
    hours, paid = 0.0, {"EUR": 0.0, "USD": 0.0}
    for slot in range(int((end - start) / QUARTER)):
        at = start + slot * QUARTER
        # The shift that began first and still runs has the quarter.
        held_by = next((each for each in order if each.starts_at <= at < each.ends_at), None)
        if held_by is None:
            continue
        price = prices[held_by.rotation]
        local = at.astimezone(ZoneInfo(price.zone))
        if local.weekday() < 5 and time(8) <= local.time() < time(18):
            continue
        hours += 0.25
        if price.cost is not None:
            paid[price.currency] += 0.25 * price.cost * price.share(held_by.level)
    [computed] = duty.overtime(shifts, prices, start, end)
    assert computed.hours == pytest.approx(hours)
    assert {key: cost for key, cost in computed.costs.items() if cost} == pytest.approx(
        {key: cost for key, cost in paid.items() if cost}
    )


MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)


def day(number, hour=0):
    return MONDAY + number * DAY + hour * HOUR


TWELVE_BY_TWELVE = [on(1, day(place), day(place, 12)) for place in range(60)]


@pytest.mark.parametrize(
    ("shifts", "limits", "expected"),
    [
        ([on(1, day(0), day(0, 8)), on(1, day(0, 18), day(1))], DutyLimits(), [("rest", 10.0)]),
        ([on(1, day(0), day(0, 8)), on(1, day(0, 19), day(1))], DutyLimits(), []),
        ([on(1, day(0), day(0, 8)), on(2, day(0, 10), day(0, 18))], DutyLimits(), []),
        ([on(1, day(0), day(0, 14))], DutyLimits(), [("rest", 10.0)]),
        ([on(1, day(0), day(7))], DutyLimits(standby_share=0.1), [("rest", 0.0)]),
        ([on(1, day(0), day(7), level=2)], DutyLimits(standby_share=0.1), []),
        (TWELVE_BY_TWELVE, DutyLimits(), [("week", 84.0)]),
        (TWELVE_BY_TWELVE, DutyLimits(primary_share=0.5), []),
        (TWELVE_BY_TWELVE, DutyLimits(rest_h=None, week_h=None), []),
    ],
    ids=[
        "ten hours between two shifts",
        "eleven hours are enough",
        "another person's shift",
        "fourteen hours on end",
        "a week on end",
        "a week of stand-by",
        "twelve hours each day",
        "half of them count",
        "no limits",
    ],
)
def test_breaches(shifts, limits, expected):
    every = duty.breaches(shifts, limits, day(-1), day(60))
    assert [(breach.kind, pytest.approx(breach.hours, abs=1.5)) for breach in every] == expected


def test_whoever_has_shifts_under_several_rules_has_the_strictest_limits():
    german = DutyLimits(rest_h=11.0, week_h=48.0, weeks=24)
    works_council = DutyLimits(rest_h=12.0, week_h=40.0, weeks=8, primary_share=0.5, standby_share=0.25)
    nothing = DutyLimits(rest_h=None, week_h=None, primary_share=0.0, standby_share=0.0)
    assert duty.strictest([german, works_council, nothing]) == DutyLimits(rest_h=12.0, week_h=40.0, weeks=8)
    assert duty.strictest([nothing]) == nothing
