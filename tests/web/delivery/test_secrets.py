"""Secrets at rest: which key encrypts, which decrypt, and how one replaces another."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from config import env
from tests.web.delivery.made import channel
from web.delivery.models import Channel
from web.delivery.secrets import SecretUnreadable, decrypt, encrypt

FIRST, SECOND, THIRD = ("a" * 32, "b" * 32, "c" * 32)


def test_what_is_stored_says_nothing(settings):
    settings.DELIVERY_KEYS = [FIRST]
    sealed = encrypt("whsec_hidden")
    assert b"hidden" not in sealed
    assert encrypt("whsec_hidden") != sealed
    assert decrypt(memoryview(sealed)) == "whsec_hidden"


def test_all_keys_decrypt_and_the_first_encrypts(settings):
    settings.DELIVERY_KEYS = [FIRST]
    old = encrypt("x")
    settings.DELIVERY_KEYS = [SECOND, FIRST]
    new = encrypt("x")
    assert decrypt(old) == decrypt(new) == "x"
    settings.DELIVERY_KEYS = [SECOND]
    assert decrypt(new) == "x"
    with pytest.raises(SecretUnreadable):
        decrypt(old)


def test_what_was_changed_is_not_read(settings):
    settings.DELIVERY_KEYS = [FIRST]
    sealed = bytearray(encrypt("x"))
    sealed[-1] ^= 1
    with pytest.raises(SecretUnreadable):
        decrypt(bytes(sealed))


def test_a_key_that_could_be_guessed_is_refused_without_repeating_it(monkeypatch):
    monkeypatch.setenv("MUSTER_DELIVERY_KEY", f"{FIRST},hunter2")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.keys("MUSTER_DELIVERY_KEY", "a key")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.django_db
def test_a_key_is_replaced(settings):
    settings.DELIVERY_KEYS = [FIRST]
    made = channel(
        kind="webhook",
        address="https://example.org",
        target=encrypt("https://example.org/"),
        secret=encrypt("s"),
    )
    channel()
    settings.DELIVERY_KEYS = [THIRD]
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rotate_keys")
    settings.DELIVERY_KEYS = [SECOND, FIRST]
    call_command("rotate_keys")
    settings.DELIVERY_KEYS = [SECOND]
    stored = Channel.objects.get(pk=made.pk)
    assert (decrypt(stored.target), decrypt(stored.secret), stored.next_secret) == (
        "https://example.org/",
        "s",
        None,
    )
