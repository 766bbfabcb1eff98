"""Where a duty applies, when it is due next, and from which instant it is overdue."""

from datetime import UTC, date, datetime

import pytest

from readiness.assessment.duties.core.register import RegisterItem, SiteRegister, instant_due
from readiness.assessment.duties.core.rules import (
    DutyRuleInForce,
    DutySubject,
    Recurrence,
    applies,
    due_after_proof,
    next_due,
)

GROUPS = {"EU": frozenset({"PT", "DE"})}
ENERGY = DutyRuleInForce(1, Recurrence.YEARLY, places=("EU",), min_it_kw=500, month=5, day=15)
TESTS = DutyRuleInForce(2, Recurrence.EVERY, sectors=("financial",), months=6)
LEAP = DutyRuleInForce(3, Recurrence.YEARLY, month=2, day=29)


@pytest.mark.parametrize(
    ("rule", "subject", "expected"),
    [
        pytest.param(ENERGY, DutySubject("PT", 500.0, set()), True, id="the threshold itself counts"),
        pytest.param(ENERGY, DutySubject("PT", 499.9, set()), False, id="below the threshold"),
        pytest.param(
            ENERGY, DutySubject("PT", None, set()), True, id="power that nobody stated misses no duty"
        ),
        pytest.param(ENERGY, DutySubject("US", 900.0, set()), False, id="another country"),
        pytest.param(
            TESTS, DutySubject("US", 900.0, {"ai", "financial"}), True, id="one of its sectors, anywhere"
        ),
        pytest.param(TESTS, DutySubject("US", 900.0, set()), False, id="no sector"),
    ],
)
def test_a_duty_applies_by_country_power_and_sector(rule, subject, expected):
    assert applies(rule, subject, GROUPS) is expected


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        pytest.param(ENERGY, date(2026, 5, 14), date(2026, 5, 15), id="this year"),
        pytest.param(ENERGY, date(2026, 5, 15), date(2027, 5, 15), id="next year, from the day itself on"),
        pytest.param(LEAP, date(2026, 1, 1), date(2026, 2, 28), id="a month that is shorter"),
        pytest.param(TESTS, date(2026, 8, 31), date(2027, 2, 28), id="six months on, at a month's end"),
        pytest.param(DutyRuleInForce(4, Recurrence.EVENT), date(2026, 1, 1), None, id="only an event"),
        pytest.param(ENERGY, date(9999, 12, 31), None, id="no year is left"),
    ],
)
def test_the_next_date_follows_from_the_rule(rule, after, expected):
    assert next_due(rule, after) == expected


def test_proof_before_the_date_counts_for_it_and_proof_of_a_missed_one_for_the_next():
    assert due_after_proof(ENERGY, date(2027, 5, 15), date(2027, 3, 1)) == date(2028, 5, 15)
    assert due_after_proof(ENERGY, date(2026, 5, 15), date(2026, 6, 1)) == date(2027, 5, 15)
    assert due_after_proof(TESTS, date(2026, 9, 1), date(2026, 7, 1)) == date(2027, 1, 1)


def test_a_day_ends_by_the_clocks_of_the_site():
    on = date(2026, 3, 29)  # Lisbon's clocks go forward in that night
    assert instant_due(on, 24, "Europe/Lisbon") == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert instant_due(on, 12, "Asia/Tokyo") == datetime(2026, 3, 29, 3, tzinfo=UTC)
    assert instant_due(None, 12, "UTC") is None


def test_a_register_changes_when_something_runs_out_comes_near_or_loses_its_owner():
    due_at, dissolved_at = datetime(2026, 12, 24, 12, tzinfo=UTC), datetime(2026, 12, 10, tzinfo=UTC)
    register = SiteRegister(
        (RegisterItem("Report", due_at, True, dissolved_at), RegisterItem("Notice", None, False))
    )
    at = datetime(2026, 11, 20, tzinfo=UTC)
    moments = []
    while (moment := register.changes_at(at)) is not None:
        at = moment
        moments.append(
            (at, len(register.overdue(at)), len(register.due_soon(at)), register.owned_percent(at))
        )
    assert moments == [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), 0, 1, 50.0),
        (dissolved_at, 0, 1, 0.0),
        (due_at, 1, 0, 0.0),
    ]


@pytest.mark.parametrize("on", [date.min, date.max])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("hour", [1, 24])
def test_the_first_and_the_last_day_have_an_instant(on, zone, hour):
    due_at = instant_due(on, hour, zone)
    item = RegisterItem("Report", due_at, is_owned=True)
    assert due_at.astimezone(UTC).year == on.year
    SiteRegister((item,)).changes_at(datetime(2026, 12, 1, tzinfo=UTC))
