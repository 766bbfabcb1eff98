"""Who answers for a token is told before it ends: once 14 days before, and once 3 days before."""

from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

import pytest
from django.core import mail
from django.db import connection

from accounts import token_ends
from accounts.models import Token
from accounts.operations import change_user, create_token
from tests.conftest import NOW
from tests.web.delivery import made
from web.accounts import reminders
from web.audit import AuditEntry
from web.delivery.models import Message, MessageState
from web.tasks import remind_of_tokens

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _mail_server(settings):
    settings.MAIL_HOST, settings.BASE_URL = "mail.example.org", "https://muster.example.org"


@pytest.fixture
def ana(user_of):
    return user_of("ops", username="ana", email="ana@example.org")


@pytest.fixture
def program(user_of, ana):
    return user_of("ops", username="importer", kind="service", owner=ana, purpose="Writes the inventory")


def add_token(user, *, ends_in, life=90, name="nightly", replaces=None):
    token, _ = create_token(
        user=user,
        name=name,
        expires_at=NOW + ends_in * DAY,
        replaces=replaces,
        by=None,
        now=NOW + (ends_in - life) * DAY,
    )
    return token


def remind(days=0):
    return reminders.remind(now=NOW + days * DAY)


def test_the_owner_gets_one_mail_at_each_mark(ana, program):
    token = add_token(program, ends_in=20)
    counts = [remind(day) for day in range(22)]
    assert [day for day, count in enumerate(counts) if count] == [6, 17]
    assert [letter.to for letter in mail.outbox] == [["ana@example.org"]] * 2
    [letter, _] = mail.outbox
    assert letter.subject == "Muster: 1 token ends soon"
    assert f"muster_{token.prefix}" in letter.body
    assert "importer, which you own: Writes the inventory" in letter.body
    assert f"https://muster.example.org/settings/users/{program.pk}/" in letter.body


def test_tokens_of_one_person_are_told_together(ana, program):
    add_token(program, ends_in=10, name="nightly")
    add_token(ana, ends_in=2, name="script")
    assert (remind(), remind()) == (2, 0)
    [letter] = mail.outbox
    assert "2 tokens end soon" in letter.subject
    assert "It is your own token" in letter.body
    # The one that had three days left is told no more, the other once more.
    assert (remind(7), len(mail.outbox)) == (1, 2)


def test_a_channel_of_one_s_own_comes_before_the_address(ana, program):
    made.channel(owner=ana, name="My webhook")
    made.channel(owner=ana, name="A room", is_shared=True)
    add_token(program, ends_in=10)
    assert (remind(), remind(), mail.outbox) == (1, 0, [])
    [message] = Message.objects.all()
    assert (message.channel.name, message.event, message.state) == (
        "My webhook", "token.ending", MessageState.WAITING,
    )  # fmt: skip
    assert message.payload["tokens"][0]["account"] == "importer"


def test_without_a_mail_server_nothing_fails_and_nothing_is_lost(ana, program, settings):
    made.channel(owner=ana, name="My mail", kind="mail", address="ana@example.org")
    add_token(program, ends_in=10)
    settings.MAIL_HOST = ""
    assert (remind(), mail.outbox, Message.objects.count()) == (0, [], 0)
    settings.MAIL_HOST = "mail.example.org"
    assert (remind(), Message.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        pytest.param(SMTPException("not now"), [0, 1], id="not now: it is tried again"),
        pytest.param(SMTPRecipientsRefused({}), [1, 0], id="not this address: not again"),
    ],
)
def test_a_mail_server_that_refuses(ana, program, monkeypatch, error, counts):
    add_token(program, ends_in=10)

    class Refusing:
        def send_messages(self, letters):
            raise error

    with monkeypatch.context() as patched:
        patched.setattr(reminders, "mailers", type("Mailers", (), {"default": Refusing()}))
        first = remind()
    assert [first, remind()] == counts


def test_tokens_are_not_locked_while_the_mail_server_answers(ana, program, monkeypatch):
    token = add_token(program, ends_in=10)
    # A row that is locked names the transaction that locked it.
    lock_of_row = "SELECT xmax::text FROM accounts_token WHERE id = %s"
    locks = []

    class Slow:
        def send_messages(self, letters):
            with connection.cursor() as cursor:
                cursor.execute(lock_of_row, [token.pk])
                locks.append(cursor.fetchone()[0])
            return len(letters)

    monkeypatch.setattr(reminders, "mailers", type("Mailers", (), {"default": Slow()}))
    assert (remind(), locks) == (1, ["0"])


@pytest.mark.parametrize(
    "settle",
    [
        pytest.param(lambda token: Token.objects.filter(pk=token.pk).update(enabled=False), id="revoked"),
        pytest.param(
            lambda token: change_user(token.user, is_active=False, by=None, now=NOW), id="account ended"
        ),
        pytest.param(
            lambda token: change_user(token.user.owner, is_active=False, by=None, now=NOW),
            id="owner has left",
        ),
        pytest.param(lambda token: Token.objects.update(created_at=NOW - 5 * DAY), id="made for one task"),
    ],
)
def test_nobody_is_reminded_of_what_is_settled(ana, program, settle):
    settle(add_token(program, ends_in=10))
    assert (remind(), mail.outbox) == (0, [])


def test_who_replaced_it_is_reminded_only_if_the_program_does_not_use_the_successor(ana, program):
    token = add_token(program, ends_in=10)
    successor = add_token(program, ends_in=80, replaces=token)
    assert (remind(), remind(7)) == (0, 1)
    Token.objects.update(reminded_days=None)
    Token.objects.filter(pk=successor.pk).update(last_used_at=NOW)
    assert remind(7) == 0


def test_a_reminder_is_no_change_of_the_token(ana, program, frozen_now):
    add_token(program, ends_in=10)
    before = AuditEntry.objects.count()
    assert remind_of_tokens() == 1
    assert AuditEntry.objects.count() == before


def test_its_statements_do_not_grow_with_the_tokens(ana, program, django_assert_max_num_queries):
    add_token(program, ends_in=10)
    with django_assert_max_num_queries(12) as few:
        remind()
    Token.objects.update(reminded_days=None)
    for number in range(20):
        add_token(program, ends_in=10, name=f"script {number}")
    with django_assert_max_num_queries(len(few)):
        assert remind() == 21


def test_marks():
    token = Token(expires_at=NOW + 14 * DAY)
    instants = (NOW - DAY, NOW, NOW + 11 * DAY)
    assert [token_ends.days_of_reminder(token, at) for at in instants] == [None, 14, 3]
