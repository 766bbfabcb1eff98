"""Signing in and out, the wait after wrong passwords, and the password itself."""

import itertools

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.throttling import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS, TRIES_PER_NAME
from tests.conftest import PASSWORD

WRONG = "not-the-password"


def sign_in(username="ops", password=PASSWORD, *, client=None, address="10.0.0.1", next_page=""):
    data = {"username": username, "password": password} | ({"next": next_page} if next_page else {})
    return (client or Client()).post("/login/", data, REMOTE_ADDR=address)


def test_right_password_opens_the_overview(ops):
    answer = sign_in()
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_the_page_asked_for_comes_after_signing_in(ops):
    client = Client()
    asked = client.get("/settings/?a=1")
    assert asked["Location"] == "/login/?next=/settings/%3Fa%3D1"
    assert sign_in(client=client, next_page="/settings/?a=1")["Location"] == "/settings/?a=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_no_other_site_comes_after_signing_in(ops, elsewhere):
    assert sign_in(next_page=elsewhere)["Location"] == "/"


def test_default_view_comes_after_signing_in(ops):
    ops.preferences = {"default_view": "inventory"}
    ops.save()
    assert sign_in()["Location"] == "/inventory/"


def test_default_view_that_is_gone_falls_back_to_the_overview(ops):
    ops.preferences = {"default_view": "no-such-page"}
    ops.save()
    assert sign_in()["Location"] == "/"


def test_wrong_password_and_unknown_name_read_the_same(ops):
    known, unknown = sign_in(password=WRONG), sign_in(username="nobody", password=WRONG)
    assert known.status_code == unknown.status_code == 200
    assert list(known.context["form"].non_field_errors()) == list(unknown.context["form"].non_field_errors())


def test_a_deactivated_user_cannot_sign_in(ops):
    ops.is_active = False
    ops.save()
    assert sign_in().status_code == 200


@pytest.mark.parametrize(
    "username", ["", "\x00", "a\x00b", "x" * 5000, "ünïcode", "\ud800".encode("utf-16", "surrogatepass")]
)
def test_a_strange_name_is_refused_kindly(db, username):
    assert sign_in(username=username, password=WRONG).status_code == 200


def test_too_many_wrong_passwords_have_to_wait_even_for_the_right_one(ops, frozen_now):
    for _ in range(TRIES_PER_NAME):
        assert sign_in(password=WRONG).status_code == 200
    answer = sign_in()
    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    assert "Try again in 5 min." in answer.content.decode()
    assert "sessionid" not in answer.cookies


def test_the_wait_ends(ops, frozen_now):
    for _ in range(TRIES_PER_NAME + 1):
        sign_in(password=WRONG)
    frozen_now.move(seconds=299)
    answer = sign_in()
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    frozen_now.move(seconds=1)
    assert sign_in().status_code == 302


def test_nobody_is_locked_out_by_tries_from_another_address(ops, frozen_now):
    for _ in range(TRIES_PER_NAME + 1):
        sign_in(password=WRONG, address="203.0.113.9")
    assert sign_in(address="203.0.113.9").status_code == 429
    assert sign_in(address="10.0.0.1").status_code == 302


def test_letter_case_of_the_name_gives_no_further_tries(ops, frozen_now):
    for name in ("ops", "Ops", "OPS", "oPs", "opS"):
        sign_in(username=name, password=WRONG)
    assert sign_in(username="OPs", password=WRONG).status_code == 429


def test_the_right_password_forgets_the_wrong_ones(ops, frozen_now):
    for _ in range(3):
        for _ in range(TRIES_PER_NAME - 1):
            sign_in(password=WRONG)
        assert sign_in().status_code == 302


def test_one_address_cannot_try_many_names(ops, frozen_now):
    for number in range(TRIES_PER_ADDRESS):
        sign_in(username=f"name-{number}", password=WRONG)
    assert sign_in().status_code == 429
    assert sign_in(address="10.0.0.2").status_code == 302


def test_successes_do_not_use_up_the_tries_of_an_address(ops, frozen_now):
    for _ in range(TRIES_PER_ADDRESS + 5):
        answer = sign_in()
    assert answer.status_code == 302


def test_an_empty_form_is_no_try(ops, frozen_now):
    for _ in range(TRIES_PER_NAME + 1):
        sign_in(password="")
    assert sign_in().status_code == 302


@pytest.fixture(params=["cache", "no cache"])
def counted(request):
    """Counting goes on in this process while no cache answers."""
    if request.param == "no cache":
        request.getfixturevalue("without_cache")


def guess_from_everywhere(tries, **given):
    """One try from each of so many addresses; the answers."""
    return [sign_in(password=WRONG, address=f"203.0.{n // 250}.{n % 250}", **given) for n in range(tries)]


def test_the_tries_of_one_name_are_counted_without_a_cache(ops, counted, frozen_now):
    frozen_now.move(days=next(_days))
    for _ in range(TRIES_PER_NAME):
        assert sign_in(password=WRONG).status_code == 200
    assert sign_in().status_code == 429
    frozen_now.move(seconds=300)
    assert sign_in().status_code == 302


# What a process counted without a cache outlives a test: each begins on a day of its own.
_days = itertools.count(1)


def test_guesses_from_many_addresses_are_spaced_by_account(ops, counted, frozen_now):
    frozen_now.move(days=next(_days))
    guesses = [answer.status_code for answer in guess_from_everywhere(TRIES_PER_ACCOUNT + 60)]
    assert guesses[:TRIES_PER_ACCOUNT] == [200] * TRIES_PER_ACCOUNT
    assert guesses.count(200) <= TRIES_PER_ACCOUNT + 7
    unseen = sign_in(address="203.0.113.7")
    assert unseen.status_code == 429
    assert 0 < int(unseen["Retry-After"]) <= 60


