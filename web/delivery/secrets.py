"""Secrets of channels, encrypted with keys of their own: the first of MUSTER_DELIVERY_KEY encrypts, all decrypt."""

from hashlib import blake2b

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


class SecretUnreadable(Exception):
    """No key of this installation decrypts it, or there is no key."""

    def __init__(self) -> None:
        super().__init__("The secret cannot be read with MUSTER_DELIVERY_KEY. Enter it again.")


def has_key() -> bool:
    return bool(settings.DELIVERY_KEYS)


def encrypt(plain: str) -> bytes:
    """Raises ImproperlyConfigured without a key; `has_key` tells beforehand."""
    if not has_key():
        raise ImproperlyConfigured("MUSTER_DELIVERY_KEY is not set: it encrypts the secrets of channels.")
    return bytes(_box(settings.DELIVERY_KEYS[0]).encrypt(plain.encode()))


def decrypt(sealed: bytes | memoryview) -> str:
    """Raises SecretUnreadable."""
    for key in settings.DELIVERY_KEYS:
        try:
            return _box(key).decrypt(bytes(sealed)).decode()
        except CryptoError:
            continue
    raise SecretUnreadable


def _box(key: str) -> SecretBox:
    return SecretBox(
        blake2b(key.encode(), digest_size=SecretBox.KEY_SIZE, person=b"muster-delivery").digest()
    )
