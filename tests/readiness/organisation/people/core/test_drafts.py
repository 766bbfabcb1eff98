"""A preview equals what half hours say: who has which level, what is nobody's, what changes, who is on how long."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.organisation.people.core.drafts import DraftLayer, RotationDraft, draft_outlook
from readiness.organisation.people.core.rotations import HeldShift, RotationPlan, shifts_of

HALF, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)
# Europe changes its clocks on the third day.
START = datetime(2026, 10, 23, 9, tzinfo=UTC)
END = START + 14 * DAY
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
ZONE = "Europe/Berlin"


@st.composite
def layers(draw):
    return DraftLayer(
        level=draw(st.integers(1, 3)),
        starts_at=START - draw(st.integers(0, 20)) * DAY - draw(st.integers(0, 24)) * HALF,
        rule=f"FREQ=DAILY;INTERVAL={draw(st.integers(1, 4))}",
        duration_min=30 * draw(st.integers(1, 96)),
        turn_shifts=draw(st.integers(1, 3)),
        people=tuple(draw(st.lists(st.integers(1, 4), max_size=4))),
    )


def planned(drafted):
    return shifts_of(
        RotationPlan(time_zone=ZONE, layers=[layer.turns(NEVER) for layer in drafted]), START, END
    )


def holders(shifts, level, at):
    present = [each for each in shifts if each.level == level and each.starts_at <= at < each.ends_at]
    return [
        each.person for each in sorted(present, key=lambda each: each.starts_at) if each.person is not None
    ]


def covering(spans, at):
    return [span for span in spans if span.starts_at <= at < span.ends_at]


@given(before=st.lists(layers(), max_size=3), after=st.lists(layers(), max_size=3))
def test_a_preview_says_what_half_hours_say(before, after):
    was, becomes = planned(before), planned(after)
    outlook = draft_outlook(was, becomes, [], ZONE, START, END)
    levels = {1, 2, *(shift.level for shift in becomes)}
    hours = {}
    for slot in range(int((END - START) / HALF)):
        at = START + slot * HALF
        on_duty = set()
        for level in (1, 2, 3):
            now_on, then_on = holders(was, level, at), holders(becomes, level, at)
            on_duty |= set(then_on)
            is_open = any(gap.level == level for gap in covering(outlook.gaps, at))
            assert is_open == (level in levels and not then_on), (level, at)
            change = next((each for each in covering(outlook.changes, at) if each.level == level), None)
            first_now, first_then = (next(iter(each), None) for each in (now_on, then_on))
            told = (first_now, first_now) if change is None else (change.before, change.after)
            assert told == (first_now, first_then), (level, at)
        for person in on_duty:
            hours[person] = hours.get(person, 0) + 0.5
    assert {load.person: load.hours for load in outlook.loads if load.hours} == pytest.approx(hours)
    assert outlook.mean_h * len(outlook.loads) == pytest.approx(sum(hours.values()))
    assert outlook.uncovered_h == pytest.approx(
        sum((gap.ends_at - gap.starts_at) / HOUR for gap in outlook.gaps)
    )


def test_a_shift_of_another_rotation_at_the_same_time_is_a_double_booking():
    layer = DraftLayer(level=1, starts_at=START, rule="FREQ=DAILY", duration_min=24 * 60, people=(1, 2))
    elsewhere = [
        HeldShift(level=2, person=1, rotation=7, starts_at=START + 20 * HOUR, ends_at=START + 28 * HOUR),
        HeldShift(level=1, person=2, rotation=7, starts_at=START + 20 * HOUR, ends_at=START + 22 * HOUR),
    ]
    [double] = draft_outlook((), planned([layer]), elsewhere, ZONE, START, END).doubles
    assert (double.person, double.rotation, double.level) == (1, 7, 2)
    assert (double.starts_at, double.ends_at) == (START + 20 * HOUR, START + 24 * HOUR)


def test_a_rotation_has_one_fingerprint_until_something_of_it_differs():
    layer = {"level": 1, "starts_at": START, "rule": "FREQ=DAILY", "duration_min": 60}
    draft = {"name": "One", "slug": "one", "domain": "energy", "team": None, "time_zone": "UTC"}

    def fingerprint(people):
        return RotationDraft(**draft, layers=(DraftLayer(**layer, people=people),)).fingerprint

    assert fingerprint((1, 2)) == fingerprint((1, 2))
    assert fingerprint((1, 2)) != fingerprint((2, 1))