def test_a_stranger_locks_nobody_out(ops, counted, frozen_now):
    frozen_now.move(days=next(_days))
    assert sign_in(address="10.0.0.1").status_code == 302
    guess_from_everywhere(TRIES_PER_ACCOUNT + 60)
    assert sign_in(address="10.0.0.1").status_code == 302


def test_from_a_new_address_there_is_a_wait_of_a_minute_at_most(ops, frozen_now):
    guess_from_everywhere(TRIES_PER_ACCOUNT + 60)
    wait = int(sign_in(address="198.51.100.1")["Retry-After"])
    frozen_now.move(seconds=wait)
    assert sign_in(address="198.51.100.1").status_code == 302


def test_a_name_that_nobody_has_is_slowed_down_alike(ops, frozen_now):
    known = [answer.status_code for answer in guess_from_everywhere(TRIES_PER_ACCOUNT + 10)]
    unknown = [
        answer.status_code for answer in guess_from_everywhere(TRIES_PER_ACCOUNT + 10, username="nobody")
    ]
    assert known == unknown


def test_people_sign_in_while_the_cache_is_down(ops, without_cache, caplog):
    assert sign_in().status_code == 302
    assert "counted in this process alone" in caplog.text


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is worked on, which is what takes the time of a sign-in."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password, salt):
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("who", ["ops", "nobody", "program", "gone"])
def test_every_refusal_takes_the_same_work_and_says_the_same(ops, user_of, settings, who, frozen_now):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    for name, given in {"mira": {}, "program": {"password": None}, "gone": {}}.items():
        user = user_of("viewer", username=name, **given)
    ops.set_password(PASSWORD)
    ops.save()
    user.is_active = False
    user.save()
    CountingHasher.hashed = 0
    answer = sign_in(username=who, password=WRONG)
    assert CountingHasher.hashed == 1
    [said] = answer.context["form"].non_field_errors()
    assert said.startswith("Please enter a correct username and password.")


@pytest.mark.parametrize(
    ("username", "password", "what"),
    [
        pytest.param("ops", PASSWORD, "Signed in: account 'ops'", id="in"),
        pytest.param("ops", WRONG, "Sign-in failed: account 'ops'", id="failed"),
        pytest.param(
            "a\nSigned in: b", WRONG, "Sign-in failed: account '(unknown)'", id="what else was typed"
        ),
    ],
)
def test_a_sign_in_leaves_a_line_with_the_request_and_no_password(ops, caplog, username, password, what):
    caplog.set_level("INFO")
    answer = sign_in(username=username, password=password)
    [line] = [each for each in caplog.messages if what in each]
    assert line.endswith(f"address 10.0.0.1, request {answer['X-Request-ID']}")
    assert password not in caplog.text


def test_a_sign_out_leaves_a_line(client_of, caplog):
    caplog.set_level("INFO")
    client_of("ops").post("/logout/")
    assert [each for each in caplog.messages if each.startswith("Signed out: account 'ops'")]


def test_signing_out_takes_a_post(client_of):
    client = client_of("ops")
    assert client.get("/logout/")["Location"] == "/"
    assert client.get("/settings/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/settings/").status_code == 302


def test_sign_in_needs_the_token_against_forged_requests(ops):
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(client=strict).status_code == 403


def test_changing_the_password_ends_other_sessions_and_keeps_this_one(client_of, ops):
    here, elsewhere = client_of("ops"), client_of("ops")
    new = "another-long-enough-password"
    answer = here.post(
        "/settings/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert answer["Location"] == "/settings/"
    assert "Your password is changed" in here.get("/settings/").content.decode()
    assert elsewhere.get("/settings/").status_code == 302
    assert sign_in(password=new).status_code == 302


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("way", ["own page", "users page", "endpoint"])
def test_a_new_password_revokes_tokens_unless_they_are_kept(client_of, api_of, ops, way, keep):
    program, new = api_of("ops"), "another-long-enough-password"
    kept = {"keep_tokens": "on"} if keep else {}
    if way == "own page":
        form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        client_of("ops").post("/settings/password/", form | kept)
    elif way == "users page":
        form = {"password": new, "password_again": new}
        client_of("admin").post(f"/settings/users/{ops.pk}/password/", form | kept)
    else:
        api_of("admin").patch(f"/api/accounts/users/{ops.pk}/", {"password": new, "keep_tokens": keep})
    assert sign_in(password=new).status_code == 302
    assert program.get("/api/authentication-check/").status_code == (200 if keep else 401)
    history = client_of("admin").get("/api/history/?model=accounts.token").json()["results"]
    actions = [row["action"] for row in history]
    assert [action for action in actions if action == "changed"] == ([] if keep else ["changed"])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(WRONG, "another-long-enough-password", "old password was entered incorrectly", id="old"),
        pytest.param(PASSWORD, "short", "too short", id="short"),
        pytest.param(PASSWORD, "password123", "too common", id="common"),
        pytest.param(PASSWORD, "opsopsopsops", "repeats one short piece", id="name repeated"),
        pytest.param(
            PASSWORD, "Ops-Ops-Ops-Ops-1", "little more than the user name", id="little but the name"
        ),
        pytest.param(PASSWORD, "abababababab", "repeats one short piece", id="repeated"),
    ],
)
def test_a_bad_password_change_says_why(client_of, old, new, reason):
    answer = client_of("ops").post(
        "/settings/password/", {"old_password": old, "new_password1": new, "new_password2": new}
    )
    assert answer.status_code == 200
    assert reason in answer.content.decode()
