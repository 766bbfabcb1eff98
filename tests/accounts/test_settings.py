"""One's own settings, and tokens for programs."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Token
from accounts.operations import create_token
from tests.conftest import NOW, ApiClient

DISPLAY = {"theme": "dark", "time_zone": "Europe/Dublin", "default_view": "inventory", "shortcuts": "on"}


def token_of(user, name="script", **given):
    return create_token(user=user, name=name, by=None, now=NOW, **given)


@pytest.mark.parametrize("role", ["viewer", "ops", "planner", "manager", "admin"])
def test_everyone_has_settings(client_of, role):
    answer = client_of(role).get("/settings/")
    assert answer.status_code == 200
    assert f"role {role}" in answer.content.decode()


def test_somebody_without_a_role_has_settings_too(client_of, viewer):
    viewer.groups.clear()
    client = client_of("viewer")
    assert client.get("/settings/").status_code == 200
    chosen = {name: value for name, value in DISPLAY.items() if name != "default_view"}
    assert client.post("/settings/", chosen).status_code == 302


def test_choices_are_kept_for_the_user_and_this_browser(client_of, ops):
    client = client_of("ops")
    answer = client.post("/settings/", DISPLAY)
    assert answer["Location"] == "/settings/"
    assert (answer.cookies["theme"].value, answer.cookies["shortcuts"].value) == ("dark", "on")
    ops.refresh_from_db()
    assert (ops.theme, ops.time_zone) == ("dark", "Europe/Dublin")
    assert ops.preferences == {"default_view": "inventory", "shortcuts": True}
    page = client.get("/settings/").content.decode()
    assert 'data-bs-theme="dark"' in page
    assert '<option value="Europe/Dublin" selected>' in page
    assert "Your settings are saved." in page


@pytest.mark.parametrize(
    ("kept", "cookie", "off"),
    [(True, None, False), (False, None, True), (True, "off", True), (False, "on", False), (False, "?", True)],
)
def test_the_browser_s_own_switch_of_shortcuts_wins(client_of, ops, kept, cookie, off):
    ops.preferences = {"shortcuts": kept}
    ops.save()
    client = client_of("ops")
    if cookie:
        client.cookies["shortcuts"] = cookie
    page = client.get("/settings/")
    assert ('data-shortcuts="off"' in page.content.decode()) == off
    assert page.context["form"]["shortcuts"].initial == (not off)


@pytest.mark.parametrize(
    ("cookie", "seconds"), [(None, "30"), ("0", "0"), ("300", "300"), ("7", "30"), ("x", "30")]
)
def test_the_browser_s_own_interval_of_refreshes_counts(client_of, cookie, seconds):
    client = client_of("ops")
    if cookie:
        client.cookies["refresh_s"] = cookie
    assert f'data-seconds="{seconds}"' in client.get("/settings/").content.decode()


def test_the_form_shows_the_theme_that_the_page_has(client_of, ops):
    client = client_of("ops")
    client.cookies["theme"] = "light"
    assert client.get("/settings/").context["form"]["theme"].initial == "light"


def test_other_preferences_stay(client_of, ops):
    ops.preferences = {"columns": ["name"]}
    ops.save()
    client_of("ops").post("/settings/", DISPLAY)
    ops.refresh_from_db()
    assert ops.preferences["columns"] == ["name"]


def test_pages_speak_the_chosen_zone(client_of):
    client = client_of("ops")
    assert client.get("/").content == b"UTC"
    client.post("/settings/", DISPLAY)
    assert client.get("/").content == b"Europe/Dublin"


def test_a_zone_that_this_machine_does_not_know_is_utc(client_of, ops):
    ops.time_zone = "Mars/Olympus_Mons"
    ops.save()
    assert client_of("ops").get("/").content == b"UTC"


@pytest.mark.parametrize(
    ("field", "value"),
    [("theme", "pink"), ("time_zone", "Mars/Olympus_Mons"), ("default_view", "nowhere"), ("theme", "\x00")],
)
def test_a_choice_that_is_none_is_refused(client_of, ops, field, value):
    answer = client_of("ops").post("/settings/", DISPLAY | {field: value})
    assert answer.status_code == 200
    assert "is not in the list." in answer.content.decode()
    ops.refresh_from_db()
    assert (ops.theme, ops.time_zone) == ("system", "UTC")


def test_a_view_that_may_not_be_opened_is_no_choice(client_of, viewer):
    viewer.groups.clear()
    page = client_of("viewer").get("/settings/").content.decode()
    assert "Default view" not in page


def test_a_token_is_shown_once_and_works(client_of, frozen_now):
    client = client_of("ops")
    answer = client.post("/settings/tokens/add/", {"name": "script", "scope": "read", "lifetime": "30"})
    plain = answer.context["plain"]
    assert plain in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    token = Token.objects.get(user__username="ops")
    assert (token.name, token.scope, token.expires_at) == ("script", "read", NOW + timedelta(days=30))
    again = client.get("/settings/").content.decode()
    assert token.prefix in again
    assert plain not in again
    check = ApiClient(plain).get("/api/authentication-check/")
    assert check.json()["user"]["username"] == "ops"


def test_a_token_may_never_expire(client_of):
    client_of("ops").post("/settings/tokens/add/", {"name": "script", "scope": "write", "lifetime": "never"})
    assert Token.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scope", "ingest"),
        ("scope", ""),
        ("name", ""),
        ("name", "x" * 101),
        ("lifetime", "9"),
        ("lifetime", ""),
    ],
)
def test_a_token_that_cannot_be_is_refused(client_of, field, value):
    given = {"name": "script", "scope": "read", "lifetime": "30"} | {field: value}
    assert client_of("ops").post("/settings/tokens/add/", given).status_code == 400
    assert not Token.objects.exists()


def test_tokens_are_listed_with_prefix_expiry_and_last_use(client_of, ops, frozen_now):
    token, plain = token_of(ops, name="nightly report", expires_at=NOW + timedelta(days=3))
    token_of(ops, name="last year's", expires_at=NOW + timedelta(seconds=1))
    frozen_now.move(minutes=5)
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 200
    page = client_of("ops").get("/settings/").content.decode()
    assert "nightly report" in page
    assert f"muster_{token.prefix}" in page
    assert "27 Nov 2026" in page
    assert "just now" in page
    assert "expired" in page
    assert "never" in page


def test_nobody_else_s_tokens_are_listed(client_of, planner):
    token_of(planner, name="of the planner")
    assert "of the planner" not in client_of("ops").get("/settings/").content.decode()


def test_a_revoked_token_opens_nothing_and_leaves_the_list(client_of, ops):
    token, plain = token_of(ops)
    client = client_of("ops")
    assert client.post(f"/settings/tokens/{token.pk}/revoke/")["Location"] == "/settings/"
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 401
    page = client.get("/settings/").content.decode()
    assert "The token script is revoked." in page
    assert token.prefix not in page


def test_somebody_else_s_token_is_revoked_by_an_administrator_only(client_of, planner):
    token, plain = token_of(planner)
    refused = client_of("ops").post(f"/settings/tokens/{token.pk}/revoke/")
    assert refused.status_code == 403
    assert "accounts.delete_token" in refused.content.decode()
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 200
    client_of("admin").post(f"/settings/tokens/{token.pk}/revoke/")
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 401


@pytest.mark.parametrize("tokens", [1, 40])
def test_settings_take_the_same_statements_for_any_number_of_tokens(
    client_of, ops, django_assert_max_num_queries, tokens
):
    for number in range(tokens):
        token_of(ops, name=f"token {number}")
    client = client_of("ops")
    with django_assert_max_num_queries(7):
        client.get("/settings/")


def test_token_digests_are_not_the_secret(ops):
    token, plain = token_of(ops)
    assert plain.encode() not in bytes(token.digest)
    assert len(bytes(token.digest)) == 32


def test_last_use_is_written_once_a_minute(ops, frozen_now, django_assert_num_queries):
    token, plain = token_of(ops)
    api = ApiClient(plain)
    api.get("/api/authentication-check/")
    first = Token.objects.get(pk=token.pk).last_used_at
    frozen_now.move(seconds=59)
    api.get("/api/authentication-check/")
    assert (
        Token.objects.get(pk=token.pk).last_used_at
        == first
        == datetime(2026, 11, 24, 16, 0, tzinfo=first.tzinfo)
    )
    frozen_now.move(seconds=1)
    api.get("/api/authentication-check/")
    assert Token.objects.get(pk=token.pk).last_used_at == first + timedelta(minutes=1)


class TestReplacing:
    """A token that ends soon is replaced by a successor, and both work for a while."""

    def test_the_successor_lasts_as_long_and_both_work(self, client_of, ops, frozen_now):
        token, plain = token_of(ops, scope="write", expires_at=NOW + timedelta(days=90))
        frozen_now.at = NOW + timedelta(days=80)
        answer = client_of("ops").post(f"/settings/tokens/{token.pk}/replace/")
        successor, new = answer.context["made"], answer.context["plain"]
        assert (successor.name, successor.scope) == ("script", "write")
        assert successor.expires_at == NOW + timedelta(days=170)
        token.refresh_from_db()
        assert token.expires_at == NOW + timedelta(days=87)
        assert [ApiClient(each).get("/api/authentication-check/").status_code for each in (plain, new)] == [
            200,
            200,
        ]
        frozen_now.at = NOW + timedelta(days=87)
        assert [ApiClient(each).get("/api/authentication-check/").status_code for each in (plain, new)] == [
            401,
            200,
        ]

    def test_a_token_has_one_successor_unless_that_is_revoked(self, client_of, ops, frozen_now):
        token, _ = token_of(ops, expires_at=NOW + timedelta(days=90))
        client, path = client_of("ops"), f"/settings/tokens/{token.pk}/replace/"
        lost = client.post(path).context["made"]
        page = client.post(path, follow=True)
        assert "was replaced already" in page.text
        assert [row.successor for row in page.context["tokens"]] == ["", lost.prefix]
        client.post(f"/settings/tokens/{lost.pk}/revoke/")
        frozen_now.at = NOW + timedelta(days=2)
        successor = client.post(path).context["made"]
        assert (successor.replaces, successor.expires_at) == (token, NOW + timedelta(days=92))
        token.refresh_from_db()
        assert token.expires_at == NOW + timedelta(days=7)

    def test_it_ends_no_later_than_before(self, client_of, ops, frozen_now):
        token, _ = token_of(ops, expires_at=NOW + timedelta(days=3))
        frozen_now.at = NOW + timedelta(days=1)
        client_of("ops").post(f"/settings/tokens/{token.pk}/replace/")
        token.refresh_from_db()
        assert token.expires_at == NOW + timedelta(days=3)

    def test_those_of_others_and_revoked_ones_are_not_found(self, client_of, planner, ops):
        revoked, _ = token_of(ops)
        Token.objects.filter(pk=revoked.pk).update(enabled=False)
        for token in (token_of(planner)[0], revoked):
            assert client_of("ops").post(f"/settings/tokens/{token.pk}/replace/").status_code == 404
        assert Token.objects.count() == 2
