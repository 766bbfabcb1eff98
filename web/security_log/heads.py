"""Heads of batches outside of the database: a file of MUSTER_SECURITY_LOG_DIR with a signed line for each batch.

Whoever changes the database alone leaves a file that contradicts it. Containers share no folder and have no such file.
The worker also logs each line, so that heads leave the machine wherever logs are collected.
"""

import fcntl
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from web.security_log.core.chain import instant_text
from web.security_log.core.verifying import ChainedBatch, HeadOutside, HeadsOutside

_FILE, _LOCK_FILE = "heads.jsonl", "lock"
_BLOCK_BYTES = 1024
"""Bytes that are read at once from the end of the file; a line has some 250."""
MOST_EXPIRED_SHARE = 10
"""One part in so many of the heads may have expired before the file is written anew: a file of five years has more than
a gigabyte."""


class HeadsUnreadable(Exception):
    """The file cannot be read, or a line of it is no head; the message says which."""


def has_folder() -> bool:
    return settings.SECURITY_LOG_DIR is not None


def path() -> Path:
    """The file; there is one if `has_folder()`."""
    return Path(str(settings.SECURITY_LOG_DIR)) / _FILE


def is_here() -> bool:
    """Whether this process sees the folder; another host may not share it."""
    return has_folder() and path().parent.is_dir()


@contextmanager
def lock(*, makes_folder: bool = True) -> Iterator[None]:
    """Keep other processes that share the folder from chaining batches and from changing the file.

    Without a folder that can be written, nothing is locked: batches are chained all the same.
    """
    with ExitStack() as open_files:
        if has_folder():
            with suppress(OSError):
                if makes_folder:
                    path().parent.mkdir(parents=True, exist_ok=True)
                file = open_files.enter_context(path().with_name(_LOCK_FILE).open("ab"))
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def append(batches: Iterable[ChainedBatch]) -> None:
    """Add a line for each batch, and wait until they are on the disk. Text after the last line break is deleted."""
    lines = "".join(f"{head_line(batch)}\n" for batch in batches)
    with open(os.open(path(), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(_end_of_lines(file, file.seek(0, os.SEEK_END)))
        file.seek(0, os.SEEK_END)
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def last_head() -> HeadOutside | None:
    """The head of the last line that ends in a line break; None without one. Raises HeadsUnreadable."""
    if not has_folder():
        return None
    try:
        with path().open("rb") as file:
            end = _end_of_lines(file, file.seek(0, os.SEEK_END))
            file.seek(_end_of_lines(file, max(0, end - 1)))
            line = file.readline(_BLOCK_BYTES) if end else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HeadsUnreadable(f"The heads of the security log cannot be read: {error}.") from error
    return _read_line(line, f"The last line of {path()}") if line else None


def _end_of_lines(file: BinaryIO, before: int) -> int:
    """The position after the last line break of the first `before` bytes; 0 without one."""
    while before > 0:
        begin = max(0, before - _BLOCK_BYTES)
        file.seek(begin)
        if (line_break := file.read(before - begin).rfind(b"\n")) >= 0:
            return begin + line_break + 1
        before = begin
    return 0


def read_heads(file: Path | None = None) -> HeadsOutside:
    """The heads of the file, or of a copy of it. Raises OSError for a copy that is not there."""
    if file is None and not (has_folder() and path().exists()):
        return HeadsOutside()
    heads, unreadable_lines = [], []
    with (file or path()).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                heads.append(_read_line(line, "The line"))
            except HeadsUnreadable:
                unreadable_lines.append(number)
    return HeadsOutside(tuple(heads), tuple(unreadable_lines))


def sign_anew() -> None:
    """Sign the heads with the present key.

    A line that cannot be read, or that no key signed, stays as it is, so that it is seen.
    """
    if has_folder() and path().exists():
        with path().open("rb") as lines, _new_file() as file:
            file.writelines(map(_sign_line_anew, lines))


def drop_before(first: int) -> None:
    """Leave out the heads of batches before `first`, once they are a tenth of those that stay; until then it takes a
    look at the first line and the last one.

    A line that cannot be read stays, so that it is seen; while it is the last one, nothing is left out.
    """
    try:
        last = last_head()
    except HeadsUnreadable:
        return
    if last is None:
        return
    with path().open("rb") as lines:
        expired = first - _number_of_line(lines.readline(), first)
        if expired * MOST_EXPIRED_SHARE < last.number - first + 1:
            return
        lines.seek(0)
        with _new_file() as file:
            for line in lines:
                if _number_of_line(line, 0) >= first:
                    file.write(line)
                    break
                if not _number_of_line(line, 0):
                    file.write(line)
            shutil.copyfileobj(lines, file)


@contextmanager
def _new_file() -> Iterator[BinaryIO]:
    """A file that takes the place of the present one once it is written."""
    new_path = path().with_suffix(".new")
    with open(os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    new_path.replace(path())


def _number_of_line(line: bytes, otherwise: int) -> int:
    """The number of its batch; `otherwise` if it is no head."""
    try:
        return _read_line(line, "A line").number
    except HeadsUnreadable:
        return otherwise


def checkpoint_text(number: int, head: bytes, dropped_at: datetime) -> str:
    """The text that the signature of a checkpoint covers."""
    return f"dropped up to batch {number}, head {head.hex()}, at {instant_text(dropped_at)}"


def sign(text: str) -> str:
    """An HMAC-SHA256 in hex, keyed by the signing key for this purpose alone."""
    return _signature(text, settings.SECRET_KEY)


def is_signed(text: str, signature: str) -> bool:
    """Whether the present signing key or one of the former ones made the signature."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    # Only ASCII can be compared as text, and anybody may have written the signature.
    signature_bytes = signature.encode(errors="replace")
    return any(hmac.compare_digest(_signature(text, key).encode(), signature_bytes) for key in keys)


def _signature(text: str, key: str) -> str:
    own_key = hashlib.blake2b(key.encode(), digest_size=32, person=b"muster-seclog").digest()
    return hmac.digest(own_key, text.encode(), hashlib.sha256).hex()


def head_line(batch: ChainedBatch) -> str:
    content = {
        "batch": batch.number,
        "chained_at": instant_text(batch.chained_at),
        "events": batch.events,
        "head": batch.head.hex(),
    }
    return _sign_line(content)


def _sign_line_anew(line: bytes) -> bytes:
    try:
        is_signed_by_us = _read_line(line, "A line").is_signed
    except HeadsUnreadable:
        return line
    if not is_signed_by_us:
        return line
    content = {name: value for name, value in json.loads(line).items() if name != "signature"}
    return f"{_sign_line(content)}\n".encode()


def _sign_line(content: dict[str, object]) -> str:
    return _json(content | {"signature": sign(_json(content))})


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, separators=(",", ":"))


def _read_line(line: bytes, name: str) -> HeadOutside:
    try:
        content = json.loads(line)
        signature = content.pop("signature", "")
        return HeadOutside(
            int(content["batch"]), bytes.fromhex(content["head"]), is_signed(_json(content), str(signature))
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise HeadsUnreadable(f"{name} is no head of the security log.") from error
