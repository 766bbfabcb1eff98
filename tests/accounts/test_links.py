"""One-time links of users: signing in without a password, and a new password by mail; passwords switched off."""

import re

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.links import Kind, user_link
from accounts.models import SignInLink, User
from accounts.operations import change_user
from tests.conftest import NOW, PASSWORD
from web.accounts import reset

pytestmark = pytest.mark.django_db
NEW = "another-long-enough-password"


def printed_link(capsys, *arguments):
    call_command("sign_in_link", "--base-url", "http://testserver/", *arguments)
    return capsys.readouterr().out.split()[-1].removeprefix("http://testserver")


def is_signed_in(client):
    return client.get("/settings/").status_code == 200


@pytest.fixture
def passwords_off(settings):
    settings.PASSWORDS = False


def test_a_link_signs_in_while_passwords_are_switched_off(admin, capsys, frozen_now, passwords_off):
    address, client = printed_link(capsys), Client()
    assert "Sign in as admin" in client.get(address).text
    assert not is_signed_in(client)
    assert client.post(address)["Location"] == "/"
    assert is_signed_in(client)


def test_a_link_is_for_the_user_it_names(ops, admin, capsys, frozen_now):
    client = Client()
    client.post(printed_link(capsys, "--user", "ops"))
    assert client.get("/settings/").context["request"].user == ops


def test_whoever_is_signed_in_with_a_scope_follows_a_link_of_another_user(ops, user_of, capsys, frozen_now):
    limited = user_of("manager", username="limited", scopes=[("site", "porto")])
    for path, data in (
        (printed_link(capsys, "--user", "ops"), {}),
        ("/login/", {"username": "ops", "password": PASSWORD}),
    ):
        client = Client()
        client.force_login(limited)
        assert client.post(path, data).status_code == 302
        assert client.get("/settings/").context["request"].user == ops


def test_a_link_works_once_and_for_an_hour(ops, capsys, frozen_now):
    address = printed_link(capsys, "--user", "ops")
    Client().post(address)
    assert Client().post(address).status_code == 410
    address = printed_link(capsys, "--user", "ops")
    frozen_now.move(hours=1)
    assert Client().get(address).status_code == 410


def test_a_new_link_ends_the_one_before(ops, capsys, frozen_now):
    before = printed_link(capsys, "--user", "ops")
    printed_link(capsys, "--user", "ops")
    assert Client().post(before).status_code == 410


def test_a_link_of_a_deactivated_user_opens_nothing(ops, admin, capsys, frozen_now):
    address = printed_link(capsys, "--user", "ops")
    change_user(ops, is_active=False, by=None, now=NOW)
    assert Client().post(address).status_code == 410


@pytest.mark.parametrize("arguments", [["--user", "nobody"], []])
def test_the_command_says_that_there_is_nobody(db, arguments):
    with pytest.raises(CommandError, match="There is no active"):
        call_command("sign_in_link", "--base-url", "http://testserver", *arguments)


def test_a_link_of_one_kind_opens_nothing_of_another(ops, frozen_now):
    plain = user_link(ops, Kind.SIGN_IN, now=NOW)
    assert Client().get(f"/login/reset/{plain}/").status_code == 410
    assert Client().get(f"/first-admin/{plain}/").status_code == 410


def test_no_password_opens_anything_while_they_are_switched_off(ops, passwords_off):
    client = Client()
    assert "Passwords are switched off here." in client.get("/login/").text
    assert client.post("/login/", {"username": "ops", "password": PASSWORD}).status_code == 200
    assert not is_signed_in(client)


def test_pages_of_passwords_are_gone_while_they_are_switched_off(client_of, ops, passwords_off):
    admin = client_of("admin")
    for path in ("/settings/password/", f"/settings/users/{ops.pk}/password/", "/login/reset/"):
        assert admin.get(path).status_code == 404
    assert "/settings/password/" not in admin.get("/settings/").text


def test_users_are_added_without_a_password_while_they_are_switched_off(client_of, passwords_off):
    new_user = {"username": "mira", "name": "Mira", "email": "mira@example.org", "role": "viewer"}
    assert client_of("admin").post("/settings/users/add/", new_user).status_code == 302
    assert not User.objects.get(username="mira").has_usable_password()


