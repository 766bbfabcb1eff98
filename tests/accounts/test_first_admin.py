"""The one-time link that makes the first administrator."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.operations import change_user, create_user
from tests.conftest import NOW, PASSWORD

GIVEN = {"username": "root-admin", "email": "", "password": PASSWORD, "password_again": PASSWORD}


def link(capsys):
    call_command("first_admin_link", "--base-url", "http://testserver/")
    printed = capsys.readouterr().out
    return printed.split()[-1].removeprefix("http://testserver") if printed else None


@pytest.fixture
def address(db, frozen_now, capsys):
    return link(capsys)


def test_one_line_with_the_address_is_printed(db, capsys):
    call_command("first_admin_link", "--base-url", "http://127.0.0.1:8123")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].split()[-1].startswith("http://127.0.0.1:8123/first-admin/")


def test_nothing_is_printed_when_there_is_an_administrator(admin, capsys):
    assert link(capsys) is None


def test_a_user_whom_nobody_administers_is_no_reason_to_print_nothing(db, capsys):
    create_user(username="machine", role="ops", by=None, now=NOW)
    assert link(capsys) is not None


def test_the_link_makes_an_administrator_and_signs_in(address):
    client = Client()
    assert "Make the first administrator" in client.get(address).content.decode()
    answer = client.post(address, GIVEN)
    assert answer["Location"] == "/"
    assert User.objects.get().is_superuser
    assert client.get("/settings/users/").status_code == 200


def test_looking_at_the_page_uses_nothing_up(address):
    for _ in range(3):
        assert Client().get(address).status_code == 200
    assert Client().head(address).status_code == 200
    assert Client().post(address, GIVEN).status_code == 302


def test_the_link_works_once(address):
    Client().post(address, GIVEN)
    for answer in (Client().get(address), Client().post(address, GIVEN | {"username": "second"})):
        assert answer.status_code == 410
        assert "This link no longer works" in answer.content.decode()
    assert User.objects.count() == 1


def test_the_link_ends_after_a_day(address, frozen_now):
    frozen_now.move(hours=24)
    assert Client().get(address).status_code == 410


def test_a_newer_link_ends_the_one_before(address, capsys):
    newer = link(capsys)
    assert Client().get(address).status_code == 410
    assert Client().get(newer).status_code == 200


def test_a_link_ends_once_there_is_an_administrator(address, admin):
    assert Client().post(address, GIVEN).status_code == 410


def test_links_of_an_earlier_time_do_not_open_again_when_administrators_go(address, frozen_now, capsys):
    Client().post(address, GIVEN)
    User.objects.update(is_superuser=False)
    assert Client().get(address).status_code == 410
    assert Client().get(link(capsys)).status_code == 200


@pytest.mark.parametrize("secret", ["x", "../settings", "%00", "é" * 40, "a" * 3000])
def test_a_guessed_secret_is_spent(db, secret):
    assert Client().get(f"/first-admin/{secret}/").status_code in (404, 410)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"password_again": "something else"}, "The two passwords differ."),
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"username": "not a name"}, "Enter a valid username"),
        ({"username": ""}, "Enter the username."),
    ],
)
def test_a_bad_form_says_why_and_uses_nothing_up(address, given, reason):
    answer = Client().post(address, GIVEN | given)
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert Client().post(address, GIVEN).status_code == 302


def test_a_name_that_is_taken_uses_nothing_up(address):
    create_user(username="root-admin", role="ops", by=None, now=NOW)
    answer = Client().post(address, GIVEN)
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()
    assert Client().post(address, GIVEN | {"username": "other"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins(capsys):
    address = link(capsys)
    ready, answers = threading.Barrier(2), []

    def post(number):
        try:
            ready.wait(timeout=60)
            answers.append(Client().post(address, GIVEN | {"username": f"admin-{number}"}).status_code)
        finally:
            connection.close()

    both = [threading.Thread(target=post, args=[number]) for number in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(timeout=30)
    assert sorted(answers) == [302, 410]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_demote_each_other_at_once_leave_one():
    for name in ("first", "second"):
        create_user(username=name, password=PASSWORD, role="admin", by=None, now=NOW)
    pairs = [
        (User.objects.get(username=user), User.objects.get(username=by))
        for user, by in (("first", "second"), ("second", "first"))
    ]
    ready, refused = threading.Barrier(2), []

    def demote(user, by):
        try:
            ready.wait(timeout=60)
            change_user(user, role="viewer", by=by, now=NOW)
        except Exception as error:
            refused.append(str(error))
        finally:
            connection.close()

    both = [threading.Thread(target=demote, args=pair) for pair in pairs]
    for each in both:
        each.start()
    for each in both:
        each.join(timeout=30)
    assert refused == ["This is the last administrator who sees all sites. Make another administrator first."]
    assert User.objects.filter(is_superuser=True).count() == 1
