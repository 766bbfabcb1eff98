"""The sealed file of a backup: frames that are compressed, encrypted and bound to each other.

A file begins with a header in the clear, which holds what the passphrase needs to open it. Each frame is encrypted by
libsodium's secret stream (XChaCha20-Poly1305) with a key made for this file alone, which is sealed for the public key
of the installation. So Muster writes backups without the passphrase, and nothing on its disk opens them. The last frame
is marked: a file that was cut, altered or put together from two is refused.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import cramjam
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.pwhash import argon2id

MAGIC = b"muster backup 1\n"
DOCUMENT, DATA = b"J", b"D"
FRAME_BYTES = 1024 * 1024
# What compression and encryption add to a frame that does not compress is far below that.
MOST_FRAME_BYTES = 2 * FRAME_BYTES
MOST_HEADER_BYTES = 4096
# What libsodium calls moderate: 0.3 s and 256 MiB for one try of a passphrase (RFC 9106 for Argon2id).
OPERATIONS, MEMORY_BYTES = argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE
MOST_OPERATIONS, MOST_MEMORY_BYTES = 16, 1024**3
SHORTEST_PASSPHRASE = 12
_LAST = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MORE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_STREAM_HEADER_BYTES = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES

WRONG_PASSPHRASE = "The passphrase does not open this backup, or the beginning of the file was altered."
CUT = "The backup is cut short: its end is missing."
ALTERED = "The backup was altered or is damaged: a part of it does not fit the rest."
NO_BACKUP = "The file is not a backup of Muster, or its beginning was altered."


class BackupRefused(Exception):
    """The file cannot be used; the message says why."""


@dataclass(frozen=True)
class BackupKey:
    """The public half of the key that a passphrase gives, and how to compute it again (hexadecimal). It seals backups
    and opens none."""

    public: str
    salt: str
    operations: int
    memory_bytes: int

    @classmethod
    def read(cls, path: Path) -> "BackupKey | None":
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise BackupRefused(f"{path} cannot be read. Delete it, and choose a passphrase again.") from None


def make_key(passphrase: str, *, operations: int = OPERATIONS, memory_bytes: int = MEMORY_BYTES) -> BackupKey:
    """Raises BackupRefused for a passphrase that is too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BackupRefused(f"The passphrase needs {SHORTEST_PASSPHRASE} characters or more.")
    salt = secrets.token_bytes(argon2id.SALTBYTES).hex()
    private = _private_key(passphrase, salt, operations, memory_bytes)
    return BackupKey(bytes(private.public_key).hex(), salt, operations, memory_bytes)


def opens(key: BackupKey, passphrase: str) -> bool:
    private = _private_key(passphrase, key.salt, key.operations, key.memory_bytes)
    return bytes(private.public_key).hex() == key.public


def write_key(key: BackupKey, path: Path) -> None:
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(json.dumps(asdict(key)))
    part.rename(path)


@lru_cache(maxsize=8)  # a restore opens hundreds of files by one passphrase
def _private_key(passphrase: str, salt: str, operations: int, memory_bytes: int) -> PrivateKey:
    return PrivateKey(
        argon2id.kdf(
            PrivateKey.SIZE,
            passphrase.encode(),
            bytes.fromhex(salt),
            opslimit=operations,
            memlimit=memory_bytes,
        )
    )


class SealedWriter:
    """Writes frames to `out`. `data` takes pieces of any length; without `end` the file is refused as cut."""

    def __init__(self, out: IO[bytes], key: BackupKey) -> None:
        self._out = out
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        file_key = secrets.token_bytes(bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES)
        sealed = SealedBox(PublicKey(bytes.fromhex(key.public))).encrypt(file_key)
        derivation = {name: getattr(key, name) for name in ("salt", "operations", "memory_bytes")}
        header = json.dumps({**derivation, "key": sealed.hex()}).encode()
        self._bound_to = sha256(header).digest()
        out.write(MAGIC + len(header).to_bytes(4) + header)
        out.write(bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, file_key))
        self._waiting = bytearray()

    def document(self, content: dict[str, Any]) -> None:
        self._frame(DOCUMENT, json.dumps(content).encode(), _MORE)

    def data(self, piece: bytes) -> None:
        self._waiting += piece
        while len(self._waiting) >= FRAME_BYTES:
            self._frame(DATA, bytes(self._waiting[:FRAME_BYTES]), _MORE)
            del self._waiting[:FRAME_BYTES]

    def end(self, content: dict[str, Any]) -> None:
        if self._waiting:
            self._frame(DATA, bytes(self._waiting), _MORE)
            self._waiting.clear()
        self._frame(DOCUMENT, json.dumps(content).encode(), _LAST)

    def _frame(self, kind: bytes, content: bytes, tag: int) -> None:
        plain = kind + bytes(cramjam.zstd.compress(content, level=3))
        frame = bindings.crypto_secretstream_xchacha20poly1305_push(self._state, plain, self._bound_to, tag)
        self._out.write(len(frame).to_bytes(4) + frame)


def read_frames(source: IO[bytes], passphrase: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each frame. Raises BackupRefused, at the latest where the file is cut or altered."""
    file_key, bound_to = _open_header(source, passphrase)
    stream_header = source.read(_STREAM_HEADER_BYTES)
    if len(stream_header) < _STREAM_HEADER_BYTES:
        raise BackupRefused(CUT)
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, stream_header, file_key)
    tag = _MORE
    while tag != _LAST:
        frame = _read_frame(source)
        try:
            plain, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, frame, bound_to)
        except CryptoError:
            raise BackupRefused(ALTERED) from None
        if tag == _LAST and source.read(1):
            raise BackupRefused(ALTERED)
        yield plain[:1], bytes(cramjam.zstd.decompress(plain[1:]))


def _open_header(source: IO[bytes], passphrase: str) -> tuple[bytes, bytes]:
    """The key of the file, and what its frames are bound to."""
    if source.read(len(MAGIC)) != MAGIC:
        raise BackupRefused(NO_BACKUP)
    length = int.from_bytes(source.read(4))
    header = source.read(length) if length <= MOST_HEADER_BYTES else b""
    try:
        fields = json.loads(header)
        operations, memory_bytes = int(fields["operations"]), int(fields["memory_bytes"])
        if not (operations <= MOST_OPERATIONS and memory_bytes <= MOST_MEMORY_BYTES):
            raise BackupRefused(NO_BACKUP)
        private = _private_key(passphrase, fields["salt"], operations, memory_bytes)
        return SealedBox(private).decrypt(bytes.fromhex(fields["key"])), sha256(header).digest()
    except CryptoError:
        raise BackupRefused(WRONG_PASSPHRASE) from None
    except (ValueError, KeyError, TypeError):
        raise BackupRefused(NO_BACKUP) from None


def _read_frame(source: IO[bytes]) -> bytes:
    start = source.read(4)
    length = int.from_bytes(start)
    if len(start) < 4:
        raise BackupRefused(CUT)
    if length > MOST_FRAME_BYTES:
        raise BackupRefused(ALTERED)
    frame = source.read(length)
    if len(frame) < length:
        raise BackupRefused(CUT)
    return frame
