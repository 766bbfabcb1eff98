"""Tokens are hashed without a key; those that an earlier release hashed with the signing key work on."""

import pytest
from django.core.management import call_command

from accounts.models import Token
from accounts.operations import authenticate_token, create_token, digest_of
from tests.conftest import NOW

OLD, NEW = "the signing key of before", "the signing key of today"


@pytest.fixture
def keyed_token(ops, settings):
    """A token as an earlier release stored it, and its secret."""
    settings.SECRET_KEY = OLD
    token, plain = create_token(user=ops, name="nightly", by=None, now=NOW)
    Token.objects.filter(pk=token.pk).update(digest=digest_of(plain), is_keyed=True)
    return token, plain


def test_a_token_outlives_the_signing_key(ops, settings):
    settings.SECRET_KEY = OLD
    token, plain = create_token(user=ops, name="nightly", by=None, now=NOW)
    settings.SECRET_KEY = NEW
    assert authenticate_token(plain, now=NOW) == token
    assert authenticate_token(f"{plain}x", now=NOW) is None


@pytest.mark.parametrize("fallbacks", [[], [OLD]], ids=["the same key", "a replaced key"])
def test_the_next_use_of_a_keyed_token_hashes_it_anew(keyed_token, settings, fallbacks):
    token, plain = keyed_token
    if fallbacks:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, fallbacks
    assert authenticate_token(plain, now=NOW) == token
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a third key", []
    assert authenticate_token(plain, now=NOW) == token
    assert not Token.objects.get(pk=token.pk).is_keyed


def test_a_keyed_token_with_another_secret_or_key_is_refused(keyed_token, settings):
    token, plain = keyed_token
    assert authenticate_token(f"{plain}x", now=NOW) is None
    settings.SECRET_KEY = NEW
    assert authenticate_token(plain, now=NOW) is None
    assert Token.objects.get(pk=token.pk).is_keyed


def test_rotating_keys_says_how_many_tokens_depend_on_an_old_one(keyed_token, settings, capsys):
    call_command("rotate_keys")
    assert "1 token was not used since" in capsys.readouterr().out
    authenticate_token(keyed_token[1], now=NOW)
    call_command("rotate_keys")
    assert "not used since" not in capsys.readouterr().out
