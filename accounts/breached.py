"""Search a list of breached passwords: sorted lines of a SHA-1 digest in hexadecimal, with or without `:` and a count.

The usual list has a billion lines, so nothing of it is kept in memory: a search reads some forty lines.
"""

import re
from bisect import bisect_left
from hashlib import sha1
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

_LINE = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\r?\n?")
_LONGEST_LINE = 100
# Follows every digest.
_END = b"G"
_INSPECTED_LINES = 64


def is_breached(password: str, path: Path) -> bool:
    """Raises OSError if the list cannot be read."""
    digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        positions = range(_size(file))
        position = bisect_left(positions, digest, key=lambda each: _digest(_line(file, each)))
        return _digest(_line(file, position)) == digest


def refuse_other_files(path: Path) -> None:
    """Raise ValueError if some lines are no digests, or not in order, and OSError if the file cannot be read."""
    with path.open("rb") as file:
        size = _size(file)
        lines = [_line(file, size * part // _INSPECTED_LINES) for part in range(_INSPECTED_LINES)]
        file.seek(max(0, size - _LONGEST_LINE))
        lines += file.read().splitlines()[-1:]
    if not size:
        raise ValueError("the file is empty")
    lines = [line for line in lines if line]
    for line in lines:
        if not _LINE.fullmatch(line):
            raise ValueError(
                f"the line {line[:60]!r} is not a SHA-1 digest of 40 characters, with or without a count"
            )
    if any(_digest(line) > _digest(after) for line, after in pairwise(lines)):
        raise ValueError("the lines are not sorted by digest")


def _line(file: BinaryIO, position: int) -> bytes:
    """The first line that begins at a position or after it; empty at the end of the file."""
    file.seek(max(0, position - 1))
    if position:
        file.readline(_LONGEST_LINE)
    return file.readline(_LONGEST_LINE)


def _digest(line: bytes) -> bytes:
    return line[:40].upper() or _END


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)
