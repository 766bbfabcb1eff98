"""The buffer on disk: bodies in the order in which they came, in segments that are only appended to.

Once `append` returns, the body outlasts the process and the machine. What a crash cut in half at the end of the
newest segment is removed at the next start. A segment is deleted once all of it is taken, or when the buffer is larger
than it may be: then the oldest goes first. Age deletes nothing: a clock that jumps ahead would make everything old. A
body is delivered at least once, and the same bytes each time.
"""

import errno
import fcntl
import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent.documents import sync_folder

log = logging.getLogger(__name__)

_MAGIC = b"MAB2"
# Magic, bytes of the body, samples in it; then the CRC of these and of the body.
_HEAD = struct.Struct("<4sII")
_CRC = struct.Struct("<I")
_OVERHEAD = _HEAD.size + _CRC.size
SEGMENT_BYTES = 8 * 1024 * 1024
_SUFFIX = ".segment"


class BufferInUse(Exception):
    """Another agent has this folder."""


@dataclass(frozen=True, slots=True)
class BufferedBody:
    """`segment` and `end` say where the next one begins."""

    body: bytes
    samples: int
    segment: int
    end: int


@dataclass(slots=True)
class BufferSegment:
    """A file of the buffer, and the bytes in it."""

    number: int
    size: int = 0


@dataclass(slots=True)
class BufferLosses:
    """Losses since the buffer was opened: samples that had no space any more, and bytes that were damaged."""

    samples_without_space: int = 0
    damaged_bytes: int = 0


class DiskBuffer:
    def __init__(self, folder: Path, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open the folder, or make it. Raises OSError, and BufferInUse."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        self.losses = BufferLosses()
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise BufferInUse(f"{folder} belongs to another agent that runs") from error
        numbers = sorted(int(path.stem) for path in folder.glob(f"[0-9]*{_SUFFIX}"))
        # The next body begins in the first of these, at the offset.
        self._segments = [self._measure(number, is_last=number == numbers[-1]) for number in numbers]
        self._offset = 0
        if not self._segments:
            self._segments.append(BufferSegment(1))
        self._go_to_place()
        self._file = self._open_last()

    def close(self) -> None:
        self._file.close()
        self._lock.close()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self._segments)

    @property
    def waiting_bytes(self) -> int:
        return self.size - self._offset

    def append(self, body: bytes, *, samples: int) -> None:
        """Write a body. Raises OSError, after which the buffer is as before."""
        segment = self._segments[-1]
        if segment.size >= self._segment_bytes:
            self._begin_segment()
            segment = self._segments[-1]
        head = _HEAD.pack(_MAGIC, len(body), samples)
        record = head + _CRC.pack(zlib.crc32(body, zlib.crc32(head))) + body
        try:
            if self._file.write(record) < len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), segment.size)
            raise
        segment.size += len(record)
        self._make_space()

    def _begin_segment(self) -> None:
        full_file = self._file
        self._segments.append(BufferSegment(self._segments[-1].number + 1))
        try:
            self._file = self._open_last()
        except OSError:
            self._segments.pop()
            raise
        full_file.close()

    def oldest(self) -> BufferedBody | None:
        """The body to deliver next."""
        while True:
            segment = self._segments[0]
            body = next(self._bodies(segment.number, self._offset), None)
            if body is not None:
                return body
            self.losses.damaged_bytes += segment.size - self._offset
            if len(self._segments) == 1:
                self._offset = segment.size
                return None
            self._begin_at(self._segments[1].number, 0)

    def remove(self, body: BufferedBody) -> None:
        """Go on behind a body that was delivered. After a crash it may come out again."""
        # Its segment may have been deleted meanwhile, to make space.
        if body.segment == self._segments[0].number:
            self._begin_at(body.segment, body.end)

    def _make_space(self) -> None:
        while len(self._segments) > 1 and self.size > self._max_bytes:
            waiting_bodies = self._bodies(self._segments[0].number, self._offset)
            self.losses.samples_without_space += sum(each.samples for each in waiting_bodies)
            self._begin_at(self._segments[1].number, 0)

    def _begin_at(self, number: int, offset: int) -> None:
        """Let the next body begin there, and delete the segments before it."""
        self._offset = offset
        place = self._folder / "place.json"
        new_place = place.with_suffix(".new")
        # Without it some bodies are delivered again after a crash. On a full disk segments still have to go.
        try:
            new_place.write_text(json.dumps({"segment": number, "offset": offset}))
            new_place.replace(place)
        except OSError as error:
            log.error("%s cannot be written: %s", place, error.strerror)
        self._delete_before(number)

    def _delete_before(self, number: int) -> None:
        while self._segments[0].number < number:
            self._path(self._segments.pop(0).number).unlink(missing_ok=True)

    def _go_to_place(self) -> None:
        """Go to where the next body begins; where that is not on record, to the oldest."""
        try:
            place = json.loads((self._folder / "place.json").read_text())
            number, offset = int(place["segment"]), int(place["offset"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        if number in [segment.number for segment in self._segments]:
            self._delete_before(number)
            # The segment is shorter where its damaged end was cut.
            self._offset = min(max(offset, 0), self._segments[0].size)

    def _measure(self, number: int, *, is_last: bool) -> BufferSegment:
        """Read a segment once; the newest one is cut where its last whole body ends."""
        path = self._path(number)
        size = path.stat().st_size
        segment = BufferSegment(number)
        for body in self._bodies(number, 0):
            segment.size = body.end
        if is_last and segment.size < size:
            self.losses.damaged_bytes += size - segment.size
            os.truncate(path, segment.size)
        else:
            segment.size = size
        return segment

    def _bodies(self, number: int, offset: int) -> Iterator[BufferedBody]:
        """The whole bodies from an offset on, as far as nothing is damaged."""
        try:
            file = self._path(number).open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(offset)
            while len(head := file.read(_OVERHEAD)) == _OVERHEAD:
                magic, length, samples = _HEAD.unpack_from(head)
                if magic != _MAGIC:
                    return
                body = file.read(length)
                if (
                    len(body) < length
                    or zlib.crc32(body, zlib.crc32(head[: _HEAD.size])) != _CRC.unpack(head[_HEAD.size :])[0]
                ):
                    return
                offset += _OVERHEAD + length
                yield BufferedBody(body, samples, number, offset)

    def _open_last(self) -> IO[bytes]:
        path = self._path(self._segments[-1].number)
        is_new = not path.exists()
        file = path.open("ab", buffering=0)
        if is_new:
            # So that a crash of the machine does not lose the file's name.
            sync_folder(self._folder)
        return file

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:020}{_SUFFIX}"
