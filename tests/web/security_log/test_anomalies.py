"""Sign-ins that become faults of Muster, and those that do not."""

from datetime import timedelta

import pytest

from tests.conftest import NOW
from web.faults import faults
from web.security_log.anomalies import PASSWORD_GUESSED, SECOND_GUESSED
from web.security_log.core.anomalies import network_of
from web.security_log.models import SecurityEvent
from web.security_log.recording import record

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ADDRESS, NETWORK = (
    "Passwords are being guessed from one address",
    "An administrator signed in from a new network",
)


def titles(now=NOW):
    return [fault.title for fault in faults(now=now) if fault.key.startswith("sign-in-")]


def fail(count, *, account_id=None, address="192.0.2.1", at=NOW - MINUTE, detail=None):
    values = {"account_id": account_id, "address": address, "detail": detail}
    for number in range(count):
        record(ACTION.SIGN_IN_FAILED, **values, place=str(number % 7), now=at)


def sign_in(account, address, at):
    record(ACTION.SIGNED_IN, actor_id=account.pk, account_id=account.pk, address=address, now=at)


@pytest.mark.parametrize(
    ("attempts", "at", "expected"),
    [(19, NOW - MINUTE, []), (20, NOW - MINUTE, [PASSWORD_GUESSED]), (20, NOW - HOUR, [])],
)
def test_a_burst_of_failures_for_an_account_is_a_fault_for_an_hour(ops, attempts, at, expected):
    fail(attempts, account_id=ops.pk, at=at)
    assert titles() == expected


@pytest.mark.parametrize(("of_password", "expected"), [(9, SECOND_GUESSED), (11, PASSWORD_GUESSED)])
def test_wrong_second_factors_are_no_guessed_password(ops, of_password, expected):
    fail(of_password, account_id=ops.pk)
    fail(20 - of_password, account_id=ops.pk, detail={"second": True})
    assert titles() == [expected]


def test_a_burst_from_one_address_is_one_fault_whatever_the_names():
    fail(49)
    assert titles() == []
    record(ACTION.SIGN_IN_DELAYED, address="192.0.2.1", now=NOW)
    assert titles() == [ADDRESS]
    fail(50, address="192.0.2.9")
    [fault] = [fault for fault in faults(now=NOW) if fault.key == "sign-in-burst"]
    assert (fault.since, "100 attempts" in fault.detail, "192.0.2" in fault.detail) == (
        NOW - MINUTE,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("before", "address", "expected"),
    [
        pytest.param([], "192.0.2.1", [], id="the first sign-in"),
        pytest.param([("192.0.2.200", 20)], "192.0.2.1", [], id="the same network"),
        pytest.param([("198.51.100.1", 20)], "192.0.2.1", [NETWORK], id="another network"),
        pytest.param([("192.0.2.1", 99), ("198.51.100.1", 20)], "192.0.2.1", [NETWORK], id="not for 90 days"),
        pytest.param([("198.51.100.1", 20)], "", [], id="no address"),
    ],
)
def test_an_administrator_from_a_new_network_is_a_fault_for_a_day(admin, ops, before, address, expected):
    for earlier_address, days in before:
        for account in (admin, ops):
            sign_in(account, earlier_address, NOW - days * DAY)
    for account in (admin, ops):
        sign_in(account, address, NOW - HOUR)
    assert titles() == expected
    assert titles(NOW + DAY) == []


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("", ""), ("unix:", "")],
)
def test_the_network_of_an_address(address, network):
    assert network_of(address) == network
