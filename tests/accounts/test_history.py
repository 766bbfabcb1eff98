"""Each write about users, roles and tokens is kept with who made it, and no secret is."""

from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import RoleMembership, Token, User
from accounts.operations import create_token
from tests.accounts.test_sign_in import sign_in
from tests.conftest import NOW, PASSWORD, ApiClient
from web import visibility
from web.history.events import HistoryQuery, history, history_of

NEW = {"username": "mira", "email": "", "role": "planner", "password": PASSWORD, "password_again": PASSWORD}


@pytest.fixture(autouse=True)
def _read_by_somebody_who_may_see_names():
    reader = SimpleNamespace(pk=0, is_authenticated=True, has_perm=lambda name: True)
    with visibility.read_by(SimpleNamespace(user=reader)):
        yield


def rows(*models):
    return history(HistoryQuery(models=models)).rows


def test_a_user_made_on_a_page_is_attributed_with_role(client_of):
    answer = client_of("admin").post("/settings/users/add/", NEW)
    made, given = (next(row for row in rows(model) if row.actor) for model in (User, RoleMembership))
    assert (made.display, made.action, made.actor) == ("mira", "created", "admin")
    assert made.request_id == given.request_id == answer["X-Request-ID"]
    assert {change.field: change.after for change in given.changes} == {"user": "mira", "group": "planner"}


def test_a_role_that_changes_shows_the_one_before(client_of, ops):
    given = {"name": "", "email": "", "role": "viewer", "is_active": "on"}
    client_of("admin").post(f"/settings/users/{ops.pk}/", given)
    added, removed = [row for row in rows(RoleMembership) if row.actor == "admin"]
    assert ({c.field: c.after for c in added.changes}["group"], added.action) == ("viewer", "created")
    assert ({c.field: c.before for c in removed.changes}["group"], removed.action) == ("ops", "deleted")


def test_a_password_that_changes_is_kept_without_any_hash(client_of, ops):
    new = "another-long-enough-password"
    client_of("ops").post(
        "/settings/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    latest = history_of(ops).rows[0]
    assert latest.actor == "ops"
    assert [change.field for change in latest.changes] == ["password_set_at"]


def test_signing_in_and_using_a_token_leave_no_history(ops):
    _, plain = create_token(user=ops, name="script", by=None, now=NOW)
    before = len(rows(User, Token))
    sign_in()
    ApiClient(plain).get("/api/authentication-check/")
    assert User.objects.get().last_login is not None
    assert Token.objects.get().last_used_at is not None
    assert len(rows(User, Token)) == before


def test_settings_are_attributed(client_of, ops):
    chosen = {"theme": "dark", "time_zone": "UTC", "default_view": "fleet"}
    client_of("ops").post("/settings/", chosen)
    latest = history_of(ops).rows[0]
    assert (latest.actor, {change.field for change in latest.changes}) == ("ops", {"theme", "preferences"})


def test_a_token_is_attributed_from_making_to_revoking(client_of):
    client = client_of("ops")
    client.post("/settings/tokens/add/", {"name": "script", "scope": "read", "lifetime": "never"})
    client.post(f"/settings/tokens/{Token.objects.get().pk}/revoke/")
    revoked, made = rows(Token)
    assert (made.actor, made.action, made.display) == ("ops", "created", "script")
    assert (revoked.actor, revoked.action) == ("ops", "changed")
    assert [(c.field, c.before, c.after) for c in revoked.changes] == [("enabled", True, False)]


def test_a_write_by_token_names_the_token_and_the_reason(api_of, ops):
    api = api_of("admin")
    prefix = Token.objects.get(user__username="admin").prefix
    api.patch(f"/api/accounts/users/{ops.pk}/", {"name": "Ola", "changelog_message": "married"})
    latest = history_of(ops).rows[0]
    assert (latest.actor, latest.token, latest.message) == ("admin", prefix, "married")


def test_the_first_administrator_is_attributed_to_themselves(db, capsys):
    call_command("first_admin_link", "--base-url", "http://testserver")
    address = capsys.readouterr().out.split()[-1].removeprefix("http://testserver")
    Client().post(address, NEW)
    made = history_of(User.objects.get()).rows[-1]
    assert (made.actor, made.message) == ("mira", "First administrator")


def test_a_token_made_by_command_names_the_command(ops):
    call_command("create_token", "--user", "ops", verbosity=0)
    assert [row.actor for row in rows(Token)] == ["create_token"]


def test_the_api_filters_users_by_request(api_of, ops):
    api = api_of("admin")
    answer = api.patch(f"/api/accounts/users/{ops.pk}/", {"name": "Ola"})
    found = api.get(f"/api/accounts/users/?updated_by_request={answer['X-Request-ID']}").json()["results"]
    assert [user["username"] for user in found] == ["ops"]