@pytest.fixture
def ola(ops, settings, frozen_now):
    settings.MAIL_HOST, settings.BASE_URL = "mail.example.org", "https://muster.example.org"
    change_user(ops, email="ola@example.org", by=None, now=NOW)
    return ops


@pytest.fixture
def sent(monkeypatch):
    """The arguments of the tasks that the pages send to the worker."""
    calls = []
    monkeypatch.setattr(
        reset.mail_password_link, "apply_async", lambda kwargs, **options: calls.append(kwargs)
    )
    return calls


def mailed_link():
    [message] = mail.outbox
    assert message.to == ["ola@example.org"]
    return re.search(r"https://muster\.example\.org(/login/reset/\S+/)", message.body)[1]


def test_the_page_answers_alike_whoever_asks(ola, sent):
    answers = [
        Client().post("/login/reset/", {"name": name}).text.replace(name, "") for name in ("ops", "nix")
    ]
    assert answers[0] == answers[1]
    assert sent == [{"name": name, "path": "/login/reset/"} for name in ("ops", "nix")]


@pytest.mark.parametrize("name", ["ops", "ola@example.org", "OLA@example.org"])
def test_a_mailed_link_sets_a_password_once(ola, client_of, name):
    elsewhere = client_of("ops")
    assert reset.mail_password_link(name=name, path="/login/reset/") == 1
    address = mailed_link()
    assert "Choose a new password" in Client().get(address).text
    answer = Client().post(address, {"password": NEW, "password_again": NEW})
    assert answer["Location"] == "/login/"
    assert User.objects.get().check_password(NEW)
    assert not is_signed_in(elsewhere)
    assert Client().get(address).status_code == 410


def test_a_weak_password_leaves_the_link_as_it_is(ola):
    reset.mail_password_link(name="ops", path="/login/reset/")
    address = mailed_link()
    answer = Client().post(address, {"password": "muster2026!", "password_again": "muster2026!"})
    assert "little more than a word that everybody here would try" in answer.text
    assert Client().post(address, {"password": NEW, "password_again": NEW}).status_code == 302


@pytest.mark.parametrize(
    "name", ["nobody", "machine", "gone", "without-mail", ""], ids=lambda name: name or "empty"
)
def test_nobody_else_is_mailed(ola, user_of, name):
    user_of("ops", username="machine", kind="service", email="machine@example.org")
    user_of("ops", username="without-mail")
    change_user(user_of("ops", username="gone", email="gone@example.org"), is_active=False, by=None, now=NOW)
    assert reset.mail_password_link(name=name, path="/login/reset/") == 0
    assert mail.outbox == []
    assert not SignInLink.objects.exists()


def test_requests_for_links_are_counted(ola, sent):
    answers = [Client().post("/login/reset/", {"name": "nix"}) for _ in range(reset.PER_NAME + 1)]
    assert [answer.status_code for answer in answers] == [200] * reset.PER_NAME + [429]
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("missing", ["MAIL_HOST", "BASE_URL"])
def test_without_mail_or_an_address_nothing_is_offered(ola, settings, missing):
    setattr(settings, missing, "")
    assert "/login/reset/" not in Client().get("/login/").text
    assert Client().get("/login/reset/").status_code == 404


@pytest.mark.parametrize(
    ("password", "is_weak"),
    [
        pytest.param("muster2026!", True, id="name of the product"),
        pytest.param("Muster.Admin.2026", True, id="two words"),
        pytest.param("example2026!!", True, id="host"),
        pytest.param("Example-Muster-26", True, id="host and product"),
        pytest.param("muster-has-more-than-a-word", False, id="a sentence"),
        pytest.param(PASSWORD, False, id="no word of ours"),
    ],
)
def test_words_of_the_installation_are_no_passwords(ola, password, is_weak):
    try:
        validate_password(password, ola)
        reasons = set()
    except ValidationError as error:
        reasons = {each.code for each in error.error_list}
    assert ("password_context" in reasons) is is_weak
