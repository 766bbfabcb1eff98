"""Secrets of channels, encrypted with keys of their own: the first of MUSTER_DELIVERY_KEY encrypts, all decrypt.

A model with such secrets names their columns with `register_sealed`, so that a new key reaches all of them.
"""

from hashlib import blake2b

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


class SecretUnreadable(Exception):
    """No key of this installation decrypts it, or there is no key."""

    def __init__(self) -> None:
        super().__init__("The secret cannot be read with MUSTER_DELIVERY_KEY. Enter it again.")


_SEALED: dict[type[Model], tuple[str, ...]] = {}


def register_sealed(model: type[Model], *columns: str) -> None:
    _SEALED[model] = columns


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


@transaction.atomic
def encrypt_anew() -> int:
    """Encrypt all that is stored with the first key of MUSTER_DELIVERY_KEY, so that the others may go; returns how many
    rows have secrets. Raises SecretUnreadable, and then changes nothing."""
    count = 0
    for model, columns in _SEALED.items():
        rows = list(model._base_manager.select_for_update().order_by("pk"))
        sealed_rows = [row for row in rows if any(getattr(row, column) is not None for column in columns)]
        for row in sealed_rows:
            for column in columns:
                if (sealed := getattr(row, column)) is not None:
                    setattr(row, column, encrypt(decrypt(sealed)))
        model._base_manager.bulk_update(sealed_rows, columns, batch_size=500)
        count += len(sealed_rows)
    return count


def _box(key: str) -> SecretBox:
    return SecretBox(
        blake2b(key.encode(), digest_size=SecretBox.KEY_SIZE, person=b"muster-delivery").digest()
    )
