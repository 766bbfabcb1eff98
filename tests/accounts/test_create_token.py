"""`manage.py create_token`."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Token
from accounts.operations import change_user
from tests.conftest import NOW, ApiClient


def test_the_last_word_printed_is_a_token_that_works(ops, capsys):
    call_command("create_token", "--user", "ops")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    answer = ApiClient(printed.split()[-1]).get("/api/authentication-check/").json()
    assert (answer["user"]["username"], answer["token"]["scope"]) == ("ops", "read")


def test_name_scope_and_expiry_are_as_told(ops, frozen_now):
    call_command("create_token", "--user=ops", "--name=nightly", "--scope=write", "--expires-in-days=7")
    token = Token.objects.get()
    assert (token.name, token.scope, token.expires_at) == ("nightly", "write", NOW + timedelta(days=7))


def test_an_unknown_user_is_named(db):
    with pytest.raises(CommandError, match="There is no active user 'nobody'"):
        call_command("create_token", "--user", "nobody")


def test_a_deactivated_user_gets_none(ops):
    change_user(ops, is_active=False, by=None, now=NOW)
    with pytest.raises(CommandError, match="There is no active user 'ops'"):
        call_command("create_token", "--user", "ops")


@pytest.mark.parametrize("days", ["0", "-1", "999999999"])
def test_days_out_of_range_are_refused(ops, days):
    with pytest.raises(CommandError, match="takes 1 to 36500"):
        call_command("create_token", "--user=ops", f"--expires-in-days={days}")


def test_a_name_that_is_too_long_is_refused(ops):
    with pytest.raises(CommandError, match="at most 100 characters"):
        call_command("create_token", "--user=ops", f"--name={'x' * 101}")


def test_an_unknown_scope_is_refused(ops):
    with pytest.raises(CommandError, match="invalid choice: 'all'"):
        call_command("create_token", "--user=ops", "--scope=all")
