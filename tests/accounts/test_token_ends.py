"""Tokens that end while programs use them are problems of Muster itself, until the programs use others."""

from datetime import timedelta

import pytest

from accounts.models import Token
from accounts.operations import create_token
from tests.conftest import NOW
from web.accounts.token_faults import faults

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def add_token(user, *, ends, used, created=NOW - 100 * DAY, replaces=None):
    token, _ = create_token(
        user=user, name="script", expires_at=ends, replaces=replaces, by=None, now=created
    )
    Token.objects.filter(pk=token.pk).update(last_used_at=used)
    return token


def keys():
    return {fault.key: fault.is_bad for fault in faults(NOW)}


@pytest.mark.parametrize(
    ("ends", "used", "expected"),
    [
        pytest.param(NOW + 10 * DAY, NOW - DAY, {"tokens-ending": False}, id="it ends soon, in use"),
        pytest.param(NOW + 10 * DAY, NOW - 8 * DAY, {}, id="no program uses it any more"),
        pytest.param(NOW + 10 * DAY, None, {}, id="none ever did"),
        pytest.param(NOW + 15 * DAY, NOW, {}, id="its end is far"),
        pytest.param(None, NOW, {}, id="it has no end"),
        pytest.param(NOW - 30 * DAY, NOW - 31 * DAY, {"tokens-ended": True}, id="it ended in use"),
        pytest.param(NOW - 30 * DAY, NOW - 50 * DAY, {}, id="it ended unused"),
    ],
)
def test_tokens_that_end_in_use_are_told(ops, ends, used, expected):
    add_token(ops, ends=ends, used=used)
    assert keys() == expected


def test_a_successor_ends_it_once_its_program_uses_that(ops):
    token = add_token(ops, ends=NOW + DAY, used=NOW - DAY)
    add_token(ops, ends=NOW + 90 * DAY, used=NOW, created=NOW - DAY)
    lost = add_token(ops, ends=NOW + 90 * DAY, used=None, created=NOW - DAY, replaces=token)
    assert keys() == {"tokens-ending": False}
    successor = add_token(ops, ends=NOW + 90 * DAY, used=None, created=NOW - DAY, replaces=lost)
    Token.objects.filter(pk=successor.pk).update(last_used_at=NOW)
    assert keys() == {}


def test_a_token_made_for_one_task_ends_on_purpose(ops):
    task = add_token(ops, ends=NOW - DAY, used=NOW - DAY, created=NOW - 8 * DAY)
    assert keys() == {}
    add_token(ops, ends=NOW + 7 * DAY, used=None, created=NOW - DAY, replaces=task)
    assert keys() == {}
    # The overlap ended it early.
    cut_short = add_token(ops, ends=NOW - DAY, used=NOW - DAY, created=NOW - 8 * DAY)
    add_token(ops, ends=NOW + 90 * DAY, used=None, created=NOW - DAY, replaces=cut_short)
    assert keys() == {"tokens-ended": True}


def test_a_revoked_token_and_one_of_a_deactivated_user_are_settled(ops, planner):
    token = add_token(ops, ends=NOW - DAY, used=NOW - 2 * DAY)
    add_token(planner, ends=NOW - DAY, used=NOW - 2 * DAY)
    assert keys() == {"tokens-ended": True}
    Token.objects.filter(pk=token.pk).update(enabled=False)
    planner.is_active = False
    planner.save()
    assert keys() == {}


def test_it_tells_accounts_by_number_and_no_names(ops, planner, django_assert_num_queries):
    for user in (ops, ops, planner):
        add_token(user, ends=NOW + DAY, used=NOW)
    with django_assert_num_queries(3):
        [fault] = faults(NOW)
    assert fault.title == "3 tokens in use end soon"
    numbers = ", ".join(map(str, sorted([ops.pk, planner.pk])))
    assert fault.detail.startswith(f"Accounts {numbers}. Replace each")
    assert not any(name in fault.detail for name in ("ops", "planner", "script", "muster_"))
